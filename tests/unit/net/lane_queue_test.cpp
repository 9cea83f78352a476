// SPDX-License-Identifier: Apache-2.0
// Jobs of a lane: how many at once, in which order, and what becomes of those that wait.
#include "net/lane_queue.hpp"
#include "support/manual_executor.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <utility>

using namespace narthex;

namespace {

struct LaneFixture {
  std::shared_ptr<net::LaneQueue> make(int running_max, std::size_t waiting_max) {
    return std::make_shared<net::LaneQueue>(
        net::LaneQueueOptions{runtime::Pool::kWorker, running_max, waiting_max}, executor);
  }
  runtime::Task job(char name) {
    return [this, name] { done += name; };
  }
  test::ManualExecutor executor;
  std::string done;
};

}  // namespace

TEST_CASE("a lane takes as many jobs as may run and wait, and runs them in order", "[net]") {
  LaneFixture f;
  const auto lane = f.make(1, 2);
  CHECK(lane->submit(f.job('a')));
  CHECK(lane->submit(f.job('b')));
  CHECK(lane->submit(f.job('c')));
  CHECK_FALSE(lane->submit(f.job('d')));
  CHECK(f.done.empty());
  f.executor.run_ready();
  CHECK(f.done == "abc");
  CHECK(lane->submit(f.job('e')));
  f.executor.run_ready();
  CHECK(f.done == "abce");
}

TEST_CASE("what continues an answer goes first and is never refused", "[net]") {
  LaneFixture f;
  const auto lane = f.make(1, 1);
  CHECK(lane->submit(f.job('a')));
  CHECK(lane->submit(f.job('b')));
  lane->resume(f.job('c'));
  f.executor.run_ready();
  CHECK(f.done == "acb");
}

TEST_CASE("what a job holds is gone before the next begins", "[net]") {
  LaneFixture f;
  const auto lane = f.make(1, 4);
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> seen = held;
  CHECK(lane->submit([held = std::move(held)] {}));
  CHECK(lane->submit([&] { f.done = seen.expired() ? "gone" : "held"; }));
  f.executor.run_ready();
  CHECK(f.done == "gone");
}

TEST_CASE("what a job leaves for its thread does not wait for the lane to be empty", "[net]") {
  LaneFixture f;
  const auto lane = f.make(1, 4);
  CHECK(lane->submit([&] {
    f.done += 'a';
    f.executor.post_next(runtime::Pool::kWorker, f.job('x'));
  }));
  CHECK(lane->submit(f.job('b')));
  CHECK(lane->submit(f.job('c')));
  f.executor.run_ready();
  CHECK(f.done == "axbc");
}

TEST_CASE("a closed lane drops what waits and takes nothing more", "[net]") {
  LaneFixture f;
  const auto lane = f.make(1, 4);
  CHECK(lane->submit([&] {
    f.done += 'a';
    lane->close();
  }));
  CHECK(lane->submit(f.job('b')));
  f.executor.run_ready();
  lane->resume(f.job('c'));
  CHECK_FALSE(lane->submit(f.job('d')));
  f.executor.run_ready();
  CHECK(f.done == "a");
}
