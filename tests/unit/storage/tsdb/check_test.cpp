// SPDX-License-Identifier: Apache-2.0
// Looking at a data folder without opening it: what is damaged is told, what is not is not, and a
// repair loses nothing that could be read.
#include "harness.hpp"
#include "storage/tsdb/folder_task.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

namespace narthex::storage::tsdb::test {
namespace {

using narthex::test::Call;

constexpr std::int64_t kDay = 24 * 3600 * 1000;
constexpr int kSeries = 30;
constexpr int kRows = 200;

Labels labels_of_series(int i) {
  return Labels{{"__name__", i % 2 == 0 ? "even" : "odd"},
                {"instance", "i" + std::to_string(i % 3)},
                {"job", "j"},
                {"n", std::to_string(i)}};
}

void write_rows(Harness& h, std::int64_t first_t, int series, int rows) {
  for (int i = 0; i < series; ++i) {
    const std::uint64_t ref = h.ref(labels_of_series(i));
    for (int k = 0; k < rows; ++k) {
      REQUIRE(h.write_bits(ref, first_t + k * 15'000, bits_of(i + k / 8.0)) == NX_ROW_OK);
    }
  }
}

// Tables of two days, one of them with deletions, and a log with samples that no table has.
std::unique_ptr<FaultyFileSystem> make_folder() {
  Harness h;
  write_rows(h, kNow - kDay, kSeries, kRows);
  (void)h.db().snapshot("elsewhere", 0);  // flushes
  write_rows(h, kNow - 3'600'000, kSeries - 5, kRows);
  (void)h.db().snapshot("elsewhere", 0);
  const TestMatcher gone = eq("n", "4");
  const nx_matcher* raw = &gone;
  REQUIRE(h.db().delete_series(std::span(&raw, 1), kNow - kDay, kNow - kDay + 600'000).ok());
  write_rows(h, kNow - 100'000, kSeries, 5);
  return h.files->copy();
}

struct Place {
  std::string file, what;
};

// What a task tells.
struct Told {
  bool done = false;
  std::vector<Place> damages, left;
  std::vector<std::string> actions;
  std::int64_t torn_bytes = 0, samples = 0, tables = 0;
};

std::vector<Place> places(sdk::Value list) {
  std::vector<Place> out;
  for (const nx_value& item : list.items()) {
    const sdk::Value each(&item);
    out.push_back({std::string(each["file"].get<std::string_view>()),
                   std::string(each["what"].get<std::string_view>())});
  }
  return out;
}

template <class Use>
void run(FaultyFileSystem& files, std::string_view kind, const Use& use) {
  Result<std::unique_ptr<FolderTask>> task =
      FolderTask::make(kind, Options(),
                       {files, [] { return kNow; }, [] { return std::int64_t{1}; },
                        [](std::int32_t, std::string_view) {}});
  REQUIRE(task.ok());
  for (bool more = true; more;) {
    const Result<bool> step = (*task)->step();
    INFO(step.status().message());
    REQUIRE(step.ok());
    more = *step;
  }
  sdk::TreeArena arena;
  const nx_value tree = (*task)->tree(10, arena);
  use(sdk::Value(&tree));
}

Told tell(FaultyFileSystem& files, std::string_view kind) {
  Told told;
  run(files, kind, [&](sdk::Value tree) {
    told.done = tree["done"].get<bool>();
    told.damages = places(tree["damages"]);
    told.left = places(tree["left"]);
    for (const nx_value& item : tree["actions"].items()) {
      told.actions.emplace_back(sdk::Value(&item).get<std::string_view>());
    }
    told.torn_bytes = tree["log"]["torn_bytes"].get<std::int64_t>();
    told.samples = tree["samples"].get<std::int64_t>();
    told.tables = static_cast<std::int64_t>(tree["tables"].items().size());
  });
  CHECK(told.done);
  return told;
}

// What a backend that opens a copy of the folder shows.
Found content(const FaultyFileSystem& files) {
  Harness h;
  h.backend.reset();
  h.files = files.copy();
  h.open();
  return h.read({});
}

std::vector<std::string> files_of(FaultyFileSystem& files, const std::string& kind) {
  if (kind == "inventory") return {"data/inventory"};
  const std::string folder = kind == ".log" ? "data/wal" : "data/partitions";
  std::vector<std::string> out;
  const auto names = files.list(folder);
  for (const std::string& name : *names) {
    if (name.ends_with(kind)) out.push_back(folder + "/" + name);
  }
  return out;
}

enum class Harm { kChange, kCut, kRemove };

Harm damage(FaultyFileSystem& files, const std::string& path, bool may_remove,
            std::mt19937& random) {
  std::vector<std::uint8_t>& bytes = files.content(path);
  REQUIRE_FALSE(bytes.empty());
  const std::size_t at = random() % bytes.size();
  switch (random() % (may_remove ? 5 : 4)) {
    case 0:
    case 1:
      bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 1u << random() % 8);
      break;
    case 2:
      bytes.resize(at);
      return Harm::kCut;
    case 3:
      for (std::size_t i = at; i < std::min(bytes.size(), at + 1 + random() % 600); ++i) {
        bytes[i] = static_cast<std::uint8_t>(random());
      }
      break;
    default:
      REQUIRE(files.unlink(path).ok());
      return Harm::kRemove;
  }
  return Harm::kChange;
}

// The first sample of `part` that `whole` has not.
std::string first_beyond(const Found& part, const Found& whole) {
  for (const auto& [series, values] : part) {
    const auto at = whole.find(series);
    for (const Value& value : values) {
      if (at != whole.end() &&
          std::find(at->second.begin(), at->second.end(), value) != at->second.end()) {
        continue;
      }
      return series + " at " + std::to_string(value.t);
    }
  }
  return {};
}

std::uint64_t writing_calls(const FaultyFileSystem& files) {
  std::uint64_t sum = 0;
  for (const Call call :
       {Call::kOpen, Call::kAppend, Call::kSync, Call::kTruncate, Call::kAllocate, Call::kRename,
        Call::kLink, Call::kUnlink, Call::kMakeDirectory, Call::kSyncDirectory}) {
    sum += files.calls(call);
  }
  return sum;
}

TEST_CASE("a folder in order verifies clean, and is only read", "[tsdb][check]") {
  const auto files = make_folder();
  const Told told = tell(*files, "verify");
  CHECK(told.damages.empty());
  CHECK(told.torn_bytes == 0);
  CHECK(told.tables >= 2);
  CHECK(told.samples == kSeries * kRows + (kSeries - 5) * kRows + kSeries * 5);
  (void)tell(*files, "analyze");
  CHECK(writing_calls(*files) == 0);
  // Nor has a repair anything to do.
  CHECK(tell(*files, "repair").actions.empty());
  CHECK(writing_calls(*files) == 0);
}

TEST_CASE("damage of any kind of file is told and repaired, nothing readable is lost",
          "[tsdb][check]") {
  const std::string kind = GENERATE(".table", ".log", ".deleted", "inventory");
  const auto whole = make_folder();
  const Found expected = content(*whole);
  auto undeleted = whole->copy();
  for (const std::string& file : files_of(*undeleted, ".deleted")) {
    REQUIRE(undeleted->unlink(file).ok());
  }
  // What damage of tombstones, or of a deletion in the log, may bring back.
  const Found ever = content(*undeleted);
  const std::vector<std::string> candidates = files_of(*whole, kind);
  REQUIRE_FALSE(candidates.empty());
  int damaged = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(kind, seed);
    std::mt19937 random(seed);
    const auto files = whole->copy();
    // Nobody knows of tombstones but themselves.
    const Harm harm =
        damage(*files, candidates[random() % candidates.size()], kind != ".deleted", random);
    const Found readable = content(*files);
    const Told told = tell(*files, "verify");
    if (told.damages.empty()) {
      // A log that was cut between two records looks as if it had never gone further.
      const bool cut = kind == ".log" && (harm == Harm::kCut || told.torn_bytes != 0);
      if (!cut) CHECK(readable == expected);
      continue;
    }
    ++damaged;
    const Told repaired = tell(*files, "repair");
    CHECK(repaired.damages.size() == told.damages.size());
    CHECK_FALSE(repaired.actions.empty());
    CHECK(repaired.left.empty());
    CHECK(tell(*files, "verify").damages.empty());
    const Found after = content(*files);
    CHECK(first_beyond(readable, after) == "");
    CHECK(first_beyond(after, ever) == "");
  }
  CHECK(damaged >= 20);
}

TEST_CASE("a repair keeps what it cannot read", "[tsdb][check]") {
  const auto files = make_folder();
  const std::string table = files_of(*files, ".table").front();
  std::vector<std::uint8_t>& bytes = files->content(table);
  bytes[10] ^= 1;
  const std::vector<std::uint8_t> damaged = bytes;
  const Told verified = tell(*files, "verify");
  REQUIRE(verified.damages.size() == 1);
  CHECK("data/" + verified.damages[0].file == table);
  CHECK(verified.damages[0].what.find("page") != std::string::npos);
  CHECK(tell(*files, "repair").left.empty());
  CHECK_FALSE(files->exists(table));
  const std::string aside = "data/partitions/quarantine" + table.substr(table.rfind('/'));
  REQUIRE(files->exists(aside));
  CHECK(files->content(aside) == damaged);
  // Pages of other series of the same table are still there.
  CHECK(files_of(*files, ".table").size() >= 2);
}

TEST_CASE("a repair that is interrupted anywhere can be done again", "[tsdb][check]") {
  const auto whole = make_folder();
  whole->content(files_of(*whole, ".table").front())[10] ^= 1;
  const Found readable = content(*whole);
  for (int n = 1;; ++n) {
    CAPTURE(n);
    auto files = whole->copy();
    files->fail_any(n, EIO, true);
    Result<std::unique_ptr<FolderTask>> task =
        FolderTask::make("repair", Options(),
                         {*files, [] { return kNow; }, [] { return std::int64_t{1}; },
                          [](std::int32_t, std::string_view) {}});
    REQUIRE(task.ok());
    for (bool more = true; more;) {
      const Result<bool> step = (*task)->step();
      more = step.ok() && *step;
    }
    const bool fired = files->fired();
    files->heal();
    files = files->copy();
    CHECK(tell(*files, "repair").left.empty());
    CHECK(first_beyond(readable, content(*files)) == "");
    if (!fired) break;
  }
}

TEST_CASE("an analysis counts series, values and who comes and goes", "[tsdb][check]") {
  const auto files = make_folder();
  run(*files, "analyze", [](sdk::Value tree) {
    CHECK(tree["series"].get<std::int64_t>() == kSeries);
    CHECK(tree["log_series"].get<std::int64_t>() == kSeries);
    CHECK(tree["partitions"].get<std::int64_t>() == 2);
    CHECK(tree["churning_series"].get<std::int64_t>() == 0);
    const sdk::Value first(&tree["seriesCountByMetricName"].items()[0]);
    CHECK(first["name"].get<std::string_view>() == "even");
    CHECK(first["value"].get<std::int64_t>() == kSeries / 2);
    const sdk::Value label(&tree["labelValueCountByLabelName"].items()[0]);
    CHECK(label["name"].get<std::string_view>() == "n");
    CHECK(label["value"].get<std::int64_t>() == kSeries);
    const sdk::Value pair(&tree["seriesCountByLabelValuePair"].items()[0]);
    CHECK(pair["name"].get<std::string_view>() == "job=j");
    CHECK(tree["label_pairs"].get<std::int64_t>() == kSeries + 3 + 1 + 2);
  });
  // Without the log, the last five are of the first day only.
  for (const std::string& segment : files_of(*files, ".log")) {
    REQUIRE(files->unlink(segment).ok());
  }
  run(*files, "analyze", [](sdk::Value tree) {
    CHECK(tree["churning_series"].get<std::int64_t>() == 5);
    CHECK(tree["churningSeriesCountByMetricName"].items().size() == 2);
  });
}

TEST_CASE("recovery says how far it is", "[tsdb][check]") {
  const auto files = make_folder();
  std::vector<RecoveryProgress> told;
  std::int64_t mono_ns = 1;
  const auto opened = Database::open(
      Options(), {*files, [] { return kNow; }, [&] { return mono_ns += 200'000'000; },
                  [](std::int32_t, std::string_view) {},
                  [&](const RecoveryProgress& progress) { told.push_back(progress); }});
  REQUIRE(opened.ok());
  REQUIRE(told.size() >= 2);
  CHECK_FALSE(told.front().done);
  CHECK(told.front().first_segment <= told.front().segment);
  CHECK(told.back().done);
  CHECK(told.back().segment == told.back().last_segment);
  CHECK(told.back().bytes_done == told.back().bytes_total);
  CHECK(told.back().bytes_total > 0);
}

TEST_CASE("there must be something to look at", "[tsdb][check]") {
  FaultyFileSystem files;
  const Surroundings world{files, [] { return kNow; }, [] { return std::int64_t{1}; },
                           [](std::int32_t, std::string_view) {}};
  CHECK(FolderTask::make("verify", Options(), world).status().code() == NX_ERR_NOT_FOUND);
  CHECK(FolderTask::make("repair", Options(), world).status().code() == NX_ERR_NOT_FOUND);
  CHECK(FolderTask::make("mend", Options(), world).status().code() == NX_ERR_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace narthex::storage::tsdb::test
