// SPDX-License-Identifier: Apache-2.0
// remote.cpp - what other servers ask for: read (remote read) and /federate.
#include "api/api.hpp"
#include "api/routes.hpp"
#include "api/selectors.hpp"
#include "federate/encoder.hpp"
#include "remote_read/server.hpp"
#include "runtime/executor.hpp"
#include "telemetry/metrics.hpp"

#include <algorithm>

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kReadBodyMax = 32 << 20;

Response plain_error(int status, const std::string& text) {
  return Response::text(status, text + "\n");
}

// External labels, and an empty instance for what has none: the federating server would add its own
// otherwise.
federate::AddedLabels added_labels(const config::Config& config) {
  federate::AddedLabels added = config.scrape.external_labels;
  const auto at = std::lower_bound(added.begin(), added.end(), "instance",
                                   [](const auto& l, auto name) { return l.first < name; });
  if (at == added.end() || at->first != "instance") added.insert(at, {"instance", ""});
  return added;
}

class Federation {
 public:
  explicit Federation(const Services& services)
      : services_(services),
        errors_(services.registry.counter(
            "prometheus_web_federation_errors_total",
            "Total number of errors that occurred while sending federation responses.")) {
    services.registry.counter(
        "prometheus_web_federation_warnings_total",
        "Total number of warnings that occurred while sending federation responses.");
  }

  Response handle(const Request& request) {
    if (services_.status.config()->agent) {
      return plain_error(500, "unsupported operation with WAL-only storage");
    }
    const Result<std::vector<Selector>> selectors = parse_selectors(request.values("match[]"));
    if (!selectors.ok()) return plain_error(400, selectors.status().message());
    const auto config = services_.status.config();
    const std::int64_t now_ms = services_.executor.clock().now_ms();
    const auto latest =
        federate::Latest::collect(services_.store, *selectors, now_ms - config->query.lookback_ms,
                                  now_ms, config->query.max_samples, request.cancellation);
    if (!latest.ok()) return failed(latest.status());
    const federate::Format format = federate::negotiate(request.header("accept"));
    Response response;
    response.headers.emplace_back("Content-Type", format.content_type());
    const auto encoder =
        std::make_shared<federate::Encoder>(*latest, format, added_labels(*config));
    response.produce = [encoder](std::string& out) { return encoder->produce(out); };
    return response;
  }

 private:
  Response failed(const Status& status) {
    errors_.add();
    if (status.code() == NX_ERR_EXHAUSTED) return plain_error(422, status.message());
    return plain_error(status.code() == NX_ERR_UNAVAILABLE ? 503 : 500, status.message());
  }

  const Services services_;
  telemetry::Counter& errors_;
};

}  // namespace

Status mount_remote(const Services& s) {
  const auto reads = std::make_shared<remote_read::Server>(s.store, s.registry,
                                                           s.status.config()->http.remote_read);
  RouteOptions post{.methods = {"POST"}, .lane = net::Lane::kQuery, .body_max_bytes = kReadBodyMax};
  post.raw_body = true;
  const Status added = add_route(s, "/api/v1/read", post, [s, reads](const Request& request) {
    return reads->handle(request, s.status.config()->scrape.external_labels);
  });
  if (!added.ok()) return added;
  const auto federation = std::make_shared<Federation>(s);
  return add_route(s, "/federate", {.lane = net::Lane::kQuery, .cors = false},
                   [federation](const Request& request) { return federation->handle(request); });
}

}  // namespace narthex::api
