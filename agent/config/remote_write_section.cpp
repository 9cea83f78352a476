// SPDX-License-Identifier: Apache-2.0
#include "config/remote_write_section.hpp"

#include "config/fingerprint.hpp"
#include "config/http_client.hpp"
#include "config/relabel_rules.hpp"
#include "config/render_parts.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace narthex::config {

namespace {

using remote_write::DestinationOptions;
using remote_write::Protocol;

constexpr std::string_view kMessage1 = "prometheus.WriteRequest";
constexpr std::string_view kMessage2 = "io.prometheus.write.v2.Request";
constexpr std::size_t kNameLength = 6;  // of one made of the configuration
constexpr std::uint64_t kShardsMost = 1'000;

constexpr std::array<std::string_view, 14> kHeadersOfOurs = {"authorization",
                                                             "host",
                                                             "content-encoding",
                                                             "content-length",
                                                             "content-type",
                                                             "user-agent",
                                                             "connection",
                                                             "keep-alive",
                                                             "proxy-authenticate",
                                                             "proxy-authorization",
                                                             "www-authenticate",
                                                             "accept-encoding",
                                                             "x-prometheus-remote-write-version",
                                                             "x-prometheus-remote-read-version"};

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

void read_url(TableReader& table, DestinationOptions& out) {
  table.read("url", out.url);
  if (out.url.empty()) return table.error("url", "url for remote_write is empty");
  const std::size_t scheme = out.url.starts_with("https://")  ? 8
                             : out.url.starts_with("http://") ? 7
                                                              : 0;
  if (scheme == 0 || out.url.size() == scheme) {
    return table.error("url", "remote_write: \"" + out.url +
                                  "\" is no URL that can be sent to: expected http:// or https:// "
                                  "and a host");
  }
  out.shown_url = out.url;
  const std::size_t at = out.url.find('@', scheme);
  const std::size_t colon = out.url.find(':', scheme);
  if (at != std::string::npos && at < out.url.find('/', scheme) && colon < at) {
    out.shown_url.replace(colon + 1, at - colon - 1, "xxxxx");
  }
}

void read_headers(TableReader& table, DestinationOptions& out) {
  table.read("headers", out.headers);
  for (const auto& [name, value] : out.headers) {
    const std::string lower = lower_case(name);
    if (lower == "authorization") {
      table.error("headers",
                  "authorization header must be changed via the basic_auth, "
                  "authorization, oauth2, sigv4, azuread or google_iam parameter");
    } else if (std::find(kHeadersOfOurs.begin(), kHeadersOfOurs.end(), lower) !=
               kHeadersOfOurs.end()) {
      table.error("headers", name + " is a reserved header. It must not be changed");
    }
  }
}

void read_message(TableReader& table, DestinationOptions& out) {
  std::string message;
  if (!table.read("protobuf_message", message) || message == kMessage1) return;
  out.protocol = Protocol::kV2;
  if (message == kMessage2) return;
  table.error("protobuf_message", "unknown remote write protobuf message " + message +
                                      ", supported: " + std::string(kMessage1) + ", " +
                                      std::string(kMessage2));
}

void read_queue(TableReader table, remote_write::QueueOptions& queue) {
  if (!table.present()) return;
  const auto read_count = [&](std::string_view key, std::uint64_t& out, std::uint64_t most) {
    if (!table.read(key, out) || (out >= 1 && out <= most)) return;
    table.error(key, std::string(key) + " must be between 1 and " + std::to_string(most));
  };
  read_count("capacity", queue.capacity, 10'000'000);
  read_count("max_shards", queue.max_shards, kShardsMost);
  read_count("min_shards", queue.min_shards, kShardsMost);
  read_count("max_samples_per_send", queue.max_samples_per_send, 1'000'000);
  if (queue.min_shards > queue.max_shards) {
    table.error("min_shards", "min_shards must not be above max_shards");
  }
  table.read_duration("batch_send_deadline", queue.batch_send_deadline_ms);
  table.read_duration("min_backoff", queue.min_backoff_ms);
  table.read_duration("max_backoff", queue.max_backoff_ms);
  if (queue.min_backoff_ms <= 0 || queue.max_backoff_ms < queue.min_backoff_ms) {
    table.error("max_backoff", "min_backoff must be above 0, and max_backoff not below it");
  }
  table.read("retry_on_http_429", queue.retry_on_http_429);
  table.read_duration("sample_age_limit", queue.sample_age_limit_ms);
  table.done();
}

void read_metadata(TableReader table, remote_write::MetadataOptions& metadata) {
  if (!table.present()) return;
  table.read("send", metadata.send);
  table.read_duration("send_interval", metadata.send_interval_ms);
  if (metadata.send_interval_ms <= 0) {
    table.error("send_interval", "send_interval must be above 0");
  }
  if (table.read("max_samples_per_send", metadata.max_samples_per_send) &&
      metadata.max_samples_per_send == 0) {
    table.error("max_samples_per_send", "max_samples_per_send must be above 0");
  }
  table.done();
}

void refuse_others(TableReader& table) {
  for (const std::string_view key : {"sigv4", "azuread", "google_iam"}) {
    if (table.has(key)) table.error(key, std::string(key) + " is not in this version");
  }
  bool round_robin = false;
  if (table.read("round_robin_dns", round_robin) && round_robin) {
    table.error("round_robin_dns", "round_robin_dns is not in this version");
  }
}

DestinationOptions read_destination(TableReader& table) {
  DestinationOptions out;
  out.client.enable_http2 = false;
  read_url(table, out);
  out.name_given = table.read("name", out.name) && !out.name.empty();
  table.read_duration("remote_timeout", out.remote_timeout_ms);
  if (out.remote_timeout_ms <= 0) table.error("remote_timeout", "remote_timeout must be above 0");
  read_headers(table, out);
  read_message(table, out);
  table.read("send_exemplars", out.send_exemplars);
  table.read("send_native_histograms", out.send_native_histograms);
  out.write_relabel_configs = read_rules(table, "write_relabel_configs");
  read_queue(table.table("queue_config"), out.queue);
  read_metadata(table.table("metadata_config"), out.metadata);
  refuse_others(table);
  const bool http2_given = table.has("enable_http2");
  out.client = read_http_client(table);
  if (!http2_given) out.client.enable_http2 = false;
  table.done();
  YamlWriter yaml;
  render_destination(yaml, out, Secrets::kShown);
  out.fingerprint = fingerprint_of(yaml.take());
  if (!out.name_given) out.name = out.fingerprint.substr(0, kNameLength);
  return out;
}

}  // namespace

