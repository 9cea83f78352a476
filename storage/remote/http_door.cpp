// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/http_door.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/shown_url.hpp>
#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <optional>

namespace narthex::storage::remote {
namespace {

constexpr std::size_t kReasonBytes = 300;

nx_kv text_entry(std::string_view key, std::string_view text) {
  nx_value v{};
  v.type = NX_STRING;
  v.len = static_cast<std::uint32_t>(text.size());
  v.u.s = text.data();
  return {to_nx(key), v};
}

Result<HttpAnswer> answer_of(const nx_http_response* response, const nx_error* err) {
  if (response == nullptr) {
    const std::string_view text = err != nullptr ? std::string_view(err->text, err->text_len) : "";
    return unavailable(std::string(text));
  }
  return HttpAnswer{response->status, BufferRef::share(response->body)};
}

}  // namespace

// One call on its way. Shared by the waiting thread and the one that brings the answer.
class HttpDoor::Pending {
 public:
  explicit Pending(std::shared_ptr<Interrupt> interrupt) : interrupt_(std::move(interrupt)) {}

  void take(Result<HttpAnswer> answer) {
    const std::lock_guard lock(interrupt_->mutex_);
    answer_.emplace(std::move(answer));
    interrupt_->changed_.notify_all();
  }
  Result<HttpAnswer> wait() {
    std::unique_lock lock(interrupt_->mutex_);
    interrupt_->changed_.wait(lock, [&] { return answer_.has_value() || interrupt_->raised_; });
    if (answer_.has_value()) return *std::move(answer_);
    return Status(NX_ERR_CANCELLED, "the query was cancelled");
  }

 private:
  const std::shared_ptr<Interrupt> interrupt_;
  std::optional<Result<HttpAnswer>> answer_;  // guarded by the interrupt's mutex
};

Status HttpAnswer::failure(const std::string& url) const {
  std::string_view reason = body.text();
  reason = reason.substr(0, std::min(reason.find('\n'), kReasonBytes));
  const std::string text =
      sdk::shown_url(url) + " answers " + std::to_string(status) + ": " + std::string(reason);
  if (status == 429) return {NX_ERR_EXHAUSTED, text, 1000};
  return status / 100 == 4 ? invalid_data(text) : unavailable(text);
}

void Interrupt::raise() {
  const std::lock_guard lock(mutex_);
  raised_ = true;
  changed_.notify_all();
}

bool Interrupt::raised() const {
  const std::lock_guard lock(mutex_);
  return raised_;
}

HttpDoor::HttpDoor(sdk::Host host, std::int64_t timeout_ms)
    : host_(host), timeout_ms_(timeout_ms), http_(*host.service<nx_ext_http>(NX_EXT_HTTP)) {}

Status HttpDoor::open(sdk::Value config) {
  sdk::ErrorSlot err;
  return err.status(http_.client_new(host_.raw(), config.raw(), &client_, &err));
}

void HttpDoor::close() {
  if (client_ != nullptr) http_.client_free(host_.raw(), std::exchange(client_, nullptr));
}

Result<HttpAnswer> HttpDoor::call(const HttpCall& call,
                                  const std::shared_ptr<Interrupt>& interrupt) const {
  std::vector<nx_kv> headers;
  for (const auto& [name, value] : call.headers) headers.push_back(text_entry(name, value));
  nx_http_request request{};
  request.struct_size = sizeof request;
  request.method = to_nx(call.method);
  request.url = to_nx(call.url);
  request.headers = headers.data();
  request.header_count = static_cast<std::uint32_t>(headers.size());
  request.timeout_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(timeout_ms_, UINT32_MAX));
  request.body = to_nx_bytes(call.body);
  request.body_max_bytes = call.answer_max_bytes;
  // On a thread of the pool that brings answers, waiting for one of them to be brought could wait
  // for ever: there the host waits.
  const bool waits_here = interrupt != nullptr && http_.request_async != nullptr &&
                          host_.raw()->thread_kind(host_.raw()) == NX_THREAD_QUERY;
  Result<HttpAnswer> answer = waits_here ? wait_here(request, interrupt) : wait_in_host(request);
  if (answer.ok() || answer.status().code() == NX_ERR_CANCELLED) return answer;
  return answer.status().with_prefix(sdk::shown_url(call.url));
}

Result<HttpAnswer> HttpDoor::wait_in_host(const nx_http_request& request) const {
  std::optional<Result<HttpAnswer>> answer;
  sdk::ErrorSlot err;
  const nx_status returned = http_.request(
      host_.raw(), client_, &request,
      [](void* user, const nx_http_response* response, const nx_error* why) {
        (void)sdk::guard(nullptr, [&] {
          static_cast<std::optional<Result<HttpAnswer>>*>(user)->emplace(answer_of(response, why));
        });
      },
      &answer, &err);
  if (!answer.has_value()) return err.status(returned < 0 ? returned : NX_ERR_INTERNAL);
  return *std::move(answer);
}

Result<HttpAnswer> HttpDoor::wait_here(const nx_http_request& request,
                                       const std::shared_ptr<Interrupt>& interrupt) const {
  const auto pending = std::make_shared<Pending>(interrupt);
  auto held = std::make_unique<std::shared_ptr<Pending>>(pending);
  sdk::ErrorSlot err;
  const nx_status returned = http_.request_async(
      host_.raw(), client_, &request,
      [](void* user, const nx_http_response* response, const nx_error* why) {
        (void)sdk::guard(nullptr, [&] {
          const std::unique_ptr<std::shared_ptr<Pending>> own(
              static_cast<std::shared_ptr<Pending>*>(user));
          (*own)->take(answer_of(response, why));
        });
      },
      held.get(), &err);
  if (returned < 0) return err.status(returned);
  (void)held.release();  // done has it
  return pending->wait();
}

}  // namespace narthex::storage::remote
