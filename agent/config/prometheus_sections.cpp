// SPDX-License-Identifier: Apache-2.0
#include "config/prometheus_sections.hpp"

#include "config/fingerprint.hpp"
#include "config/http_client.hpp"
#include "config/job_section.hpp"
#include "config/relabel_rules.hpp"
#include "config/sources.hpp"

namespace narthex::config {

namespace {

void warn_without_feature(TableReader& root, std::string_view key, std::string_view what) {
  const std::vector<Part> found = root.all(key);
  if (found.empty()) return;
  root.diagnostics().warn(found[0], std::string(what));
}

AlertmanagerSection read_alertmanager(TableReader& table) {
  AlertmanagerSection section;
  table.read("scheme", section.scheme);
  table.read("path_prefix", section.path_prefix);
  table.read_duration("timeout", section.timeout_ms);
  if (table.read("api_version", section.api_version) && section.api_version != "v2") {
    table.error("api_version", "expected Alertmanager api version to be one of [v2] but got " +
                                   section.api_version);
  }
  if (table.has("sigv4")) table.error("sigv4", "sigv4 is not in this version");
  section.client = read_http_client(table);
  section.relabel_configs = read_rules(table, "relabel_configs");
  section.alert_relabel_configs = read_rules(table, "alert_relabel_configs");
  section.discovery = read_mechanisms(table);
  table.done();
  return section;
}

void read_alerting(TableReader& root, AlertingSection& section) {
  TableReader table = root.table("alerting");
  section.present = table.present() && !table.others().empty();
  if (!section.present) return;
  section.alert_relabel_configs = read_rules(table, "alert_relabel_configs");
  for (TableReader& each : table.tables("alertmanagers", "empty element of alertmanagers")) {
    section.alertmanagers.push_back(read_alertmanager(each));
  }
  table.done();
  warn_without_feature(root, "alerting",
                       "this version sends no alerts: the alerting section changes nothing");
}

void read_runtime(TableReader& root, PrometheusSections& sections) {
  TableReader table = root.table("runtime");
  if (!table.present()) return;
  table.read("gogc", sections.gogc);
  table.done();
}

void read_otlp(TableReader& root, PrometheusSections& sections) {
  TableReader table = root.table("otlp");
  if (!table.present()) return;
  OtlpSection& otlp = sections.otlp;
  table.read("promote_all_resource_attributes", otlp.promote_all_resource_attributes);
  table.read("promote_resource_attributes", otlp.promote_resource_attributes);
  table.read("ignore_resource_attributes", otlp.ignore_resource_attributes);
  table.read("keep_identifying_resource_attributes", otlp.keep_identifying_resource_attributes);
  table.read("convert_histograms_to_nhcb", otlp.convert_histograms_to_nhcb);
  table.read("promote_scope_metadata", otlp.promote_scope_metadata);
  if (table.read("translation_strategy", otlp.translation_strategy)) {
    const std::string& strategy = otlp.translation_strategy;
    if (strategy != "UnderscoreEscapingWithSuffixes" && strategy != "NoUTF8EscapingWithSuffixes" &&
        strategy != "NoTranslation" && strategy != "UnderscoreEscapingWithoutSuffixes") {
      table.error("translation_strategy",
                  "unsupported OTLP translation strategy \"" + strategy + '"');
    }
  }
  if (otlp.promote_all_resource_attributes && !otlp.promote_resource_attributes.empty()) {
    table.error("promote_all_resource_attributes",
                "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be "
                "configured simultaneously");
  }
  if (!otlp.promote_all_resource_attributes && !otlp.ignore_resource_attributes.empty()) {
    table.error("ignore_resource_attributes",
                "'ignore_resource_attributes' can only be set when "
                "'promote_all_resource_attributes' is true");
  }
  table.done();
}

}  // namespace

PrometheusSections read_prometheus_sections(TableReader& root) {
  PrometheusSections sections;
  read_runtime(root, sections);
  root.read("rule_files", sections.rule_files);
  for (const Part& pattern : root.items("rule_files")) {
    (void)expand_glob(pattern, root.diagnostics());  // a bad pattern is an error already
  }
  sections.scrape_config_files = root.items("scrape_config_files");
  warn_without_feature(root, "rule_files",
                       "this version evaluates no rules: rule_files changes nothing");
  read_alerting(root, sections.alerting);
  read_otlp(root, sections);
  warn_without_feature(root, "notifiers",
                       "this version sends no alerts: notifiers changes nothing");
  if (root.has("tracing")) {
    root.diagnostics().key_error(root.all("tracing")[0], "tracing is not in this version");
  }
  sections.remote_reads = read_remote_reads(root);
  return sections;
}

namespace {

constexpr std::uint64_t kSmallestQueueLog = std::uint64_t{64} << 20;
constexpr std::uint64_t kSmallestMemory = std::uint64_t{1} << 20;

void read_retention(TableReader table, store::RetentionOptions& retention) {
  if (!table.present()) return;
  std::uint64_t percent = 0;
  table.read_duration("time", retention.max_age_ms);
  table.read_bytes("size", retention.max_bytes);
  if (table.read("percentage", percent)) {
    if (percent > 100) table.error("percentage", "percentage must be between 0 and 100");
    retention.max_percent = static_cast<std::uint32_t>(percent);
  }
  table.done();
}

void read_tsdb(TableReader table, store::StorageOptions& storage, PrometheusSections& sections) {
  if (!table.present()) return;
  sections.has_tsdb = true;
  // Samples may arrive in any order: the window is always as large as the retention.
  table.read_duration("out_of_order_time_window", sections.out_of_order_ms);
  table.read("path", storage.data_dir);
  read_retention(table.table("retention"), storage.retention);
  for (const auto& [key, bytes] : {std::pair("head_bytes", &storage.head_bytes),
                                   std::pair("page_cache_bytes", &storage.page_cache_bytes)}) {
    if (table.read_bytes(key, *bytes) && *bytes < kSmallestMemory) {
      table.error(key, std::string(key) + " must be 1MiB or more");
    }
  }
  table.done();
}

void read_agent(TableReader table, store::StorageOptions& storage, PrometheusSections& sections) {
  if (!table.present()) return;
  sections.has_agent = true;
  table.read("path", storage.data_dir);
  TableReader retention = table.table("retention");
  retention.read_duration("max_time", sections.remote_write_max_age_ms);
  retention.done();
  table.done();
}

}  // namespace

void read_storage(TableReader table, store::StorageOptions& storage, PrometheusSections& sections) {
  if (!table.present()) return;
  table.read("backend", storage.backend);
  table.read("path", storage.data_dir);
  table.read_duration("retention", storage.retention.max_age_ms);
  table.read_bytes("retention_size", storage.retention.max_bytes);
  if (table.read("fsync", storage.fsync) && storage.fsync != "always" &&
      storage.fsync != "interval" && storage.fsync != "never") {
    table.error("fsync", "fsync must be one of always, interval, never");
  }
  TableReader memory = table.table("memory");
  memory.read_bytes("max_bytes", storage.memory_max_bytes);
  memory.done();
  if (TableReader remote = table.table("remote"); remote.present()) {
    storage.remote = document::Document::without(remote.part().document, *remote.part().value, {});
    std::string text;
    append_canonical(text, *remote.part().value);
    storage.remote_fingerprint = fingerprint_of(text);
    if (remote.parts().size() > 1) {
      table.error("remote", "[storage.remote] is one table in one file");
    }
  }
  read_tsdb(table.table("tsdb"), storage, sections);
  read_agent(table.table("agent"), storage, sections);
  TableReader remote_write = table.table("remote_write");
  remote_write.read_bytes("max_bytes", sections.remote_write_max_bytes);
  if (remote_write.has("max_bytes") && sections.remote_write_max_bytes < kSmallestQueueLog) {
    remote_write.error("max_bytes", "[storage.remote_write] max_bytes must be 64MiB or more");
  }
  remote_write.done();
  TableReader exemplars = table.table("exemplars");
  sections.has_exemplars = exemplars.present();
  exemplars.read("max_exemplars", storage.max_exemplars);
  exemplars.done();
  table.done();
}

}  // namespace narthex::config
