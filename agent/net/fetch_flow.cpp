// SPDX-License-Identifier: Apache-2.0
#include "net/fetch_flow.hpp"

#include "net/compression.hpp"
#include "net/failure_text.hpp"
#include "net/request_head.hpp"
#include "net/target.hpp"

#include <algorithm>
#include <utility>

namespace narthex::net {
namespace {

constexpr int kRedirectsMax = 10;
// Larger bodies are inflated on a worker: the I/O thread has others to serve.
constexpr std::size_t kInflateHereBytes = 64 << 10;
// libcurl ends a transfer by its own clock; this ends one that it forgot, or a look-up before it.
constexpr std::int64_t kGuardNs = 100'000'000;

bool clean(std::string_view text) { return text.find_first_of("\r\n") == std::string_view::npos; }

Status check_request(const FetchRequest& request) {
  if (!is_token(request.method)) return invalid_argument("net/http: invalid method");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || !clean(value)) {
      return invalid_argument("net/http: invalid header field " + name);
    }
  }
  return {};
}

// "user:password" of a URL, escaped there.
std::string authorization_of(const std::string& user_info) {
  const std::size_t colon = std::min(user_info.find(':'), user_info.size());
  const auto user = percent_decode(user_info.substr(0, colon), false);
  const auto password =
      percent_decode(colon < user_info.size() ? user_info.substr(colon + 1) : std::string(), false);
  return basic_authorization(user.value_or(""), password.value_or(""));
}

bool is_redirect(const HopResponse& response) {
  const int s = response.status;
  const bool redirect = s == 301 || s == 302 || s == 303 || s == 307 || s == 308;
  return redirect && has(response.headers, "location");
}

Status inflate_failure(const Status& status) {
  if (status.code() == NX_ERR_EXHAUSTED) return {NX_ERR_EXHAUSTED, "body size limit exceeded"};
  return invalid_data("gzip: the body is damaged or cut short");
}

}  // namespace

ClientCore::ClientCore(const ClientOptions& o, std::shared_ptr<Engines> e, std::string agent)
    : options(o),
      engines(std::move(e)),
      user_agent(std::move(agent)),
      credentials(o),
      tls(o.tls),
      proxies(o.proxy_url, o.no_proxy, o.proxy_from_environment, o.proxy_connect_header) {}

FetchFlow::FetchFlow(std::shared_ptr<ClientCore> core, FetchRequest request, FetchDone done)
    : core_(std::move(core)),
      request_(std::move(request)),
      done_(std::move(done)),
      deadline_ns_(core_->engines->now_ns() + request_.timeout_ms * 1'000'000) {}

void FetchFlow::start() {
  core_->engines->on_strand([self = shared_from_this()] { self->begin(); });
}

void FetchFlow::cancel() {
  core_->engines->on_strand([self = shared_from_this()] { self->end(cancelled_failure()); });
}

void FetchFlow::begin() {
  if (done_ == nullptr) return;
  const Status checked = check_request(request_);
  if (!checked.ok()) return finish(checked.with_prefix(request_.url));
  auto url = parse_url(request_.url);
  if (!url.ok()) return finish(url.status().with_prefix(request_.url));
  url_ = first_ = *std::move(url);
  next_hop();
}

// Puts the method and the place in front, as Go's client does; not for failures of reading a body.
Status FetchFlow::with_place(const Status& status) const {
  return {status.code(), fetch_prefix(request_.method, url_.text()) + status.message()};
}

void FetchFlow::fail(const Status& status) { finish(with_place(status)); }

void FetchFlow::next_hop() {
  if (url_.scheme != "http" && url_.scheme != "https") {
    return fail(invalid_argument("unsupported protocol scheme \"" + url_.scheme + "\""));
  }
  const bool plain = url_.scheme == "http" && core_->proxies.choose(url_).url.empty();
  if ((!plain || core_->oauth2 != nullptr) && !std::exchange(guarded_, true)) guard();
  if (core_->oauth2 == nullptr || !same_place(first_, url_)) return send_hop({});
  const std::int64_t left_ms = (deadline_ns_ - core_->engines->now_ns()) / 1'000'000;
  core_->oauth2->token(left_ms, [self = shared_from_this()](const Result<std::string>& token) {
    if (self->done_ == nullptr) return;
    if (!token.ok()) return self->fail(token.status());
    self->send_hop(*token);
  });
}

void FetchFlow::guard() {
  guard_ = core_->engines->executor().at(
      deadline_ns_ + kGuardNs, runtime::Pool::kIo, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->core_->engines->on_strand([self] { self->end(deadline_failure()); });
      });
}

// Ends whatever is going on.
void FetchFlow::end(const Status& status) {
  if (done_ == nullptr) return;
  if (const auto hop = std::exchange(in_flight_, nullptr)) hop->abandon();
  if (status.code() == NX_ERR_CANCELLED) return finish(status);
  fail(status);
}

