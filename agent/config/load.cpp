// SPDX-License-Identifier: Apache-2.0
#include "config/agent_mode.hpp"
#include "config/agent_sections.hpp"
#include "config/apply_flags.hpp"
#include "config/config.hpp"
#include "config/default_config.hpp"
#include "config/features.hpp"
#include "config/fingerprint.hpp"
#include "config/flags.hpp"
#include "config/job_section.hpp"
#include "config/prometheus_sections.hpp"
#include "config/remote_write_section.hpp"
#include "config/render.hpp"
#include "config/sources.hpp"
#include "config/table_reader.hpp"
#include "config/web_section.hpp"

#include <narthex/sdk/json.hpp>

#include <map>

namespace narthex::config {

namespace {

constexpr std::string_view kDeltaToCumulative = "otlp-deltatocumulative";
constexpr std::string_view kNativeDelta = "otlp-native-delta-ingestion";
constexpr std::string_view kTypeAndUnit = "type-and-unit-labels";
constexpr const char* kAgentData = "data-agent";
constexpr std::string_view kNullJob = "empty or null scrape config section";

std::vector<Part> roots_of(const std::vector<DocumentRef>& documents) {
  std::vector<Part> parts;
  for (const DocumentRef& document : documents) {
    parts.push_back({document, &document->root(), nullptr});
  }
  return parts;
}

void append_texts(std::string& out, std::string_view key, const std::vector<std::string>& texts) {
  (out += ",\"") += key;
  out += "\":[";
  for (const std::string& text : texts) {
    if (out.back() != '[') out += ',';
    sdk::append_json_text(out, text);
  }
  out += ']';
}

// The otlp section and the features of OTLP as options of the receiver.
std::string otlp_options(const OtlpSection& otlp, const std::vector<std::string>& features) {
  const auto truth = [](bool value) { return value ? "true" : "false"; };
  std::string out =
      "{\"translation_strategy\":\"" + otlp.translation_strategy +
      "\",\"promote_all_resource_attributes\":" + truth(otlp.promote_all_resource_attributes);
  append_texts(out, "promote_resource_attributes", otlp.promote_resource_attributes);
  append_texts(out, "ignore_resource_attributes", otlp.ignore_resource_attributes);
  ((out += ",\"keep_identifying_resource_attributes\":") +=
   truth(otlp.keep_identifying_resource_attributes)) += ",\"promote_scope_metadata\":";
  ((out += truth(otlp.promote_scope_metadata)) += ",\"convert_histograms_to_nhcb\":") +=
      truth(otlp.convert_histograms_to_nhcb);
  (out += ",\"type_and_unit_labels\":") += truth(has_feature(features, kTypeAndUnit));
  out += has_feature(features, kDeltaToCumulative) ? ",\"deltas\":\"to_cumulative\""
         : has_feature(features, kNativeDelta)     ? ",\"deltas\":\"store\""
                                                   : "";
  return out + "}";
}

std::string listen_of(const FlagValues& values) {
  for (const std::string_view name : {"listen", "web.listen-address"}) {
    const auto found = values.find(name);
    if (found != values.end()) return found->second;
  }
  return net::ServerOptions().listen;
}

// Loads one configuration. Lives for the duration of load().
class Loader {
 public:
  Loader(Config& config, const FlagValues& values, const Environment& environment,
         Diagnostics& diagnostics)
      : config_(config), values_(values), environment_(environment), diagnostics_(diagnostics) {}

  void load(const std::vector<DocumentRef>& documents) {
    TableReader root(diagnostics_, roots_of(documents), "the configuration");
    config_.agent = read_agent_mode(root, values_);
    if (config_.agent) config_.storage.data_dir = kAgentData;
    const GlobalOptions global = read_global(root.table("global"), config_.features);
    PrometheusSections sections = read_prometheus_sections(root);
    read_jobs(root, global);
    const std::size_t own_jobs = config_.scrape.jobs.size();
    for (const Part& pattern : sections.scrape_config_files) read_more_jobs(pattern, global);
    config_.scrape.exporters = read_exporters(root, global);
    config_.ingest = read_receivers(root);
    config_.remote_write.destinations = read_remote_write(root);
    read_http(root.table("http"), config_.http);
    read_query(root.table("query"), config_.query);
    read_plugins(root.table("plugins"), config_.plugin_dirs, config_.plugins);
    read_storage(root.table("storage"), config_.storage, sections);
    if (sections.remote_write_max_bytes != 0) {
      config_.remote_write.max_bytes = sections.remote_write_max_bytes;
    }
    config_.remote_write.max_age_ms = sections.remote_write_max_age_ms;
    check_agent_sections(root, sections, config_.agent);
    root.done();
    config_.otlp_options = otlp_options(sections.otlp, config_.features);
    keep_global(global);
    for (const RemoteReadSection& section : sections.remote_reads) {
      config_.remote_reads.push_back(section.options);
    }
    if (diagnostics_.errors().empty()) finish(global, sections, own_jobs);
  }

 private:
  void read_jobs(TableReader& root, const GlobalOptions& global) {
    for (TableReader& table : root.tables("scrape_configs", kNullJob)) {
      bool body_given = false;
      scrape::JobOptions job = read_job(table, global, body_given);
      const auto [seen, is_new] = job_names_.emplace(job.job_name, table.part());
      if (!is_new && !job.job_name.empty()) {
        table.error("job_name",
                    "found multiple scrape configs with job name \"" + job.job_name + '"',
                    "the other is at " + place_text(seen->second));
      }
      config_.scrape.jobs.push_back(std::move(job));
      body_given_.push_back(body_given);
    }
  }

