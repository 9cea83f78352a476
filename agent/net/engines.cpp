// SPDX-License-Identifier: Apache-2.0
#include "net/engines.hpp"

#include "net/failure_text.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <future>
#include <utility>

namespace narthex::net {
namespace {

// An executor that stops in this moment may never get there.
constexpr auto kCloseTime = std::chrono::seconds(2);

}  // namespace

Engines::Engines(runtime::AsioExecutor& executor)
    : executor_(executor),
      strand_(boost::asio::make_strand(executor.io_context())),
      plain_(std::make_shared<PlainEngine>(executor, strand_)) {}

void Engines::on_strand(runtime::Task task) { boost::asio::post(strand_, std::move(task)); }

Result<std::shared_ptr<CurlEngine>> Engines::curl() {
  const std::lock_guard lock(mutex_);
  if (closed_) return cancelled_failure();
  if (curl_ == nullptr) {
    auto made = CurlEngine::make(
        executor_.clock(), plain_->shared_resolver(),
        [s = strand_](runtime::Task task) { boost::asio::post(s, std::move(task)); });
    if (!made.ok()) return made.status();
    curl_ = *made;
  }
  return curl_;
}

std::shared_ptr<HopInFlight> Engines::start(Hop hop, HopDone done) {
  if (hop.url.scheme == "http" && hop.proxy.url.empty()) {
    return plain_->start(std::move(hop), std::move(done));
  }
  auto engine = curl();
  if (engine.ok()) return (*engine)->start(std::move(hop), std::move(done));
  HopOutcome outcome;
  outcome.failure = engine.status();
  done(std::move(outcome));
  return nullptr;
}

void Engines::close() {
  std::shared_ptr<CurlEngine> curl;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    curl.swap(curl_);
  }
  if (curl != nullptr) curl->close();
  // They hold the engine that holds them.
  if (executor_.io_context().stopped()) return plain_->drop_idle();
  // Waited for, so that nothing of ours is left in flight when the executor stops.
  const auto closed = std::make_shared<std::promise<void>>();
  boost::asio::post(strand_, [plain = plain_, closed] {
    plain->close();
    closed->set_value();
  });
  closed->get_future().wait_for(kCloseTime);
}

}  // namespace narthex::net
