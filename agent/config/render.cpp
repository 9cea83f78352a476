// SPDX-License-Identifier: Apache-2.0
#include "config/render.hpp"

#include "config/remote_write_section.hpp"
#include "config/render_parts.hpp"
#include "config/yaml_writer.hpp"

namespace narthex::config {

namespace {

class Renderer {
 public:
  explicit Renderer(Secrets secrets) : secrets_(secrets) {}

  void global(const GlobalOptions& global) {
    yaml_.begin_table("global");
    duration("scrape_interval", global.interval_ms);
    duration("scrape_timeout", global.timeout_ms);
    yaml_.list("scrape_protocols", global.scrape_protocols);
    duration("evaluation_interval", global.evaluation_interval_ms);
    if (global.rule_query_offset_ms != 0) {
      duration("rule_query_offset", global.rule_query_offset_ms);
    }
    text("query_log_file", global.query_log_file);
    text("scrape_failure_log_file", global.scrape_failure_log_file);
    if (!global.external_labels.empty()) {
      yaml_.begin_table("external_labels");
      for (const auto& [name, value] : global.external_labels) yaml_.field(name, value);
      yaml_.end_table();
    }
    limits(global.limits, global.body_size_limit_given, false);
    count("keep_dropped_targets", global.limits.keep_dropped_targets);
    schemes(global);
    if (global.convert_classic_histograms_to_nhcb) {
      yaml_.field("convert_classic_histograms_to_nhcb", true);
    }
    if (global.always_scrape_classic_histograms) {
      yaml_.field("always_scrape_classic_histograms", true);
    }
    yaml_.end_table();
  }

  void job(const JobToShow& shown) {
    const scrape::JobOptions& job = *shown.job;
    yaml_.begin_item();
    yaml_.field("job_name", job.job_name);
    if (job.honor_labels) yaml_.field("honor_labels", true);
    yaml_.field("honor_timestamps", job.honor_timestamps);
    yaml_.field("track_timestamps_staleness", job.track_timestamps_staleness);
    params(job.params);
    how(job);
    limits(job.limits, shown.body_size_limit_given, true);
    count("keep_dropped_targets", job.limits.keep_dropped_targets);
    text("metric_name_validation_scheme", job.metric_name_validation_scheme);
    text("metric_name_escaping_scheme", job.metric_name_escaping_scheme);
    render_client(yaml_, job.client, secrets_);
    render_rules(yaml_, "relabel_configs", job.relabel_configs);
    render_rules(yaml_, "metric_relabel_configs", job.metric_relabel_configs);
    render_mechanisms(yaml_, job.discovery, secrets_);
    yaml_.end_item();
  }

  void sections_before_jobs(const PrometheusSections& sections) {
    yaml_.begin_table("runtime");
    yaml_.field("gogc", sections.gogc);
    yaml_.end_table();
    if (sections.alerting.present) alerting(sections.alerting);
    if (!sections.rule_files.empty()) yaml_.list("rule_files", sections.rule_files);
    if (sections.scrape_config_files.empty()) return;
    std::vector<std::string> patterns;
    for (const Part& part : sections.scrape_config_files) {
      patterns.emplace_back(part.document->text(part.value));
    }
    yaml_.list("scrape_config_files", patterns);
  }

  void jobs(const std::vector<JobToShow>& jobs) {
    if (jobs.empty()) return;
    yaml_.begin_list("scrape_configs");
    for (const JobToShow& each : jobs) job(each);
    yaml_.end_list();
  }

  void sections_after_jobs(const PrometheusSections& sections, const store::StorageOptions& storage,
                           const remote_write::RemoteWriteOptions& remote_write) {
    if (sections.has_tsdb || sections.has_exemplars) {
      yaml_.begin_table("storage");
      if (sections.has_tsdb) tsdb(sections);
      if (sections.has_exemplars) {
        yaml_.begin_table("exemplars");
        yaml_.field("max_exemplars", storage.max_exemplars);
        yaml_.end_table();
      }
      yaml_.end_table();
    }
    if (!remote_write.destinations.empty()) {
      yaml_.begin_list("remote_write");
      for (const auto& each : remote_write.destinations) render_destination(yaml_, each, secrets_);
      yaml_.end_list();
    }
    if (!sections.remote_reads.empty()) remote_reads(sections.remote_reads);
    yaml_.begin_table("otlp");
    const OtlpSection& otlp = sections.otlp;
    const auto list = [&](std::string_view key, const std::vector<std::string>& items) {
      if (!items.empty()) yaml_.list(key, items);
    };
    const auto truth = [&](std::string_view key, bool value) {
      if (value) yaml_.literal(key, "true");
    };
    truth("promote_all_resource_attributes", otlp.promote_all_resource_attributes);
    list("promote_resource_attributes", otlp.promote_resource_attributes);
    list("ignore_resource_attributes", otlp.ignore_resource_attributes);
    text("translation_strategy", otlp.translation_strategy);
    truth("keep_identifying_resource_attributes", otlp.keep_identifying_resource_attributes);
    truth("convert_histograms_to_nhcb", otlp.convert_histograms_to_nhcb);
    truth("promote_scope_metadata", otlp.promote_scope_metadata);
    yaml_.end_table();
  }

  std::string take() { return yaml_.take(); }