  void read_more_jobs(const Part& pattern, const GlobalOptions& global) {
    for (const std::string& file : expand_glob(pattern, diagnostics_)) {
      const DocumentRef document = read_file(file, environment_, diagnostics_);
      if (!document) continue;
      TableReader root(diagnostics_, {{document, &document->root(), nullptr}},
                       "the scrape config file");
      read_jobs(root, global);
      root.done();
    }
  }

  void keep_global(const GlobalOptions& global) {
    config_.scrape.default_interval_ms = global.interval_ms;
    config_.scrape.external_labels = global.external_labels;
    config_.remote_write.external_labels = global.external_labels;
    config_.scrape.extra_scrape_metrics = global.extra_scrape_metrics;
    config_.query.default_step_ms = global.evaluation_interval_ms;
    config_.query.log_file = global.query_log_file;
  }

  void finish(const GlobalOptions& global, const PrometheusSections& sections,
              std::size_t own_jobs) {
    std::vector<JobToShow> shown;
    for (std::size_t i = 0; i < config_.scrape.jobs.size(); ++i) {
      scrape::JobOptions& job = config_.scrape.jobs[i];
      const JobToShow show{&job, true};  // with the limit that is in force
      job.fingerprint = fingerprint_of(render_job(show, Secrets::kShown));
      if (i < own_jobs) shown.push_back({&job, body_given_[i]});
    }
    config_.prometheus_yaml =
        render_config(global, sections, shown, config_.storage, config_.remote_write);
  }

  Config& config_;
  const FlagValues& values_;
  const Environment& environment_;
  Diagnostics& diagnostics_;
  std::map<std::string, Part> job_names_;
  std::vector<bool> body_given_;
};

std::string config_file(const CommandLine& command_line, const FlagValues& values) {
  if (!command_line.config_file.empty()) return command_line.config_file;
  for (const std::string_view name : {"config", "config.file"}) {
    const auto found = values.find(name);
    if (found != values.end()) return found->second;
  }
  return {};
}

void add_receiver(Config& config, Diagnostics& diagnostics, const std::string& plugin,
                  const std::string& options) {
  for (const ingest::ReceiverOptions& receiver : config.ingest) {
    if (receiver.plugin == plugin) return;
  }
  ingest::ReceiverOptions receiver;
  receiver.plugin = plugin;
  receiver.document =
      read_text(document::Format::kJson, "(receiver)", options, process_environment, diagnostics);
  receiver.config = &receiver.document->root();
  receiver.fingerprint = fingerprint_of(plugin + options);
  config.ingest.push_back(std::move(receiver));
}

std::string remote_write_options(const Config& config) {
  std::string out = "{\"type_and_unit_labels\":";
  out += has_feature(config.features, kTypeAndUnit) ? "true" : "false";
  if (!config.http.remote_write_messages.empty()) {
    append_texts(out, "accepted_protobuf_messages", config.http.remote_write_messages);
  }
  return out + "}";
}

// [http] remote_write_receiver is the short form of [[ingest]] plugin = "remote_write", and
// otlp_receiver that of plugin = "otlp" with the options of the otlp section.
void add_switched_receivers(Config& config, Diagnostics& diagnostics) {
  if (config.http.remote_write_receiver) {
    add_receiver(config, diagnostics, "remote_write", remote_write_options(config));
  }
  if (config.http.otlp_receiver) add_receiver(config, diagnostics, "otlp", config.otlp_options);
  if (has_feature(config.features, kDeltaToCumulative) &&
      has_feature(config.features, kNativeDelta)) {
    diagnostics.file_error("", "cannot enable " + std::string(kDeltaToCumulative) + " and " +
                                   std::string(kNativeDelta) + " features at the same time");
  }
}

void read_web_file(HttpOptions& http, const Environment& environment, Diagnostics& diagnostics) {
  if (http.web_config_file.empty()) return;
  if (http.web != net::WebOptions()) {
    return diagnostics.file_error(
        "", "TLS, users and headers of the server stand in [http] and in " + http.web_config_file +
                ": keep one of them");
  }
  load_web_file(http.web_config_file, http.web, diagnostics.errors(), diagnostics.warnings(),
                environment);
}

}  // namespace

std::shared_ptr<const Config> load(const CommandLine& command_line,
                                   std::vector<document::Finding>& findings,
                                   const Environment& environment) {
  auto config = std::make_shared<Config>();
  std::vector<document::Finding> errors;
  Diagnostics diagnostics(errors, config->warnings);
  const FlagValues values = flag_values(command_line.flags);
  config->file = config_file(command_line, values);
  for (const auto& [name, value] : command_line.flags) {
    if (name == "enable-feature") add_features(value, config->features);
    if (name == "plugin-dir") config->plugin_dirs.push_back(value);
  }
  const std::vector<std::string> first_dirs = config->plugin_dirs;
  const std::vector<DocumentRef> documents =
      config->file.empty()
          ? std::vector<DocumentRef>{read_text(
                document::Format::kJson, "(embedded default)",
                default_config(listen_of(values), values.contains("web.config.file")), environment,
                diagnostics)}
          : read_main(config->file, environment, diagnostics);
  for (const std::string& name : config->features) {
    if (std::string warning = feature_warning(name); !warning.empty()) {
      diagnostics.warn(std::move(warning));
    }
  }
  Loader(*config, values, environment, diagnostics).load(documents);
  if (config->plugin_dirs != first_dirs) {  // --plugin-dir comes before [plugins] path
    config->plugin_dirs.insert(config->plugin_dirs.begin(), first_dirs.begin(), first_dirs.end());
  }
  apply_flags(values, *config, diagnostics);
  add_switched_receivers(*config, diagnostics);
  read_web_file(config->http, environment, diagnostics);
  findings.insert(findings.end(), errors.begin(), errors.end());
  return errors.empty() ? config : nullptr;
}

}  // namespace narthex::config