std::vector<remote_write::DestinationOptions> read_remote_write(TableReader& root) {
  std::vector<DestinationOptions> all;
  std::map<std::string, Part> names;
  for (TableReader& table :
       root.tables("remote_write", "empty or null remote write config section")) {
    all.push_back(read_destination(table));
    const auto [seen, is_new] = names.emplace(all.back().name, table.part());
    if (is_new) continue;
    table.error("name",
                "found multiple remote write configs with job name \"" + all.back().name + '"',
                "the other is at " + place_text(seen->second));
  }
  return all;
}

void render_destination(YamlWriter& yaml, const remote_write::DestinationOptions& destination,
                        Secrets secrets) {
  const auto duration = [&](std::string_view key, std::int64_t ms) {
    yaml.literal(key, document::format_duration_ms(ms));
  };
  yaml.begin_item();
  yaml.field("url", secrets == Secrets::kShown ? destination.url : destination.shown_url);
  duration("remote_timeout", destination.remote_timeout_ms);
  if (!destination.headers.empty()) {
    yaml.begin_table("headers");
    for (const auto& [name, value] : destination.headers) yaml.field(name, value);
    yaml.end_table();
  }
  render_rules(yaml, "write_relabel_configs", destination.write_relabel_configs);
  if (destination.name_given) yaml.field("name", destination.name);
  if (destination.send_exemplars) yaml.field("send_exemplars", true);
  if (destination.send_native_histograms) yaml.field("send_native_histograms", true);
  yaml.field("protobuf_message", destination.protocol == Protocol::kV2 ? kMessage2 : kMessage1);
  render_client(yaml, destination.client, secrets);
  const remote_write::QueueOptions& queue = destination.queue;
  yaml.begin_table("queue_config");
  yaml.field("capacity", queue.capacity);
  yaml.field("max_shards", queue.max_shards);
  yaml.field("min_shards", queue.min_shards);
  yaml.field("max_samples_per_send", queue.max_samples_per_send);
  duration("batch_send_deadline", queue.batch_send_deadline_ms);
  duration("min_backoff", queue.min_backoff_ms);
  duration("max_backoff", queue.max_backoff_ms);
  if (queue.retry_on_http_429) yaml.field("retry_on_http_429", true);
  if (queue.sample_age_limit_ms != 0) duration("sample_age_limit", queue.sample_age_limit_ms);
  yaml.end_table();
  yaml.begin_table("metadata_config");
  yaml.field("send", destination.metadata.send);
  duration("send_interval", destination.metadata.send_interval_ms);
  yaml.field("max_samples_per_send", destination.metadata.max_samples_per_send);
  yaml.end_table();
  yaml.end_item();
}

}  // namespace narthex::config
