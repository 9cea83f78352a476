// SPDX-License-Identifier: Apache-2.0
#include "api/read_ahead.hpp"

#include "support/manual_executor.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

using namespace narthex;

namespace {

// Blocks of so many samples each; series_id counts them. Each has an owner of its own.
class Blocks final : public promql::BlockCursor {
 public:
  struct Told {
    int read = 0;
    int kept = 0;
    bool closed = false;
    nx_buffer owner{};  // as with every backend: what was kept may outlive its cursor
  };
  Blocks(int count, std::uint64_t samples, Told& told)
      : left_(count), samples_(samples), told_(told) {}
  ~Blocks() override { told_.closed = true; }

  bool next() override {
    if (left_-- <= 0) return false;
    ++told_.read;
    nx_buffer& owner = told_.owner;
    owner.priv = &told_;
    owner.retain = [](nx_buffer* self) { ++static_cast<Told*>(self->priv)->kept; };
    owner.release = [](nx_buffer* self) { --static_cast<Told*>(self->priv)->kept; };
    block_.series_count = static_cast<std::uint32_t>(told_.read);
    block_.sample_count = samples_;
    block_.owner = &owner;
    return true;
  }
  const nx_block& block() const override { return block_; }
  Status status() const override { return {}; }

 private:
  int left_;
  const std::uint64_t samples_;
  Told& told_;
  nx_block block_{};
};

constexpr std::uint64_t kMany = 100'000;

std::unique_ptr<api::ReadAhead> read_ahead(int blocks, std::uint64_t samples, Blocks::Told& told,
                                           runtime::Executor& executor) {
  return std::make_unique<api::ReadAhead>(std::make_unique<Blocks>(blocks, samples, told),
                                          executor);
}

}  // namespace

TEST_CASE("a free thread reads the block after the next", "[api]") {
  test::ManualExecutor executor;
  Blocks::Told told;
  const auto cursor = read_ahead(2, kMany, told, executor);
  REQUIRE(cursor->next());
  CHECK(told.read == 1);
  executor.run_ready();
  CHECK(told.read == 2);
  CHECK(cursor->block().series_count == 1);
  REQUIRE(cursor->next());
  CHECK(cursor->block().series_count == 2);
  executor.run_ready();
  CHECK_FALSE(cursor->next());
  CHECK(told.read == 2);
}

TEST_CASE("where no thread is free a cursor reads for itself", "[api]") {
  test::ManualExecutor executor;
  Blocks::Told told;
  const auto cursor = read_ahead(3, kMany, told, executor);
  for (std::uint32_t i = 1; i <= 3; ++i) {
    REQUIRE(cursor->next());
    CHECK(cursor->block().series_count == i);
  }
  // The one task that was posted reads ahead now, once.
  executor.run_ready();
  CHECK_FALSE(cursor->next());
  CHECK(told.read == 3);
}

TEST_CASE("small blocks are not read ahead", "[api]") {
  test::ManualExecutor executor;
  Blocks::Told told;
  const auto cursor = read_ahead(2, 10, told, executor);
  REQUIRE(cursor->next());
  executor.run_ready();
  CHECK(told.read == 1);
}

TEST_CASE("a cursor that goes lets go of its block and of what it reads from", "[api]") {
  test::ManualExecutor executor;
  Blocks::Told told;
  auto cursor = read_ahead(3, kMany, told, executor);
  REQUIRE(cursor->next());
  CHECK(told.kept == 1);
  cursor.reset();
  CHECK(told.kept == 0);
  CHECK(told.closed);
  executor.run_ready();  // the task comes too late
  CHECK(told.read == 1);
}

TEST_CASE("blocks come in order from whichever thread reads them", "[api]") {
  // Runs each task on a thread of its own.
  class Threads final : public runtime::Executor {
   public:
    ~Threads() override {
      for (std::thread& thread : threads_) thread.join();
    }
    const runtime::Clock& clock() const override { return clock_; }
    void post(runtime::Pool, runtime::Task task) override {
      threads_.emplace_back(std::move(task));
    }
    runtime::Timer at(std::int64_t, runtime::Pool, runtime::Task) override { return {}; }

   private:
    test::ManualClock clock_;
    std::vector<std::thread> threads_;
  };
  Blocks::Told told;
  {
    Threads threads;
    const auto cursor = read_ahead(200, kMany, told, threads);
    for (std::uint32_t i = 1; i <= 200; ++i) {
      REQUIRE(cursor->next());
      REQUIRE(cursor->block().series_count == i);
    }
    CHECK_FALSE(cursor->next());
  }
  CHECK(told.read == 200);
}
