// SPDX-License-Identifier: Apache-2.0
// Every change of a catalogue, with each of its calls failing, and with a crash at each of them:
// what is there afterwards is what was there before, or what the change was to make.
#include "storage/partition/merge.hpp"
#include "support/faulty_fs.hpp"
#include "unit/storage/partition/catalogue_book.hpp"

#include <optional>

namespace narthex::storage::partition {
namespace {

using test::Book;
using test::Cut;
using test::FaultyFileSystem;

constexpr std::optional<Cut> kCuts[] = {std::nullopt, Cut::kDropAll, Cut::kKeepPrefix,
                                        Cut::kZeroHoles};

Book part(std::int64_t begin, std::uint64_t value) {
  Book book;
  for (int number = 0; number < 12; ++number) {
    for (std::int64_t row = 0; row < 30; ++row) {
      book[number][begin + row] = {number % 4 == 0, value + static_cast<std::uint64_t>(row), 0};
    }
  }
  return book;
}

// Two tables that overlap, one that does not, one of another day; some of it deleted.
std::unique_ptr<FaultyFileSystem> folder_at_first() {
  auto files = std::make_unique<FaultyFileSystem>();
  const std::pair<TableName, Book> tables[] = {{{0, 1, 1, 0}, part(0, 100)},
                                               {{0, 2, 2, 0}, part(15, 200)},
                                               {{0, 3, 3, 0}, part(500, 300)},
                                               {{kPartitionMs, 3, 3, 0}, part(kPartitionMs, 1)}};
  for (const auto& [name, book] : tables) {
    REQUIRE(test::FlushWriter::write(*files, "data/" + name.file(), book).ok());
  }
  const auto catalogue = Catalogue::open(*files, "data", nullptr);
  REQUIRE(catalogue.ok());
  for (const int number : {1, 4}) {
    REQUIRE(test::delete_range(**catalogue, number, {10, 20}).ok());
  }
  return files->copy();
}

TableSet first_day(const Catalogue& catalogue) {
  TableSet set = *catalogue.tables();
  std::erase_if(set, [](const auto& entry) { return entry->name().partition != 0; });
  return set;
}

using Change = std::function<fs::Status(FaultyFileSystem&, Catalogue&)>;

fs::Status flush(FaultyFileSystem& files, Catalogue& catalogue) {
  const std::uint64_t sequence = catalogue.next_sequence();
  const TableName name{0, sequence, sequence, 0};
  fs::Status written = test::FlushWriter::write(files, catalogue.path_of(name), part(10, 900));
  if (written.ok()) catalogue.add(std::array{name});
  return written;
}

fs::Status merge_all(FaultyFileSystem& files, Catalogue& catalogue) {
  auto merge = Merge::begin(files, catalogue, first_day(catalogue), {});
  if (!merge.ok()) return merge.status();
  const auto progress = (*merge)->step([] { return false; });
  if (!progress.ok()) return progress.status();
  REQUIRE(*progress == Merge::Progress::kDone);
  return {};
}

fs::Status delete_some(FaultyFileSystem&, Catalogue& catalogue) {
  const auto entry = first_day(catalogue).front();
  const auto table = catalogue.open_table(entry);
  if (!table.ok()) return table.status();
  Tombstones tombstones = *entry->tombstones();
  tombstones.add(3, {0, 12});
  return catalogue.set_tombstones(entry, std::move(tombstones));
}

fs::Status undelete(FaultyFileSystem&, Catalogue& catalogue) {
  const auto entry = first_day(catalogue).front();
  const auto table = catalogue.open_table(entry);
  if (!table.ok()) return table.status();
  return catalogue.set_tombstones(entry, {});
}

std::unique_ptr<Catalogue> reopened(FaultyFileSystem& files) {
  auto catalogue = Catalogue::open(files, "data", [](const auto&, const auto&) { FAIL(); });
  REQUIRE(catalogue.ok());
  return *std::move(catalogue);
}

struct Case {
  const char* name;
  std::function<void(Catalogue&)> prepare;
  Change change;
};

const Case kCases[] = {
    {"flush", nullptr, flush},
    {"merge", nullptr, merge_all},
    {"merge of nothing",
     [](Catalogue& catalogue) {
       for (int number = 0; number < 12; ++number) {
         REQUIRE(test::delete_range(catalogue, number, {0, 1000}).ok());
       }
     },
     merge_all},
    {"delete", nullptr, delete_some},
    {"undelete", nullptr, undelete},
};

struct Trial {
  std::unique_ptr<FaultyFileSystem> at_first;
  Book before;
  Book after;

  explicit Trial(const Case& what) : at_first(folder_at_first()) {
    auto catalogue = reopened(*at_first);
    if (what.prepare) what.prepare(*catalogue);
    at_first = at_first->copy();
    catalogue = reopened(*at_first);
    before = test::book_of(*catalogue);
    const auto files = at_first->copy();
    catalogue = reopened(*files);
    REQUIRE(what.change(*files, *catalogue).ok());
    after = test::book_of(*catalogue);
  }

