// SPDX-License-Identifier: Apache-2.0
// narthex check config FILE... | web-config FILE... | healthy | ready
#include "cli/cli.hpp"
#include "cli/server_call.hpp"
#include "cli/service_environment.hpp"
#include "cli/tool.hpp"
#include "cli/tool_host.hpp"
#include "config/components.hpp"
#include "config/web_section.hpp"
#include "host/request_of.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::cli {

namespace {

using document::Finding;

// What the schemas of the plugins say about their parts of the configuration.
class PluginCheck {
 public:
  PluginCheck(host::PluginHost& plugins, std::vector<Finding>& findings)
      : plugins_(plugins), findings_(findings) {}

  void check(const config::Config& config) {
    config::for_each_component(
        config, [&](std::string_view interface_id, std::string_view kind, const auto& options) {
          const std::string name = std::string(kind) + '.' + options.plugin;
          const std::size_t before = findings_.size();
          const Status status =
              plugins_.check(host::request_of(interface_id, kind, options, name), findings_);
          if (!status.ok() && findings_.size() == before) {
            findings_.push_back(options.document->finding(options.config, status.message()));
          }
        });
  }

 private:
  host::PluginHost& plugins_;
  std::vector<Finding>& findings_;
};

// Says what only the service can judge, and takes it out of the findings.
void tell_beyond(const ServiceEnvironment& environment, std::vector<Finding>& findings) {
  if (!environment.assumed()) return;
  std::fprintf(stderr, "note: %s\n", environment.note().c_str());
  std::vector<Finding> beyond;
  std::erase_if(findings, [&](const Finding& finding) {
    if (!environment.is_beyond(finding)) return false;
    beyond.push_back(finding);
    return true;
  });
  if (!beyond.empty()) std::fprintf(stderr, "%s\n", document::render(beyond).c_str());
}

bool check_file(const std::string& file, const CheckConfigOptions& options) {
  const char* shown = file.empty() ? "the embedded default" : file.c_str();
  std::printf("Checking %s\n", shown);
  config::CommandLine command_line;
  command_line.config_file = file;
  if (options.agent) command_line.flags.emplace_back("agent", "true");
  std::vector<Finding> findings;
  ServiceEnvironment environment;
  const std::shared_ptr<const config::Config> config =
      config::load(command_line, findings, environment.lookup());
  if (config != nullptr && !options.syntax_only) {
    std::vector<std::string> folders = options.plugin_dirs;
    folders.insert(folders.end(), config->plugin_dirs.begin(), config->plugin_dirs.end());
    ToolHost tool(std::move(folders));
    tool.plugins().configure(config->plugins);
    PluginCheck(tool.plugins(), findings).check(*config);
  }
  if (config != nullptr && !config->warnings.empty()) {
    std::fprintf(stderr, "%s\n", document::render(config->warnings).c_str());
  }
  tell_beyond(environment, findings);
  if (!findings.empty()) {
    std::fprintf(stderr, "%s\n", document::render(findings).c_str());
    std::printf(" FAILED: %s has %zu error%s\n\n", shown, findings.size(),
                findings.size() == 1 ? "" : "s");
    return false;
  }
  if (config == nullptr) {
    std::printf(" SUCCESS: %s has no errors as far as can be seen without the service\n\n", shown);
    return true;
  }
  std::printf(" SUCCESS: %s is valid prometheus config file syntax\n\n", shown);
  return true;
}

}  // namespace

int check_config(const CheckConfigOptions& options) {
  bool good = true;
  for (const std::string& file :
       options.files.empty() ? std::vector<std::string>{""} : options.files) {
    good &= check_file(file, options);
  }
  return good ? kGood : kFindings;
}

int check_web_config(const std::vector<std::string>& files) {
  bool good = true;
  for (const std::string& file : files) {
    net::WebOptions web;
    std::vector<Finding> findings, warnings;
    ServiceEnvironment environment;
    (void)config::load_web_file(file, web, findings, warnings, environment.lookup());
    tell_beyond(environment, findings);
    const bool usable = findings.empty();
    if (!warnings.empty()) std::fprintf(stderr, "%s\n", document::render(warnings).c_str());
    if (usable) {
      std::printf("%s SUCCESS\n", file.c_str());
    } else {
      std::fprintf(stderr, "%s FAILED: %s\n", file.c_str(), document::render(findings).c_str());
    }
    good &= usable;
  }
  return good ? kGood : kFindings;
}

int check_health(const ServerOptions& options, const std::string& what) {
  const ServerAnswer answer = call_server(options, "GET", "/-/" + what);
  if (answer.exit_code != kGood) return answer.exit_code;
  if (answer.status == 200) {
    std::fputs(answer.body.c_str(), stdout);
    return kGood;
  }
  std::fprintf(stderr, "narthex: not %s: HTTP status %d\n%s", what.c_str(), answer.status,
               answer.body.c_str());
  return kFailure;
}

}  // namespace narthex::cli
