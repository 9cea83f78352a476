// SPDX-License-Identifier: Apache-2.0
// Every fault at every call, and power cuts after each append: nothing acknowledged is lost,
// nothing comes twice, nothing that was refused comes back once the log has been mended.
#include "support/faulty_fs.hpp"
#include "support/wal_book.hpp"

#include <catch2/catch.hpp>

#include <tuple>

namespace narthex::storage::wal {
namespace {

using test::Call;
using test::Cut;
using test::FaultyFileSystem;
using test::Texts;

constexpr int kAppends = 40;

Texts run(FaultyFileSystem& files, Log& log, int first, int appends) {
  (void)files;
  Texts acknowledged;
  for (int i = first; i < first + appends; ++i) {
    const std::string text = test::numbered_text(i);
    const Record record = test::text_record(text);
    if (log.append({&record, 1}).ok()) acknowledged.push_back(text);
    if (i % 7 == 6) log.tick();
  }
  return acknowledged;
}

void append_to(Texts& texts, const Texts& more) {
  texts.insert(texts.end(), more.begin(), more.end());
}

TEST_CASE("no single fault loses what was acknowledged", "[wal]") {
  const auto durability = GENERATE(Durability::kAlways, Durability::kInterval, Durability::kNever);
  const int error = GENERATE(EIO, ENOSPC);
  const bool sticky = GENERATE(false, true);
  for (int n = 1;; ++n) {
    FaultyFileSystem files;
    auto log = test::open_log(files, test::small_options(durability));
    REQUIRE(log != nullptr);
    Texts acknowledged = run(files, *log, 0, 5);
    files.fail_any(n, error, sticky);
    append_to(acknowledged, run(files, *log, 5, kAppends));
    const bool fired = files.fired();
    {
      // The process is killed while the fault lasts: nothing is lost, though more may be found.
      const auto killed = files.copy();
      const Texts found = test::read_back(*killed).texts;
      std::size_t at = 0;
      for (const std::string& text : found) {
        if (at < acknowledged.size() && acknowledged[at] == text) ++at;
      }
      INFO("n " << n << " error " << error << " sticky " << sticky);
      REQUIRE(at == acknowledged.size());
    }
    files.heal();
    log->tick();
    append_to(acknowledged, run(files, *log, 100, 3));
    REQUIRE(acknowledged.back() == test::numbered_text(102));
    if (durability != Durability::kNever) {
      REQUIRE(log->sync().ok());
      log.reset();
      files.power_cut();
    }
    const test::ReadBack back = test::read_back(files);
    REQUIRE(back.texts == acknowledged);
    REQUIRE(back.report.damage_count == 0);
    if (!fired) break;
    REQUIRE(n < 2000);
  }
}

TEST_CASE("a power cut after any append loses nothing that was synced", "[wal]") {
  const auto cut = GENERATE(Cut::kDropAll, Cut::kKeepPrefix, Cut::kZeroHoles);
  const auto durability = GENERATE(Durability::kAlways, Durability::kInterval);
  for (int appends = 0; appends < kAppends; ++appends) {
    FaultyFileSystem files;
    Texts acknowledged;
    std::size_t synced = 0;
    {
      auto log = test::open_log(files, test::small_options(durability));
      acknowledged = run(files, *log, 0, appends);
      synced = durability == Durability::kAlways ? acknowledged.size()
                                                 : static_cast<std::size_t>(appends / 7 * 7);
      // The destructor syncs: it must not.
      files.fail(Call::kSync, 1, EIO, true);
      files.fail(Call::kOpen, 1, EIO, true);
    }
    files.heal();
    files.power_cut(cut, static_cast<std::uint32_t>(appends) + 1);
    const Texts found = test::read_back(files).texts;
    REQUIRE(found.size() >= synced);
    std::size_t at = 0;  // what is found is a subsequence, whole up to what was synced
    for (std::size_t i = 0; i < found.size(); ++i) {
      while (at < acknowledged.size() && acknowledged[at] != found[i]) ++at;
      REQUIRE(at < acknowledged.size());
      if (i < synced) REQUIRE(at == i);
      ++at;
    }
    // And the log goes on.
    auto log = test::open_log(files, test::small_options(durability));
    Texts all = found;
    append_to(all, run(files, *log, 200, 5));
    log.reset();
    files.power_cut();
    REQUIRE(test::read_back(files).texts == all);
  }
}

TEST_CASE("a full disk refuses appends and recovers by itself", "[wal]") {
  FaultyFileSystem files;
  Options options = test::small_options(Durability::kInterval);
  options.reserve_bytes = 10'000;
  files.set_capacity(100'000);
  auto log = test::open_log(files, options);
  REQUIRE(files.exists("w/reserve"));
  Texts acknowledged;
  bool refused = false;
  for (int i = 0; i < 2000 && !refused; ++i) {
    const std::string text = "text " + std::to_string(i) + std::string(100, 'x');
    const Record record = test::text_record(text);
    const fs::Status status = log->append({&record, 1});
    if (status.ok()) {
      acknowledged.push_back(text);
    } else {
      REQUIRE(status.is_full());
      refused = true;
    }
  }
  REQUIRE(refused);
  REQUIRE_FALSE(files.exists("w/reserve"));
  REQUIRE(acknowledged.size() > 600);
  REQUIRE(log->figures().broken);
  files.set_capacity(10'000'000);
  log->tick();
  REQUIRE_FALSE(log->figures().broken);
  REQUIRE(files.exists("w/reserve"));
  append_to(acknowledged, run(files, *log, 0, 3));
  log.reset();
  files.power_cut();
  REQUIRE(test::read_back(files).texts == acknowledged);
}

TEST_CASE("records of an ended segment are to be encoded again", "[wal]") {
  FaultyFileSystem files;
  auto log = test::open_log(files, test::small_options(Durability::kInterval));
  const std::uint64_t first = log->generation();
  const std::string text(2500, 'x');
  const Record record = test::text_record(text);
  REQUIRE(log->append({&record, 1}, {first, false}).ok());
  REQUIRE(log->generation() == first + 1);
  REQUIRE(log->append({&record, 1}, {first, false}).error() == ESTALE);
  REQUIRE(log->append({&record, 1}, {first + 1, false}).ok());
  files.fail(Call::kAppend, 1, EIO);
  REQUIRE(log->append({&record, 1}, {log->generation(), false}).ok());
  const std::uint64_t mended = log->generation();
  REQUIRE(log->append({&record, 1}, {mended, false}).ok());
  // The mended segment rests on the segments that its first records stood in.
  REQUIRE(log->sync().ok());
  REQUIRE(log->truncate_below(mended - 1).ok());
  REQUIRE(test::read_back(files).texts.size() == 4);
  REQUIRE(log->append({&record, 1}).ok());
  REQUIRE(log->sync().ok());
  REQUIRE(log->truncate_below(log->generation()).ok());
  REQUIRE(test::read_back(files).texts.size() == 1);
}

}  // namespace
}  // namespace narthex::storage::wal