void FetchFlow::send_hop(const std::string& token) {
  auto hop = make_hop(token);
  if (!hop.ok()) return fail(hop.status());
  auto started = core_->engines->start(*std::move(hop), [self = shared_from_this()](HopOutcome o) {
    self->in_flight_.reset();
    if (self->done_ != nullptr) self->on_hop(std::move(o));
  });
  // It may be over by now, and even the next one begun.
  if (done_ != nullptr && in_flight_ == nullptr) in_flight_ = std::move(started);
}

Result<Hop> FetchFlow::make_hop(const std::string& token) {
  Hop hop;
  hop.method = request_.method;
  hop.url = url_;
  hop.deadline_ns = deadline_ns_;
  hop.header_max_bytes = request_.header_max_bytes;
  hop.body_max_bytes = request_.body_max_bytes;
  hop.http2 = core_->options.enable_http2;
  hop.body = request_.body;
  const bool trusted = same_place(first_, url_);
  for (const auto& [name, value] : request_.headers) {
    if (trusted || !is_secret_header(name)) hop.headers.emplace_back(name, value);
  }
  if (!has_header(hop.headers, "user-agent"))
    hop.headers.emplace_back("User-Agent", core_->user_agent);
  if (!has_header(hop.headers, "accept-encoding")) {
    hop.headers.emplace_back("Accept-Encoding", request_.accept_gzip ? "gzip" : "identity");
  }
  if (trusted) {
    if (!token.empty()) hop.headers.emplace_back("Authorization", "Bearer " + token);
    const Status status = core_->credentials.apply(hop.headers);
    if (!status.ok()) return status;
  }
  if (!url_.user_info.empty() && !has_header(hop.headers, "authorization")) {
    hop.headers.emplace_back("Authorization", authorization_of(url_.user_info));
  }
  hop.proxy = core_->proxies.choose(url_);
  if (url_.scheme == "https" || !hop.proxy.url.empty()) {
    auto tls = core_->tls.current();
    if (!tls.ok()) return tls.status();
    hop.tls = *tls;
  }
  return hop;
}

void FetchFlow::on_hop(HopOutcome outcome) {
  if (!outcome.failure.ok()) {
    return outcome.in_body ? finish(outcome.failure) : fail(outcome.failure);
  }
  if (core_->options.follow_redirects && is_redirect(outcome.response)) {
    return follow(outcome.response);
  }
  deliver(std::move(outcome.response));
}

void FetchFlow::follow(const HopResponse& response) {
  auto next = resolve_url(url_, first(response.headers, "location"));
  if (!next.ok()) {
    return fail(invalid_data("failed to parse Location header: " + next.status().message()));
  }
  // What was sent once is sent again only when the status says so.
  const bool repeat = response.status == 307 || response.status == 308;
  if (!repeat && request_.method != "HEAD" && request_.method != "GET") {
    request_.method = "GET";
    request_.body.clear();
    std::erase_if(request_.headers,
                  [](const auto& header) { return lower(header.first).starts_with("content-"); });
  }
  url_ = *std::move(next);
  if (++hops_ >= kRedirectsMax) return fail(unavailable("stopped after 10 redirects"));
  next_hop();
}

void FetchFlow::deliver(HopResponse response) {
  if (lower(first(response.headers, "content-encoding")) == "gzip" && !response.body.empty()) {
    return inflate(std::move(response));
  }
  FetchResponse result;
  result.status = response.status;
  result.status_line = std::move(response.status_line);
  result.headers = std::move(response.headers);
  result.wire_bytes = response.body.size();
  result.body = make_buffer(std::move(response.body));
  result.url = url_.text();
  finish(std::move(result));
}

void FetchFlow::inflate(HopResponse response) {
  const auto work = [max = request_.body_max_bytes](HopResponse& r) -> Result<FetchResponse> {
    auto body = decompress("gzip", r.body, max);
    if (!body.ok()) return inflate_failure(body.status());
    FetchResponse result;
    result.status = r.status;
    result.status_line = std::move(r.status_line);
    result.headers = std::move(r.headers);
    std::erase_if(result.headers, [](const auto& h) { return h.first == "content-encoding"; });
    result.wire_bytes = r.body.size();
    result.body = make_buffer(*std::move(body));
    return result;
  };
  const auto conclude = [self = shared_from_this()](Result<FetchResponse> result) {
    if (self->done_ == nullptr) return;
    if (result.ok()) result->url = self->url_.text();
    self->finish(std::move(result));
  };
  if (response.body.size() <= kInflateHereBytes) return conclude(work(response));
  auto held = std::make_shared<HopResponse>(std::move(response));
  core_->engines->executor().post(
      runtime::Pool::kWorker, [work, conclude, held, engines = core_->engines] {
        auto result = std::make_shared<Result<FetchResponse>>(work(*held));
        engines->on_strand([conclude, result] { conclude(std::move(*result)); });
      });
}

void FetchFlow::finish(Result<FetchResponse> result) {
  guard_.cancel();
  in_flight_.reset();
  if (const FetchDone done = std::exchange(done_, nullptr)) done(std::move(result));
}

}  // namespace narthex::net
