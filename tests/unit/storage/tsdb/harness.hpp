// SPDX-License-Identifier: Apache-2.0
// harness.hpp - the tsdb backend in the storage harness, on a file system in memory that can be
// copied as a crash, or a power cut, would leave it.
#pragma once

#include "storage/tsdb/database.hpp"
#include "tests/support/faulty_fs.hpp"
#include "tests/support/storage_harness.hpp"

#include <string>
#include <utility>
#include <vector>

namespace narthex::storage::tsdb::test {

using namespace storage::test;
using narthex::test::FaultyFileSystem;

inline constexpr std::int64_t kNow = 1'700'000'000'000;

class Harness : public StorageHarness<Database> {
 public:
  explicit Harness(Options given = {}) : options(std::move(given)) { open(); }
  ~Harness() { backend.reset(); }

  void open() {
    Result<std::unique_ptr<Database>> opened =
        Database::open(options, {*files, [this] { return now_ms; }, [this] { return mono_ns; },
                                 [this](std::int32_t level, std::string_view text) {
                                   if (level >= NX_LOG_WARN) complaints.emplace_back(text);
                                 }});
    if (!opened.ok()) throw sdk::Error(opened.status());
    backend = *std::move(opened);
  }
  // As after `kill -9`: what was written is there, nothing in memory is.
  void crash() {
    std::unique_ptr<FaultyFileSystem> left = files->copy();
    begin_again(std::move(left));
  }
  // What was not synced is gone.
  void power_cut() {
    files->power_cut();
    begin_again(files->copy());
  }
  void restart() {
    backend.reset();
    open();
  }
  void flush_all() { (void)db().maintain(INT64_MAX); }

  Options options;
  std::vector<std::string> complaints;
  std::unique_ptr<FaultyFileSystem> files = std::make_unique<FaultyFileSystem>();

 private:
  void begin_again(std::unique_ptr<FaultyFileSystem> left) {
    backend.reset();  // on the old files, which nobody sees any more
    files = std::move(left);
    open();
  }
};

}  // namespace narthex::storage::tsdb::test