 private:
  // Prometheus shows these two as given, or both when there is no global section at all.
  void schemes(const GlobalOptions& global) {
    if (global.validation_scheme_given || !global.given) {
      text("metric_name_validation_scheme", global.validation_scheme);
    }
    text("metric_name_escaping_scheme", global.given ? global.escaping_scheme : "allow-utf-8");
  }
  void text(std::string_view key, const std::string& value) {
    if (!value.empty()) yaml_.field(key, value);
  }
  void duration(std::string_view key, std::int64_t ms) {
    yaml_.literal(key, document::format_duration_ms(ms));
  }
  void count(std::string_view key, std::uint64_t limit) {
    if (limit != 0) yaml_.field(key, limit);
  }

  void alerting(const AlertingSection& alerting) {
    yaml_.begin_table("alerting");
    render_rules(yaml_, "alert_relabel_configs", alerting.alert_relabel_configs);
    if (!alerting.alertmanagers.empty()) yaml_.begin_list("alertmanagers");
    for (const AlertmanagerSection& each : alerting.alertmanagers) {
      yaml_.begin_item();
      render_client(yaml_, each.client, secrets_);
      text("scheme", each.scheme);
      text("path_prefix", each.path_prefix);
      duration("timeout", each.timeout_ms);
      text("api_version", each.api_version);
      render_rules(yaml_, "relabel_configs", each.relabel_configs);
      render_rules(yaml_, "alert_relabel_configs", each.alert_relabel_configs);
      render_mechanisms(yaml_, each.discovery, secrets_);
      yaml_.end_item();
    }
    yaml_.end_table();
  }

  void remote_reads(const std::vector<RemoteReadSection>& reads) {
    yaml_.begin_list("remote_read");
    for (const RemoteReadSection& read : reads) {
      const store::RemoteReadOptions& options = read.options;
      yaml_.begin_item();
      yaml_.field("url", secrets_ == Secrets::kShown ? options.url : without_password(options.url));
      duration("remote_timeout", options.timeout_ms);
      count("chunked_read_limit", options.chunked_read_limit);
      texts("headers", options.headers);
      if (options.read_recent) yaml_.field("read_recent", true);
      text("name", options.name);
      render_client(yaml_, read.client, secrets_);
      texts("required_matchers", options.required_matchers);
      if (options.filter_external_labels) yaml_.field("filter_external_labels", true);
      yaml_.end_item();
    }
    yaml_.end_list();
  }

  void texts(std::string_view key,
             const std::vector<std::pair<std::string, std::string>>& entries) {
    if (entries.empty()) return;
    yaml_.begin_table(key);
    for (const auto& [name, value] : entries) yaml_.field(name, value);
    yaml_.end_table();
  }

  void params(const net::Params& params) {
    if (params.empty()) return;
    yaml_.begin_table("params");
    for (std::size_t i = 0; i < params.size();) {  // sorted by name
      const std::string& name = params[i].first;
      std::vector<std::string> values;
      for (; i < params.size() && params[i].first == name; ++i) values.push_back(params[i].second);
      yaml_.list(name, values);
    }
    yaml_.end_table();
  }

  void how(const scrape::JobOptions& job) {
    duration("scrape_interval", job.interval_ms);
    duration("scrape_timeout", job.timeout_ms);
    yaml_.list("scrape_protocols", job.scrape_protocols);
    text("fallback_scrape_protocol", job.fallback_scrape_protocol);
    if (job.scrape_native_histograms) yaml_.field("scrape_native_histograms", true);
    yaml_.field("always_scrape_classic_histograms", job.always_scrape_classic_histograms);
    yaml_.field("convert_classic_histograms_to_nhcb", job.convert_classic_histograms_to_nhcb);
    text("scrape_failure_log_file", job.scrape_failure_log_file);
    text("metrics_path", job.metrics_path);
    text("scheme", job.scheme);
    yaml_.field("enable_compression", job.enable_compression);
  }

  void limits(const scrape::LimitOptions& limits, bool body_given, bool of_job) {
    if (body_given) {
      yaml_.field("body_size_limit",
                  std::string_view(document::format_bytes(limits.body_size_limit)));
    }
    count("sample_limit", limits.sample_limit);
    count("target_limit", limits.target_limit);
    count("label_limit", limits.label_limit);
    count("label_name_length_limit", limits.label_name_length_limit);
    count("label_value_length_limit", limits.label_value_length_limit);
    if (!of_job) return;
    count("native_histogram_bucket_limit", limits.native_histogram_bucket_limit);
    if (limits.native_histogram_min_bucket_factor != 0) {
      yaml_.number("native_histogram_min_bucket_factor", limits.native_histogram_min_bucket_factor);
    }
  }

  void tsdb(const PrometheusSections& sections) {
    if (sections.out_of_order_ms == 0) return yaml_.literal("tsdb", "{}");
    yaml_.begin_table("tsdb");
    // Prometheus shows its own parsed copy too.
    yaml_.field("outofordertimewindow", sections.out_of_order_ms);
    duration("out_of_order_time_window", sections.out_of_order_ms);
    yaml_.end_table();
  }

  YamlWriter yaml_;
  Secrets secrets_;
};

}  // namespace

std::string render_job(const JobToShow& job, Secrets secrets) {
  Renderer renderer(secrets);
  renderer.job(job);
  return renderer.take();
}

std::string render_config(const GlobalOptions& global, const PrometheusSections& sections,
                          const std::vector<JobToShow>& jobs, const store::StorageOptions& storage,
                          const remote_write::RemoteWriteOptions& remote_write) {
  Renderer renderer(Secrets::kHidden);
  renderer.global(global);
  renderer.sections_before_jobs(sections);
  renderer.jobs(jobs);
  renderer.sections_after_jobs(sections, storage, remote_write);
  return renderer.take();
}

}  // namespace narthex::config
