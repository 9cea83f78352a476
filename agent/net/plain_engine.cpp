// SPDX-License-Identifier: Apache-2.0
#include "net/plain_engine.hpp"

#include "net/failure_text.hpp"
#include "net/plain_hop.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace narthex::net {
namespace {

// As Prometheus's transport: connections are kept five minutes.
constexpr std::int64_t kIdleNs = 300'000'000'000;
constexpr auto kSweepEvery = std::chrono::seconds(30);
constexpr std::size_t kIdleMax = 20'000;
constexpr std::size_t kIdlePerKeyMax = 64;

}  // namespace

PlainEngine::PlainEngine(runtime::AsioExecutor& executor, Strand strand)
    : executor_(executor),
      strand_(std::move(strand)),
      resolver_(std::make_shared<Resolver>(
          executor, [s = strand_](runtime::Task task) { boost::asio::post(s, std::move(task)); })),
      scratch_(new char[kScratchBytes]),
      sweep_(strand_) {}

std::shared_ptr<HopInFlight> PlainEngine::start(Hop hop, HopDone done) {
  auto in_flight = std::make_shared<PlainHop>(shared_from_this(), std::move(hop), std::move(done));
  hops_.insert(in_flight);
  if (closed_) {
    in_flight->fail(cancelled_failure());
  } else {
    in_flight->start();
  }
  return in_flight;
}

void PlainEngine::ended(PlainHop& hop) { hops_.erase(hop.shared_from_this()); }

std::shared_ptr<PlainConnection> PlainEngine::take_idle(const std::string& key) {
  const auto at = idle_.find(key);
  if (at == idle_.end()) return nullptr;
  // The one used last: the others may grow old and be closed.
  std::shared_ptr<PlainConnection> connection = std::move(at->second.back());
  at->second.pop_back();
  if (at->second.empty()) idle_.erase(at);
  --idle_count_;
  return connection;
}

void PlainEngine::keep(std::shared_ptr<PlainConnection> connection) {
  auto& kept = idle_[connection->key];
  if (closed_ || idle_count_ >= kIdleMax || kept.size() >= kIdlePerKeyMax) {
    if (kept.empty()) idle_.erase(connection->key);
    connection->close();
    return;
  }
  connection->idle_until_ns = now_ns() + kIdleNs;
  connection->wait_readable();
  kept.push_back(std::move(connection));
  ++idle_count_;
  sweep_later();
}

void PlainEngine::drop(PlainConnection& connection) {
  const auto at = idle_.find(connection.key);
  if (at == idle_.end()) return;
  idle_count_ -=
      std::erase_if(at->second, [&](const auto& kept) { return kept.get() == &connection; });
  if (at->second.empty()) idle_.erase(at);
}

void PlainEngine::sweep_later() {
  if (std::exchange(sweeping_, true)) return;
  sweep_.expires_after(kSweepEvery);
  sweep_.async_wait([self = shared_from_this()](boost::system::error_code aborted) {
    self->sweeping_ = false;
    if (!aborted) self->sweep();
  });
}

void PlainEngine::sweep() {
  const std::int64_t now = now_ns();
  for (auto at = idle_.begin(); at != idle_.end();) {
    idle_count_ -= std::erase_if(at->second, [&](const auto& kept) {
      if (kept->idle_until_ns > now) return false;
      kept->close();
      return true;
    });
    at = at->second.empty() ? idle_.erase(at) : std::next(at);
  }
  if (idle_count_ != 0) sweep_later();
}

void PlainEngine::close() {
  closed_ = true;
  sweep_.cancel();
  resolver_->close();
  for (const auto& hop : std::vector(hops_.begin(), hops_.end())) hop->fail(cancelled_failure());
  drop_idle();
}

void PlainEngine::drop_idle() {
  for (const auto& [key, kept] : std::exchange(idle_, {})) {
    for (const auto& connection : kept) connection->close();
  }
  idle_count_ = 0;
}

}  // namespace narthex::net
