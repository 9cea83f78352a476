// SPDX-License-Identifier: Apache-2.0
#include "api/read_ahead.hpp"

#include "support/manual_executor.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
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
    std::atomic<int> kept = 0;
    bool closed = false;
    nx_buffer owner{};  // as with every backend: what was kept may outlive its cursor
  };
  Blocks(int count, std::uint64_t samples, Told& told)
      : left_(count), samples_(samples), told_(told) {
    nx_buffer& owner = told_.owner;
    owner.priv = &told_;
    owner.retain = [](nx_buffer* self) { ++static_cast<Told*>(self->priv)->kept; };
    owner.release = [](nx_buffer* self) { --static_cast<Told*>(self->priv)->kept; };
  }
  ~Blocks() override { told_.closed = true; }

  bool next() override {
    if (left_-- <= 0) return false;
    ++told_.read;
    block_.series_count = static_cast<std::uint32_t>(told_.read);
    block_.sample_count = samples_;
    block_.owner = &told_.owner;
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
  return std::make_unique<api::ReadAhead>(std::make_unique<Blocks>(blocks, samples, told), executor,
                                          std::size_t{1});
}

// Blocks that are numbered from `first` on; it gives away the half behind.
class Divisible final : public promql::BlockCursor {
 public:
  Divisible(int first, int last, std::atomic<int>* fails_at = nullptr)
      : at_(first), last_(last), fails_at_(fails_at) {
    owner_.retain = owner_.release = [](nx_buffer*) {};
  }

  bool next() override {
    if (fails_at_ != nullptr && at_ == *fails_at_) {
      status_ = Status(NX_ERR_IO, "block " + std::to_string(at_));
      return false;
    }
    if (at_ >= last_) return false;
    block_.series_count = static_cast<std::uint32_t>(at_++);
    block_.sample_count = kMany;
    block_.owner = &owner_;
    return true;
  }
  const nx_block& block() const override { return block_; }
  Status status() const override { return status_; }
  std::unique_ptr<promql::BlockCursor> split() override {
    if (last_ - at_ < 2) return nullptr;
    const int middle = at_ + (last_ - at_ + 1) / 2;
    return std::make_unique<Divisible>(middle, std::exchange(last_, middle), fails_at_);
  }

 private:
  int at_;
  int last_;
  std::atomic<int>* const fails_at_;
  Status status_;
  nx_block block_{};
  nx_buffer owner_{};
};

std::vector<std::uint32_t> numbers_of(promql::BlockCursor& cursor) {
  std::vector<std::uint32_t> numbers;
  while (cursor.next()) numbers.push_back(cursor.block().series_count);
  return numbers;
}

// Runs each task on a thread of its own.
class Threads final : public runtime::Executor {
 public:
  ~Threads() override {
    for (std::thread& thread : threads_) thread.join();
  }
  const runtime::Clock& clock() const override { return clock_; }
  void post(runtime::Pool, runtime::Task task) override { threads_.emplace_back(std::move(task)); }
  runtime::Timer at(std::int64_t, runtime::Pool, runtime::Task) override { return {}; }

 private:
  test::ManualClock clock_;
  std::vector<std::thread> threads_;
};

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

TEST_CASE("a free thread reads more and more at once, up to four blocks", "[api]") {
  test::ManualExecutor executor;
  Blocks::Told told;
  const auto cursor = read_ahead(100, kMany, told, executor);
  std::vector<int> read;
  for (std::uint32_t i = 1; i <= 12; ++i) {
    REQUIRE(cursor->next());
    REQUIRE(cursor->block().series_count == i);
    executor.run_ready();
    read.push_back(told.read);
  }
  CHECK(read == std::vector<int>{3, 7, 7, 11, 11, 11, 11, 15, 15, 15, 15, 19});
  CHECK(told.kept == 8);
}

TEST_CASE("where nobody comes, nobody is asked for a while", "[api]") {
  test::ManualExecutor executor;
  Blocks::Told told;
  const auto cursor = read_ahead(100, kMany, told, executor);
  REQUIRE(cursor->next());
  REQUIRE(cursor->next());
  executor.run_ready();  // too late, and not asked again
  CHECK(told.read == 2);
  REQUIRE(cursor->next());
  executor.run_ready();
  CHECK(told.read == 5);
  for (std::uint32_t i = 4; i <= 9; ++i) {
    REQUIRE(cursor->next());
    REQUIRE(cursor->block().series_count == i);
  }
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

TEST_CASE("what is divided is read in one order, whoever reads it", "[api]") {
  const auto read = [](runtime::Executor& executor, std::size_t parts_max) {
    api::ReadAhead cursor(std::make_unique<Divisible>(0, 9), executor, parts_max);
    return numbers_of(cursor);
  };
  const std::vector<std::uint32_t> halves = {0, 5, 1, 6, 2, 7, 3, 8, 4};
  const std::vector<std::uint32_t> quarters = {0, 5, 3, 7, 1, 6, 4, 8, 2};
  {
    test::ManualExecutor nobody;
    CHECK(read(nobody, 1) == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(read(nobody, 2) == halves);
    CHECK(read(nobody, 4) == quarters);
    CHECK(read(nobody, 100).size() == 9);
  }
  for (int round = 0; round < 20; ++round) {
    Threads threads;
    CHECK(read(threads, 2) == halves);
    CHECK(read(threads, 4) == quarters);
  }
}

TEST_CASE("the failure of a part is that of the whole", "[api]") {
  for (std::atomic<int> fails_at = 0; fails_at < 9; ++fails_at) {
    Threads threads;
    api::ReadAhead cursor(std::make_unique<Divisible>(0, 9, &fails_at), threads, 2);
    CHECK(numbers_of(cursor).size() < 9);
    CHECK(cursor.status().message() == "block " + std::to_string(fails_at));
    CHECK_FALSE(cursor.next());
  }
}
