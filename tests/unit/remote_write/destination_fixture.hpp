// SPDX-License-Identifier: Apache-2.0
// destination_fixture.hpp - a destination over a log, on an executor that the test moves, with a
// client that the test answers for.
#pragma once

#include "remote_write/destination.hpp"
#include "tests/support/manual_executor.hpp"
#include "tests/unit/remote_write/log_fixture.hpp"

#include <snappy.h>

#include <deque>
#include <map>

namespace narthex::remote_write {

class ScriptedClient final : public net::Client {
 public:
  struct Pending {
    net::FetchRequest request;
    net::FetchDone done;
  };
  class NoFetch final : public net::Fetch {
    void cancel() override {}
  };
  std::shared_ptr<net::Fetch> fetch(net::FetchRequest request, net::FetchDone done) override {
    pending.push_back({std::move(request), std::move(done)});
    return std::make_shared<NoFetch>();
  }
  std::deque<Pending> pending;
};

struct DestinationFixture : LogFixture {
  explicit DestinationFixture(DestinationOptions wanted = {}, QueueLogOptions log_options = {})
      : LogFixture(log_options), destination_options(wanted) {
    destination_options.url = destination_options.shown_url = "http://receiver/write";
    destination_options.name = "test";
    start();
  }
  ~DestinationFixture() { kill(); }

  void start() {
    client = std::make_shared<ScriptedClient>();
    Result<relabel::Program> rules =
        relabel::Program::compile(destination_options.write_relabel_configs);
    destination = std::make_shared<Destination>(
        DestinationServices{executor, registry, *log, counts,
                            [this]() -> Result<FamilyTable> { return families; }},
        destination_options, SeriesMapper(external, *std::move(rules)), client,
        folder.file("d.place"));
    const Status started = destination->start();
    if (!started.ok()) throw std::runtime_error(started.message());
    executor.run_ready();
  }
  // As kill -9 does it: nothing is said to anybody.
  void kill() {
    destination->stop();
    destination.reset();
    executor.run_ready();
  }
  void restart() {
    kill();
    reopen();
    start();
  }

  // Writes rows of one series a time; series differ by label `s`.
  void put(const std::vector<std::pair<int, double>>& rows) {
    FrameBuilder frame;
    std::map<int, bool> named;
    for (const auto& [series, value] : rows) {
      if (named.emplace(series, true).second) {
        frame.series(static_cast<std::uint32_t>(series),
                     encoded_labels({{"__name__", "up"}, {"s", std::to_string(series)}}));
      }
      frame.sample(static_cast<std::uint32_t>(series), executor.clock().now_ms() + ++times, 0,
                   value);
    }
    const auto count = frame.rows();
    if (!log->append(frame.take(), count, 0).ok()) throw std::runtime_error("no append");
    destination->wake();
    executor.run_ready();
  }

  // The body of the oldest request that waits for its answer.
  std::string body() const {
    std::string out;
    const std::string& packed = client->pending.front().request.body;
    snappy::Uncompress(packed.data(), packed.size(), &out);
    return out;
  }
  void answer(int status, net::Params headers = {}) {
    net::FetchResponse response;
    response.status = status;
    response.status_line = std::to_string(status) + " Answer";
    response.headers = std::move(headers);
    answer_with(std::move(response));
  }
  void answer_with(Result<net::FetchResponse> response) {
    const ScriptedClient::Pending pending = std::move(client->pending.front());
    client->pending.pop_front();
    pending.done(std::move(response));
    executor.run_ready();
  }
  std::size_t waiting() const { return client->pending.size(); }
  void wait_for_deadline() {
    executor.advance_ms(destination_options.queue.batch_send_deadline_ms);
    executor.run_ready();
  }

  test::ManualExecutor executor;
  telemetry::Registry registry;
  TapCounts counts;
  FamilyTable families;
  Labels external;
  DestinationOptions destination_options;
  std::shared_ptr<ScriptedClient> client;
  std::shared_ptr<Destination> destination;
  std::int64_t times = 0;
};

}  // namespace narthex::remote_write
