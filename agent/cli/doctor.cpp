// SPDX-License-Identifier: Apache-2.0
// narthex doctor: what would keep an agent of this configuration from working well here, and what
// to do about it. Exit status 3 when there is a fault; warnings alone are 0.
#include "cli/cli.hpp"
#include "cli/doctor_checks.hpp"
#include "cli/service_environment.hpp"
#include "cli/text_table.hpp"
#include "cli/tool.hpp"
#include "cli/tool_host.hpp"
#include "config/config.hpp"
#include "host/plugin_host.hpp"
#include "runtime/control_socket.hpp"

#include <narthex/sdk/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>

namespace narthex::cli {

namespace {

constexpr std::int64_t kAskTimeMs = 5'000;

const char* word_of(Health health) {
  switch (health) {
    case Health::kHealthy:
      return "good";
    case Health::kNote:
      return "note";
    case Health::kWarning:
      return "warning";
    case Health::kFault:
      return "fault";
  }
  return "";
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::shared_ptr<const config::Config> check_configuration(const DoctorOptions& options,
                                                          Diagnoses& out) {
  config::CommandLine line;
  line.config_file = options.config_file;
  if (!options.data_dir.empty()) line.flags.emplace_back("data", options.data_dir);
  std::vector<document::Finding> findings;
  ServiceEnvironment environment;
  auto config = config::load(line, findings, environment.lookup());
  if (environment.assumed()) {
    out.push_back({Health::kNote, "credentials", environment.note(),
                   "`narthex reload` has the service that runs judge it"});
  }
  const std::string shown =
      options.config_file.empty() ? "the embedded default" : options.config_file;
  for (const document::Finding& finding : findings) {
    const bool beyond = environment.is_beyond(finding);
    out.push_back({beyond ? Health::kNote : Health::kFault, "config",
                   first_line(document::render(finding)), finding.hint});
  }
  if (config == nullptr) return nullptr;
  for (const document::Finding& warning : config->warnings) {
    out.push_back({Health::kWarning, "config", first_line(document::render(warning)), ""});
  }
  out.push_back({Health::kHealthy, "config", shown + " is valid", ""});
  const bool has_secrets = config->prometheus_yaml.find("<secret>") != std::string::npos;
  check_secrecy(options.config_file, has_secrets, out);
  check_secrecy(config->http.web_config_file, !config->http.web.users.empty(), out);
  return config;
}

void check_plugins(const DoctorOptions& options, const config::Config& config, Diagnoses& out) {
  std::vector<std::string> folders = options.plugin_dirs;
  folders.insert(folders.end(), config.plugin_dirs.begin(), config.plugin_dirs.end());
  ToolHost tool(std::move(folders));
  tool.plugins().load_everything();
  const host::HostView view = tool.plugins().view();
  for (const auto& rejected : view.rejected) {
    out.push_back({Health::kFault, "plugins", rejected.reason,  // it begins with the file
                   "`narthex plugin check " + rejected.file + "` says more"});
  }
  if (view.libraries.empty()) {
    out.push_back({Health::kFault, "plugins", "there are none",
                   "install them beside the program (../lib/narthex/plugins), or name their "
                   "folder with --plugin-dir"});
  } else {
    out.push_back({Health::kHealthy, "plugins",
                   std::to_string(view.libraries.size()) + " can be loaded", ""});
  }
}

struct RunningAgent {
  pid_t pid = 0;  // 0: none
  std::string url;
};

RunningAgent ask_running(const std::string& data_dir) {
  RunningAgent agent;
  const auto answer = runtime::ask_agent(data_dir, "status", kAskTimeMs);
  if (!answer.ok()) return agent;
  const auto value = [&](const std::string& key) {
    const std::size_t at = answer->find(key + ' ');
    return at == std::string::npos ? std::string()
                                   : first_line(answer->substr(at + key.size() + 1));
  };
  const std::string pid = value("pid");
  std::from_chars(pid.data(), pid.data() + pid.size(), agent.pid);
  agent.url = value("url");
  return agent;
}

std::string to_json(const Diagnoses& all) {
  std::string out = "[";
  for (const Diagnosis& each : all) {
    const auto field = [&](const char* name, const std::string& text) {
      out += std::string(out.back() == '{' ? "" : ",") + '"' + name + "\":";
      sdk::append_json_text(out, text);
    };
    out += out.size() == 1 ? "\n{" : ",\n{";
    field("health", word_of(each.health));
    field("subject", each.subject);
    field("text", each.text);
    field("advice", each.advice);
    out += '}';
  }
  return out + "\n]\n";
}

std::string to_table(const Diagnoses& all) {
  std::vector<std::vector<std::string>> rows = {{"HEALTH", "SUBJECT", "FOUND"}};
  for (const Diagnosis& each : all) {
    rows.push_back({word_of(each.health), each.subject, each.text});
    if (!each.advice.empty()) rows.push_back({"", "", "-> " + each.advice});
  }
  return text_table(rows);
}

}  // namespace

int doctor(const DoctorOptions& options) {
  Diagnoses all;
  if (const auto config = check_configuration(options, all)) {
    const std::string& data_dir = config->storage.data_dir;
    const RunningAgent agent = ask_running(data_dir);
    check_data_directory(data_dir, agent.pid != 0, all);
    if (agent.pid != 0) {
      all.push_back({Health::kHealthy, "port", "the agent listens at " + agent.url, ""});
    } else {
      check_port(config->http.server.listen, all);
    }
    check_descriptors(config->http.server.connections_max, all);
    const bool exporter = std::ranges::any_of(config->scrape.exporters,
                                              [](const auto& e) { return e.plugin == "node"; });
    check_view_of_host(agent.pid, exporter, all);
    check_plugins(options, *config, all);
  }
  check_clock(all);
  std::fputs((options.output == "json" ? to_json(all) : to_table(all)).c_str(), stdout);
  const bool faulty =
      std::ranges::any_of(all, [](const Diagnosis& each) { return each.health == Health::kFault; });
  return faulty ? kFindings : kGood;
}

}  // namespace narthex::cli
