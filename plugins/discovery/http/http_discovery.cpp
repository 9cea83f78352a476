// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/http/http_discovery.hpp"

#include "plugins/discovery/http/target_response.hpp"

#include <narthex/sdk/buffer.hpp>
#include <narthex/sdk/shown_url.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace narthex::http_discovery {
namespace {

nx_kv text_entry(std::string_view key, std::string_view text) {
  nx_value v{};
  v.type = NX_STRING;
  v.len = static_cast<std::uint32_t>(text.size());
  v.u.s = text.data();
  return {to_nx(key), v};
}

}  // namespace

struct HttpDiscovery::Answer {
  int status = 0;
  std::string content_type;
  BufferRef body;
  Status failure;

  static void NX_CALL take(void* user, const nx_http_response* response, const nx_error* err) {
    (void)sdk::guard(nullptr, [&] { static_cast<Answer*>(user)->fill(response, err); });
  }
  void fill(const nx_http_response* response, const nx_error* err) {
    if (response == nullptr) {
      const std::string_view text =
          err != nullptr ? std::string_view(err->text, err->text_len) : "";
      failure = Status(err != nullptr && err->code < 0 ? err->code : NX_ERR_UNAVAILABLE,
                       std::string(text));
      return;
    }
    status = response->status;
    body = BufferRef::share(response->body);
    for (std::uint32_t i = 0; i < response->header_count; ++i) {
      const nx_kv& header = response->headers[i];
      if (view(header.key) != "content-type") continue;
      content_type = sdk::Value(&header.value).get<std::string>();
    }
  }
};

HttpDiscovery::HttpDiscovery(sdk::Host host, Options options, sdk::Value config)
    : host_(host),
      options_(std::move(options)),
      config_(config),
      http_(*host.service<nx_ext_http>(NX_EXT_HTTP)),
      failures_(host, NX_TYPE_COUNTER, "prometheus_sd_http_failures_total",
                "Number of HTTP service discovery refresh failures.") {}

Status HttpDiscovery::validate(sdk::Host host, const Options& options, sdk::Value config) {
  const Status checked = check_url(options.url);
  if (checked.ok()) return {};
  const sdk::Value url = config["url"];
  return host.config_error(url ? url : config, checked.message());
}

Status HttpDiscovery::start() {
  sdk::ErrorSlot err;
  return err.status(http_.client_new(host_.raw(), config_.raw(), &client_, &err));
}

void HttpDiscovery::stop() {
  if (client_ != nullptr) http_.client_free(host_.raw(), std::exchange(client_, nullptr));
}

Status HttpDiscovery::refresh(sdk::DiscoverySink& sink) {
  const auto refreshed = [&]() -> Status {
    Answer answer;
    const Status fetched = fetch(answer);
    if (!fetched.ok()) return fetched;
    const Status usable = check_response(answer.status, answer.content_type);
    if (!usable.ok()) return usable;
    const auto groups = parse(answer.body.text());
    return groups.ok() ? sink.update(*groups) : groups.status();
  }();
  if (!refreshed.ok()) failures_.add();
  return refreshed;
}

Status HttpDiscovery::fetch(Answer& answer) const {
  const std::string seconds = seconds_text(options_.refresh_interval_ms);
  const nx_kv headers[] = {text_entry("Accept", "application/json"),
                           text_entry("X-Prometheus-Refresh-Interval-Seconds", seconds)};
  nx_http_request request{};
  request.struct_size = sizeof request;
  request.url = to_nx(options_.url);
  request.headers = headers;
  request.header_count = static_cast<std::uint32_t>(std::size(headers));
  request.timeout_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(
      options_.refresh_interval_ms, std::numeric_limits<std::uint32_t>::max()));
  sdk::ErrorSlot err;
  const nx_status returned =
      http_.request(host_.raw(), client_, &request, &Answer::take, &answer, &err);
  const std::string what = "Get \"" + sdk::shown_url(options_.url) + '"';
  if (returned < 0) return err.status(returned).with_prefix(what);
  return answer.failure.with_prefix(what);
}

Result<std::vector<sdk::TargetGroup>> HttpDiscovery::parse(std::string_view body) const {
  Result<std::vector<sdk::TargetGroup>> groups = internal_error("no tree");
  const Status parsed = sdk::parse_text(
      host_, NX_TEXT_JSON, sdk::shown_url(options_.url), body,
      [&](sdk::Value tree) { groups = read_groups(sdk::shown_url(options_.url), tree); });
  if (!parsed.ok()) return parsed;
  return groups;
}

}  // namespace narthex::http_discovery
