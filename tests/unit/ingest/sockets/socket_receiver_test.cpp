// SPDX-License-Identifier: Apache-2.0
// A receiver with sockets of its own, over a component that records what it is given.
#include "ingest/socket_receiver.hpp"
#include "storage/memory/memory_storage.hpp"
#include "support/direct_instance.hpp"
#include "unit/net/raw_peer.hpp"

#include <narthex/sdk/ingest.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace narthex::test {
namespace {

// What the recording component has seen, and what it answers. One test at a time.
struct Record {
  // Waits until the condition holds, which is looked at after every call of the component.
  bool until(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), condition);
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::string taken;  // of calls that worked; guarded by mutex, as all below
  int calls = 0;
  int flushes = 0;
  int flushes_at_stop = -1;
  std::optional<Status> answer;  // given instead of taking
};
Record* record = nullptr;

struct Recorder {
  static constexpr std::string_view kName = "recorder";
  static constexpr std::string_view kSummary = "Records packets";
  explicit Recorder(sdk::Host) {}
  void stop() { record->flushes_at_stop = record->flushes; }
  Status packets(std::span<const nx_bytes> packets, std::span<const nx_str>, nx_appender*) {
    const std::lock_guard lock(record->mutex);
    ++record->calls;
    record->changed.notify_all();
    if (record->answer) return *record->answer;
    for (const nx_bytes& packet : packets) record->taken += view(packet);
    return Status();
  }
  Status flush(nx_appender*) {
    const std::lock_guard lock(record->mutex);
    ++record->flushes;
    record->changed.notify_all();
    return Status();
  }
};

struct SocketFixture {
  explicit SocketFixture(std::int64_t flush_interval_ms = 60'000)
      : storage(DirectInstance::make(*sdk::Storage<storage::memory::MemoryStorage>::component(),
                                     host)) {
    record = &seen;
    ingest::ReceiverOptions options;
    options.plugin = "recorder";
    options.listen = "127.0.0.1:0";
    options.flush_interval_ms = flush_interval_ms;
    receiver.emplace(options, DirectInstance::make(*sdk::Ingest<Recorder>::component(), host),
                     executor, store, registry);
    const Status status = receiver->start();
    INFO(status.message());
    REQUIRE(status.ok());
  }
  ~SocketFixture() {
    receiver.reset();
    executor.stop();
    record = nullptr;
  }
  tests::RawSocket connect() {
    return tests::RawSocket::connect(tests::port_of(receiver->address()));
  }
  void stop() { receiver->stop(executor.clock().mono_ns() + 5'000'000'000); }
  bool shows(const std::string& line) {
    return telemetry::render_text(registry).find(line) != std::string::npos;
  }

  Record seen;
  FakeHost host;
  telemetry::Registry registry;
  runtime::AsioExecutor executor{runtime::ExecutorOptions{1, 4, 1}};
  std::shared_ptr<DirectInstance> storage;
  store::Store store{storage};
  std::optional<ingest::SocketReceiver> receiver;
};

TEST_CASE("packets reach the plugin in order", "[ingest][sockets]") {
  SocketFixture f;
  tests::RawSocket sender = f.connect();
  std::string all;
  for (int i = 0; i < 1000; ++i) all += "line " + std::to_string(i) + "\n";
  REQUIRE(sender.send(all));
  CHECK(f.seen.until([&] { return f.seen.taken == all; }));
}

TEST_CASE("what cannot be stored now comes again, unchanged", "[ingest][sockets]") {
  SocketFixture f;
  {
    const std::lock_guard lock(f.seen.mutex);
    f.seen.answer = Status(NX_ERR_UNAVAILABLE, "disk full");
  }
  tests::RawSocket sender = f.connect();
  REQUIRE(sender.send("1\n"));
  REQUIRE(f.seen.until([&] { return f.seen.calls == 1; }));
  REQUIRE(sender.send("2\n"));
  {
    const std::lock_guard lock(f.seen.mutex);
    f.seen.answer.reset();
  }
  CHECK(f.seen.until([&] { return f.seen.taken == "1\n2\n"; }));
  CHECK(f.shows(R"(narthex_ingest_failed_runs_total{receiver="recorder"} 1)"));
  CHECK(f.shows(R"(narthex_ingest_lost_bytes_total{receiver="recorder"} 0)"));
}

TEST_CASE("what fails for good is dropped and counted, and the next goes on", "[ingest][sockets]") {
  SocketFixture f;
  {
    const std::lock_guard lock(f.seen.mutex);
    f.seen.answer = invalid_data("no");
  }
  tests::RawSocket sender = f.connect();
  REQUIRE(sender.send("bad\n"));
  REQUIRE(f.seen.until([&] { return f.seen.calls == 1; }));
  {
    const std::lock_guard lock(f.seen.mutex);
    f.seen.answer.reset();
  }
  REQUIRE(sender.send("good\n"));
  CHECK(f.seen.until([&] { return f.seen.taken == "good\n"; }));
  CHECK(f.shows(R"(narthex_ingest_lost_bytes_total{receiver="recorder"} 4)"));
}

TEST_CASE("the plugin is flushed at its interval", "[ingest][sockets]") {
  SocketFixture f(100);
  CHECK(f.seen.until([&] { return f.seen.flushes >= 3; }));
}

TEST_CASE("at the end everything that was sent is taken, and flushed", "[ingest][sockets]") {
  SocketFixture f;
  tests::RawSocket sender = f.connect();
  std::string all;
  for (int i = 0; i < 10'000; ++i) all += "line " + std::to_string(i) + "\n";
  REQUIRE(sender.send(all));
  f.stop();
  // What had not reached the kernel's buffer was never taken from the sender; it is a tail.
  const std::lock_guard lock(f.seen.mutex);
  CHECK(!f.seen.taken.empty());
  CHECK(all.compare(0, f.seen.taken.size(), f.seen.taken) == 0);
  CHECK(f.seen.taken.back() == '\n');
  CHECK(f.seen.flushes == 1);
  CHECK(f.seen.flushes_at_stop == 1);
}

TEST_CASE("an end while the storage takes nothing says what was lost", "[ingest][sockets]") {
  SocketFixture f;
  {
    const std::lock_guard lock(f.seen.mutex);
    f.seen.answer = Status(NX_ERR_UNAVAILABLE, "disk full");
  }
  tests::RawSocket sender = f.connect();
  REQUIRE(sender.send("1\n"));
  REQUIRE(f.seen.until([&] { return f.seen.calls >= 1; }));
  f.stop();
  CHECK(f.shows(R"(narthex_ingest_lost_bytes_total{receiver="recorder"} 2)"));
}

}  // namespace
}  // namespace narthex::test
