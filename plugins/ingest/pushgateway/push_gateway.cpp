// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/push_gateway.hpp"

#include "plugins/ingest/pushgateway/body_encoding.hpp"
#include "plugins/ingest/pushgateway/exposition.hpp"
#include "plugins/ingest/pushgateway/group_json.hpp"
#include "plugins/ingest/pushgateway/protobuf_reader.hpp"
#include "plugins/ingest/pushgateway/text_reader.hpp"

#include <narthex/sdk/json.hpp>

#include <functional>
#include <utility>
#include <vector>

namespace narthex::ingest::pushgateway {
namespace {

constexpr std::uint32_t kRetryAfterS = 5;

std::string_view param_of(const nx_ingest_request& request, std::string_view name) {
  for (const nx_kv& param : std::span(request.path_params, request.path_param_count)) {
    if (view(param.key) == name) return sdk::Value(&param.value).get<std::string_view>();
  }
  return {};
}

int answer(const sdk::IngestReply& reply, int code, std::string text = {}) {
  reply.status(code);
  if (!text.empty()) reply.body(text += '\n');
  return code;
}

int answer_json(const sdk::IngestReply& reply, std::string_view data) {
  reply.header("Content-Type", "application/json");
  reply.header("Cache-Control", "no-cache, no-store, must-revalidate");
  reply.status(200);
  reply.body("{\"status\":\"success\",\"data\":");
  reply.body(data);
  reply.body("}");
  return 200;
}

int refuse(const sdk::IngestReply& reply, const Status& status) {
  switch (status.code()) {
    case NX_ERR_INVALID_ARGUMENT:
    case NX_ERR_INVALID_DATA:
      return answer(reply, 400, status.message());
    case NX_ERR_NOT_FOUND:
      return answer(reply, 404, status.message());
    default:
      reply.header("Retry-After", std::to_string(kRetryAfterS));
      return answer(reply, status.code() == NX_ERR_EXHAUSTED ? 429 : 503, status.message());
  }
}

// Empty segments and dots have a canonical path, which the sender is told, as by the gateway.
bool redirect(const nx_ingest_request& request, const sdk::IngestReply& reply) {
  const std::string_view path = param_of(request, "key");
  const std::string clean = clean_path(path);
  if (clean == path) return false;
  reply.header("Location", "/metrics/" + clean);
  reply.status(301);
  return true;
}

bool is_delimited_protobuf(std::string_view content_type) {
  const auto has = [&](std::string_view text) {
    return content_type.find(text) != std::string_view::npos;
  };
  return content_type.starts_with("application/vnd.google.protobuf") &&
         has("proto=io.prometheus.client.MetricFamily") && has("encoding=delimited");
}

Result<std::vector<Family>> read_body(std::string_view content_type, std::string_view body,
                                      NameRule rule) {
  return is_delimited_protobuf(content_type) ? read_delimited(body) : read_text(body, rule);
}

// The path of the instance's folder.
std::string folder_path(sdk::Host host) {
  const auto* service = host.service<nx_ext_folder>(NX_EXT_FOLDER);
  if (service == nullptr) {
    throw sdk::Error(NX_ERR_UNSUPPORTED,
                     "the host has no data directory: set persistence = false to keep pushed "
                     "metrics in memory only");
  }
  std::string path;
  sdk::ErrorSlot err;
  err.check(service->path(
      host.raw(),
      [](void* out, const nx_value* value) {
        *static_cast<std::string*>(out) = sdk::Value(value).get<std::string_view>();
      },
      &path, &err));
  return path;
}

}  // namespace

PushGateway::PushGateway(sdk::Host host, Options options)
    : host_(host),
      options_(options),
      started_ms_(host.now_ms()),
      groups_(static_cast<std::size_t>(options.groups_max)),
      counts_(host),
      sampler_(host, groups_) {}

Status PushGateway::validate(sdk::Host host, const Options& options, sdk::Value config) {
  constexpr std::int64_t kIntervalMinMs = 100;
  if (options.interval_ms >= kIntervalMinMs) return {};
  return host.config_error(config["interval"], "interval must be at least 100ms");
}

void PushGateway::start() {
  if (options_.persistence) open_files();
  const auto* tasks = host_.service<nx_ext_tasks>(NX_EXT_TASKS);
  const auto period = static_cast<std::uint64_t>(options_.interval_ms);
  sdk::ErrorSlot err;
  err.check(tasks->timer_start(
      host_.raw(), 0, period, period,
      [](void* self) {
        (void)sdk::guard(nullptr, [&] { static_cast<PushGateway*>(self)->tick(); });
      },
      this, &timer_));
}

void PushGateway::open_files() {
  files_.emplace(folder_path(host_));
  Result<GroupFiles::Loaded> loaded = files_->load();
  if (!loaded.ok()) throw sdk::Error(loaded.status());
  for (const std::string& damaged : loaded->damaged) {
    host_.error("a group of pushed metrics cannot be read and was set aside", {{"file", damaged}});
  }
  for (GroupRef& group : loaded->groups) groups_.put(group->key, group);
  groups_.ids_begin_after(loaded->last_id);
}

void PushGateway::stop() {
  if (timer_ == nullptr) return;
  host_.service<nx_ext_tasks>(NX_EXT_TASKS)
      ->timer_stop(host_.raw(), std::exchange(timer_, nullptr));
}

void PushGateway::tick() {
  const std::lock_guard lock(sampler_mutex_);
  const Status sampled = sampler_.sample(host_.now_ms());
  if (!sampled.ok()) {
    host_.warn("pushed metrics were not stored this time", {{"reason", sampled.message()}});
  }
}

Status PushGateway::handle(const nx_ingest_request& request, sdk::IngestReply reply) {
  const std::string_view method = view(request.method);
  const auto counted = [&](std::string_view handler, int code) {
    counts_.count(handler, method, code);
    return Status();
  };
  switch (request.route_id) {
    case kPut:
    case kPost: {
      const std::int64_t begin = host_.mono_ns();
      const int code = push(request, reply);
      counts_.push(method, view(*request.body).size(), host_.mono_ns() - begin);
      return counted("push", code);
    }
    case kDelete:
      return counted("delete", remove(request, reply));
    case kMetrics:
      return counted("api/v1/metrics", show_groups(reply));
    case kStatus:
      return counted("api/v1/status", show_status(reply));
    case kWipe:
      return counted("wipe", wipe(reply));
    default:
      show_exposition(request, reply);
      return {};
  }
}

int PushGateway::push(const nx_ingest_request& request, sdk::IngestReply& reply) {
  constexpr int kTooLarge = 413;
  const NameRule rule = options_.utf8_names ? NameRule::kAnyUtf8 : NameRule::kPlain;
  if (redirect(request, reply)) return 301;
  const Result<GroupingKey> key = parse_grouping_key(param_of(request, "key"), rule);
  if (!key.ok()) return refuse(reply, key.status());
  const Result<std::string> body = undo_encoding(sdk::header_of(request, "content-encoding"),
                                                 view(*request.body), request.body_max_bytes);
  if (body.status().code() == NX_ERR_EXHAUSTED) {
    return answer(reply, kTooLarge, body.status().message());
  }
  if (!body.ok()) return refuse(reply, body.status());
  Result<std::vector<Family>> families =
      read_body(sdk::header_of(request, "content-type"), *body, rule);
  if (!families.ok()) return refuse(reply, families.status());
  return take(*key, {*std::move(families), request.route_id == kPut, host_.now_ms()}, reply);
}

int PushGateway::take(const GroupingKey& key, PushedFamilies pushed, sdk::IngestReply& reply) {
  const std::int64_t now_ms = pushed.now_ms;
  const std::lock_guard lock(mutex_of(key));
  const Result<Groups::Change> change = groups_.push(key, std::move(pushed));
  if (change.ok()) {
    const Status durable = make_durable(*change);
    if (durable.ok()) return answer(reply, 200);
    groups_.put(key, change->before);
    return refuse(reply, durable);
  }
  if (change.status().code() != NX_ERR_INVALID_DATA) return refuse(reply, change.status());
  host_.warn("pushed metrics are invalid or inconsistent with existing metrics",
             {{"err", change.status().message()}});
  // The failure shows in the group; if that cannot be kept, the answer is the same.
  const Result<Groups::Change> noted = groups_.note_failure(key, now_ms);
  if (noted.ok() && !make_durable(*noted).ok()) groups_.put(key, noted->before);
  return answer(reply, 400,
                "pushed metrics are invalid or inconsistent with existing metrics: " +
                    change.status().message());
}

int PushGateway::remove(const nx_ingest_request& request, sdk::IngestReply& reply) {
  const NameRule rule = options_.utf8_names ? NameRule::kAnyUtf8 : NameRule::kPlain;
  if (redirect(request, reply)) return 301;
  const Result<GroupingKey> key = parse_grouping_key(param_of(request, "key"), rule);
  if (!key.ok()) return refuse(reply, key.status());
  const std::lock_guard lock(mutex_of(*key));
  const Status durable = make_durable({groups_.find(*key), nullptr});
  if (!durable.ok()) return refuse(reply, durable);
  groups_.put(*key, nullptr);
  return answer(reply, 202);
}

int PushGateway::wipe(sdk::IngestReply& reply) {
  if (!options_.enable_admin_api) {
    return answer(reply, 404,
                  "the admin API of the pushgateway is off: enable_admin_api = true turns it on");
  }
  for (const GroupRef& group : groups_.all()) {
    const std::lock_guard lock(mutex_of(group->key));
    const Status durable = make_durable({groups_.find(group->key), nullptr});
    if (!durable.ok()) return refuse(reply, durable);
    groups_.put(group->key, nullptr);
  }
  return answer(reply, 202);
}

int PushGateway::show_groups(sdk::IngestReply& reply) const {
  return answer_json(reply, groups_json(groups_.all()));
}

// Versions are the host's, flags have the gateway's names.
int PushGateway::show_status(sdk::IngestReply& reply) const {
  const auto truth = [](bool value) { return value ? "\"true\"" : "\"false\""; };
  std::string data = "{\"build_information\":{\"version\":";
  sdk::append_json_text(data, view(host_.raw()->version));
  data += ",\"product\":";
  sdk::append_json_text(data, view(host_.raw()->product));
  data += "},\"flags\":{\"interval\":\"";
  data += std::to_string(options_.interval_ms) + "ms\",\"persistence\":";
  data += truth(options_.persistence);
  data += ",\"push.enable-utf8-names\":";
  data += truth(options_.utf8_names);
  data += ",\"web.enable-admin-api\":";
  data += truth(options_.enable_admin_api);
  data += "},\"start_time\":\"" + rfc3339(started_ms_) + "\"}";
  return answer_json(reply, data);
}

int PushGateway::show_exposition(const nx_ingest_request& request, sdk::IngestReply& reply) const {
  const bool utf8 = accepts_utf8(sdk::header_of(request, "accept"));
  reply.header("Content-Type", utf8 ? "text/plain; version=1.0.0; charset=utf-8; "
                                      "escaping=allow-utf-8"
                                    : "text/plain; version=0.0.4; charset=utf-8; "
                                      "escaping=underscores");
  reply.status(200);
  reply.body(expose(groups_.all(), utf8));
  return 200;
}

Status PushGateway::make_durable(const Groups::Change& change) const {
  if (!files_) return {};
  if (change.after != nullptr) return files_->write(*change.after);
  return change.before != nullptr ? files_->remove(change.before->id) : Status();
}

std::mutex& PushGateway::mutex_of(const GroupingKey& key) {
  std::size_t hash = 0;
  for (const auto& [name, value] : key) {
    hash = hash * 31 + std::hash<std::string>()(name) * 7 + std::hash<std::string>()(value);
  }
  return key_mutexes_[hash % key_mutexes_.size()];
}

}  // namespace narthex::ingest::pushgateway
