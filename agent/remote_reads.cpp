// SPDX-License-Identifier: Apache-2.0
#include "remote_reads.hpp"

#include <narthex/sdk/shown_url.hpp>
#include <narthex/sdk/value.hpp>
#include <narthex/storage.h>

#include <algorithm>

namespace narthex {

namespace {

// We ask for answers of one piece: one may be as large as so many of the frames that the
// configuration allows.
constexpr std::uint64_t kFramesAnAnswer = 5;
constexpr std::uint64_t kFrameMax = std::uint64_t{1} << 32;

std::string fingerprint_of(
    const std::vector<store::RemoteReadOptions>& options,
    const std::vector<std::pair<std::string, std::string>>& external_labels) {
  std::string text;
  for (const store::RemoteReadOptions& one : options) text += one.fingerprint + '\n';
  for (const auto& [name, value] : external_labels) text += name + '\xff' + value + '\xff';
  return text;
}

// The options of storage.remote: those of the HTTP client, and where and how to read.
nx_value plugin_options(const store::RemoteReadOptions& options, sdk::TreeArena& arena) {
  std::vector<nx_kv> entries, headers;
  for (const auto& [name, value] : options.headers) {
    const nx_value values[] = {arena.string(value)};
    const nx_kv header[] = {arena.entry("values", arena.array(values))};
    headers.push_back(arena.entry(name, arena.table(header)));
  }
  for (const nx_kv& entry : sdk::Value(&options.client->root()).entries()) {
    if (view(entry.key) != "http_headers") {
      entries.push_back(entry);
      continue;
    }
    for (const nx_kv& header : sdk::Value(&entry.value).entries()) headers.push_back(header);
  }
  if (!headers.empty()) entries.push_back(arena.entry("http_headers", arena.table(headers)));
  entries.push_back(arena.entry("read_url", arena.string(options.url)));
  entries.push_back(
      arena.entry("timeout", arena.string(std::to_string(options.timeout_ms) + "ms")));
  const std::uint64_t answer_max_bytes =
      std::min(options.chunked_read_limit, kFrameMax) * kFramesAnAnswer;
  entries.push_back(
      arena.entry("read_max_bytes", arena.string(std::to_string(answer_max_bytes) + "B")));
  return arena.table(entries);
}

}  // namespace

Result<std::shared_ptr<host::Instance>> RemoteReads::make(const store::RemoteReadOptions& options,
                                                          std::size_t index) {
  sdk::TreeArena arena;
  const nx_value config = plugin_options(options, arena);
  host::InstanceRequest request;
  request.interface_id = NX_STORAGE_ID;
  request.kind = "storage";
  request.component = "remote";
  request.name = "remote_read." + (options.name.empty() ? std::to_string(index) : options.name);
  request.config = &config;
  request.document = options.client;
  Result<std::shared_ptr<host::Instance>> made = plugins_.create(request);
  if (!made.ok()) return made.status().with_prefix("remote_read " + sdk::shown_url(options.url));
  const Status started = (*made)->start();
  if (!started.ok()) return started.with_prefix("remote_read " + sdk::shown_url(options.url));
  return made;
}

Status RemoteReads::apply(const std::vector<store::RemoteReadOptions>& options,
                          const std::vector<std::pair<std::string, std::string>>& external_labels) {
  std::string wanted = fingerprint_of(options, external_labels);
  if (wanted == applied_ || (options.empty() && instances_.empty())) return Status();
  std::vector<std::shared_ptr<host::Instance>> made;
  std::vector<store::RemoteRead> reads;
  for (const store::RemoteReadOptions& one : options) {
    Result<std::shared_ptr<host::Instance>> instance = make(one, made.size());
    if (!instance.ok()) return instance.status();
    made.push_back(*instance);
    reads.push_back({*std::move(instance), one, external_labels});
  }
  store_.set_remote_reads(std::move(reads));
  for (const auto& old : instances_) old->stop(0);
  instances_ = std::move(made);
  applied_ = std::move(wanted);
  return Status();
}

void RemoteReads::stop(std::int64_t deadline_mono_ns) {
  store_.set_remote_reads({});
  for (const auto& instance : instances_) instance->stop(deadline_mono_ns);
  instances_.clear();
}

}  // namespace narthex
