// SPDX-License-Identifier: Apache-2.0
#include "harness.hpp"

#include "tests/support/storage_twin.hpp"

#include <catch2/catch.hpp>

namespace narthex::storage::tsdb::test {
namespace {

Options small_head() {
  Options options;
  options.head_bytes = 64 << 10;
  options.fsync = "always";
  return options;
}

class SmallHarness : public Harness {
 public:
  SmallHarness() : Harness(small_head()) {}
};

// Flushes, merges, crashes and power cuts between the other operations.
class Twin final : public StorageTwin<SmallHarness> {
 public:
  explicit Twin(std::uint32_t seed) : StorageTwin(seed) { may_forget_newest_ = true; }

 private:
  void upkeep() override {
    switch (pick(8)) {
      case 0:
        harness_.flush_all();
        return;
      case 1:
        harness_.crash();
        return open_cohorts();
      case 2:
        harness_.power_cut();
        return open_cohorts();
      case 3:
        harness_.restart();
        return open_cohorts();
      case 4:
        harness_.mono_ns += 1'000;
        (void)harness_.db().maintain(harness_.mono_ns);  // no time for more than one step
        return;
      default:
        StorageTwin::upkeep();
    }
  }
};

void run(std::uint32_t seed) {
  INFO("seed " << seed);
  Twin twin(seed);
  for (int i = 0; i < 700; ++i) twin.step();
  twin.compare();
}

TEST_CASE("the tsdb backend answers as its slow twin does, through crashes", "[tsdb][twin]") {
  const std::uint32_t first_seed = Catch::rngSeed() != 0 ? Catch::rngSeed() : 20'261'124;
  for (std::uint32_t seed = first_seed; seed < first_seed + 8; ++seed) run(seed);
}

TEST_CASE("sequences that the twin once found wrong", "[tsdb][twin]") {
  run(782);    // one value, another one and the first again, at a time that was archived before
  run(15853);  // everything is deleted where the newest rows have been flushed
  run(6216);   // a power cut after a merge: the log is taken as it was when it was written
}

}  // namespace
}  // namespace narthex::storage::tsdb::test