  bool either(Catalogue& catalogue) const {
    const Book book = test::book_of(catalogue);
    return book == before || book == after;
  }
};

TEST_CASE("a crash at any call of a change leaves the old samples or the new", "[partition]") {
  for (const Case& what : kCases) {
    const Trial trial(what);
    for (const auto cut : kCuts) {
      bool fired = true;
      for (int n = 1; fired; ++n) {
        CAPTURE(what.name, n, cut.has_value());
        const auto files = trial.at_first->copy();
        auto catalogue = reopened(*files);
        files->forget_fired();
        files->fail_any(n, EIO, true);
        (void)what.change(*files, *catalogue);
        fired = files->fired();
        catalogue.reset();
        files->heal();
        if (cut) files->power_cut(*cut, static_cast<std::uint32_t>(n));
        catalogue = reopened(*files);
        REQUIRE(trial.either(*catalogue));
        REQUIRE(n < 200);
      }
    }
  }
}

TEST_CASE("a crash while a crash is cleaned up does no harm either", "[partition]") {
  for (const Case& what : kCases) {
    const Trial trial(what);
    for (int n = 1; n < 40; ++n) {
      const auto crashed = trial.at_first->copy();
      auto catalogue = reopened(*crashed);
      crashed->fail_any(n, EIO, true);
      (void)what.change(*crashed, *catalogue);
      catalogue.reset();
      crashed->heal();
      for (const auto cut : {std::optional<Cut>(), std::optional(Cut::kDropAll)}) {
        bool fired = true;
        for (int m = 1; fired; ++m) {
          CAPTURE(what.name, n, m, cut.has_value());
          const auto files = crashed->copy();
          files->fail_any(m, EIO, true);
          catalogue = reopened(*files);
          REQUIRE(trial.either(*catalogue));
          fired = files->fired();
          catalogue.reset();
          files->heal();
          if (cut) files->power_cut(*cut);
          catalogue = reopened(*files);
          REQUIRE(trial.either(*catalogue));
        }
      }
    }
  }
}

TEST_CASE("a change that fails at any call can be made again", "[partition]") {
  for (const Case& what : kCases) {
    const Trial trial(what);
    bool fired = true;
    for (int n = 1; fired; ++n) {
      CAPTURE(what.name, n);
      const auto files = trial.at_first->copy();
      auto catalogue = reopened(*files);
      files->forget_fired();
      files->fail_any(n, ENOSPC);
      const fs::Status made = what.change(*files, *catalogue);
      fired = files->fired();
      REQUIRE(test::book_of(*catalogue) == (made.ok() ? trial.after : trial.before));
      files->heal();
      if (!made.ok()) REQUIRE(what.change(*files, *catalogue).ok());
      REQUIRE(test::book_of(*catalogue) == trial.after);
      catalogue.reset();
      files->power_cut();
      catalogue = reopened(*files);
      REQUIRE(test::book_of(*catalogue) == trial.after);
      REQUIRE(n < 200);
    }
  }
}

TEST_CASE("reads that fail change nothing and set nothing aside", "[partition]") {
  for (const Case& what : kCases) {
    const Trial trial(what);
    bool fired = true;
    for (int n = 1; fired; ++n) {
      CAPTURE(what.name, n);
      const auto files = trial.at_first->copy();
      files->fail(test::Call::kRead, n, EIO);
      auto catalogue = reopened(*files);
      const fs::Status made = what.change(*files, *catalogue);
      fired = files->fired();
      files->heal();
      REQUIRE(test::book_of(*catalogue) == (made.ok() ? trial.after : trial.before));
      REQUIRE(catalogue->figures().quarantined == 0);
    }
  }
}

TEST_CASE("retention that crashes removes some tables or none", "[partition]") {
  const auto at_first = folder_at_first();
  const Book before = test::book_of(*reopened(*at_first));
  for (const auto cut : kCuts) {
    bool fired = true;
    for (int n = 1; fired; ++n) {
      CAPTURE(n, cut.has_value());
      const auto files = at_first->copy();
      auto catalogue = reopened(*files);
      files->fail_any(n, EIO, true);
      catalogue->remove(first_day(*catalogue));
      REQUIRE(catalogue->tables()->size() == 1);
      fired = files->fired();
      catalogue.reset();
      files->heal();
      if (cut) files->power_cut(*cut);
      catalogue = reopened(*files);
      for (const auto& [number, samples] : test::book_of(*catalogue)) {
        for (const auto& [t, sample] : samples) REQUIRE(before.at(number).at(t) == sample);
      }
    }
  }
}

}  // namespace
}  // namespace narthex::storage::partition
