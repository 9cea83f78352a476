// SPDX-License-Identifier: Apache-2.0
// From a socket to the memory backend: real executor, client, parser, store and storage.
#include "bus/bus.hpp"
#include "net/client.hpp"
#include "plugins/protocol/prometheus_text/text_parser.hpp"
#include "runtime/asio_executor.hpp"
#include "scrape/manager.hpp"
#include "storage/memory/database.hpp"
#include "store/store.hpp"
#include "telemetry/metrics.hpp"
#include "tests/support/plain_instance.hpp"

#include <narthex/sdk/discovery.hpp>
#include <narthex/sdk/storage.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace narthex::scrape {
namespace {

// Answers every request on 127.0.0.1 with the same body and counts them.
class LoopbackTarget {
 public:
  explicit LoopbackTarget(std::string body) : body_(std::move(body)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~LoopbackTarget() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // False: they have not come within 20 s.
  bool wait_for(int requests) {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, std::chrono::seconds(20), [&] { return requests_ >= requests; });
  }

 private:
  void serve() {
    for (int peer = 0; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
      std::string request;
      char bytes[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::recv(peer, bytes, sizeof bytes, 0);
        if (got <= 0) break;
        request.append(bytes, static_cast<std::size_t>(got));
      }
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n"
          "Content-Length: " +
          std::to_string(body_.size()) + "\r\n\r\n" + body_;
      (void)!::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
      const std::lock_guard lock(mutex_);
      ++requests_;
      came_.notify_all();
    }
  }

  const std::string body_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable came_;
  int requests_ = 0;  // guarded by mutex_
  std::thread thread_;
};

class MemoryStorage : public storage::memory::Database {
 public:
  static constexpr std::string_view kName = "memory", kSummary = "for this test";
  explicit MemoryStorage(sdk::Host)
      : Database({}, {[] { return runtime::SystemClock().now_ms(); },
                      [] { return runtime::SystemClock().mono_ns(); }}) {}
};

std::size_t count_samples(store::Store& store, std::string_view name) {
  auto querier = store.open(0, INT64_MAX);
  REQUIRE(querier.ok());
  const auto matcher = store::Matcher::make(NX_MATCH_EQ, "__name__", name);
  REQUIRE(matcher.ok());
  nx_scan_opts opts{};
  opts.maxt = INT64_MAX;
  auto cursor = querier->select(std::span(&*matcher, 1), opts);
  REQUIRE(cursor.ok());
  std::size_t samples = 0;
  while (cursor->next()) samples += cursor->block().sample_count;
  CHECK(cursor->status().ok());
  return samples;
}

TEST_CASE("a target on loopback ends up in the memory backend", "[loopback]") {
  LoopbackTarget target("# TYPE temp gauge\ntemp{room=\"a\"} 20.5\ntemp{room=\"b\"} 21\n");
  runtime::AsioExecutor pools{runtime::ExecutorOptions{}};
  runtime::AsioExecutor executor(pools, "nx-scrape");  // as in the agent: it stores, too
  telemetry::Registry registry;
  bus::Bus bus(executor, registry);
  store::Store store(std::make_shared<test::PlainInstance>(
      "memory", *sdk::Storage<MemoryStorage>::component(), nullptr));
  net::ClientFactory clients(executor, "Narthex/test");
  Manager manager({executor,
                   registry,
                   bus,
                   store,
                   {std::make_shared<test::PlainInstance>(
                       "text", *sdk::Parser<prometheus_text::TextParser>::component(), nullptr)},
                   [&](const net::ClientOptions& options) { return clients.make(options); },
                   [](const ExporterOptions&, std::string) {
                     return Result<std::shared_ptr<host::Instance>>(not_found("no exporters"));
                   },
                   "host"});
  ScrapeOptions options;
  JobOptions& job = options.jobs.emplace_back();
  job.job_name = "rooms";
  job.interval_ms = 100;
  job.timeout_ms = 100;
  REQUIRE(manager.apply(options).ok());
  auto group = std::make_shared<sdk::TargetGroup>();
  group->targets.push_back(Labels{{"__address__", target.address()}});
  const discovery::GroupChange change{"static/0", std::move(group)};
  manager.on_groups("rooms", std::span(&change, 1));

  // The next scrape begins after the one before is stored: at the fourth, three are.
  REQUIRE(target.wait_for(4));
  manager.stop(executor.clock().mono_ns() + 5'000'000'000);
  CHECK(count_samples(store, "temp") >= 6);
  CHECK(count_samples(store, "up") >= 3);
  CHECK(count_samples(store, "scrape_series_added") >= 3);
}

}  // namespace
}  // namespace narthex::scrape
