// SPDX-License-Identifier: Apache-2.0
// Rows and samples through the log, with damaged bytes and failing calls: what is read is among
// what was written, in its order, and never another value.
#include "support/faulty_fs.hpp"
#include "support/record_book.hpp"
#include "support/wal_book.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <vector>

namespace narthex::storage::wal {
namespace {

using test::Call;
using test::FaultyFileSystem;
using test::RecordBook;

// A writer as a database has one: it encodes for the log's generation and keys again what was not
// appended.
struct Writer {
  static constexpr std::size_t kLayouts = 4;
  static constexpr std::size_t kRefs = 80;

  explicit Writer(std::uint32_t seed) : random(seed) {
    for (std::size_t i = 0; i < kLayouts; ++i) values.emplace_back(3 + 40 * i, 0);
  }

  void change(std::uint64_t& bits) {
    const auto v = std::bit_cast<double>(bits);
    const double next = random() % 20 == 0 ? v / 3 : v + static_cast<double>(random() % 300) / 10;
    if (random() % 3 == 0) bits = std::bit_cast<std::uint64_t>(next);
  }

  // Calls `encode(generation)` and appends, again where the segment has ended.
  template <class Encode, class Undo>
  bool append(Log& log, RecordType type, const Encode& encode, const Undo& undo) {
    for (;;) {
      const std::uint64_t generation = log.generation();
      Bytes payload;
      encode(generation, payload);
      const Record record{static_cast<std::uint8_t>(type), payload};
      const fs::Status status = log.append({&record, 1}, {generation, false});
      if (status.ok()) return true;
      undo();
      if (status.error() != ESTALE) return false;
    }
  }

  void write_row(Log& log, std::int64_t t) {
    const std::size_t layout = random() % kLayouts;
    auto& bits = values[layout];
    for (std::uint64_t& b : bits) change(b);
    const bool done = append(
        log, RecordType::kRow,
        [&](std::uint64_t generation, Bytes& out) {
          encode_row(layout, t, bits, nullptr, generation, states[layout], out);
        },
        [&] { states[layout].invalidate(); });
    if (done) rows.push_back(RecordBook::plain_row(layout, t, bits, nullptr));
  }

  void write_samples(Log& log, std::int64_t t) {
    std::vector<RecordBook::Sample> batch;
    for (std::uint32_t ref = 0; ref < kRefs; ++ref) {
      if (random() % 3 == 0) continue;
      change(by_ref[ref]);
      batch.push_back({ref, t, by_ref[ref]});
    }
    const bool done = append(
        log, RecordType::kSamples,
        [&](std::uint64_t generation, Bytes& out) {
          encoder.begin(stream, generation);
          for (const auto& s : batch) encoder.add(s.ref, s.t, s.bits, sample_states[s.ref]);
          encoder.finish(out);
        },
        [&] { stream.invalidate_all(); });
    if (done) samples.insert(samples.end(), batch.begin(), batch.end());
  }

  void run(Log& log, int count) {
    for (int i = 0; i < count; ++i, ++now) {
      write_row(log, now);
      write_samples(log, now);
      if (i % 16 == 15) log.tick();
    }
  }

  std::mt19937 random;
  std::int64_t now = 1000;
  std::vector<std::vector<std::uint64_t>> values;
  RowState states[kLayouts];
  std::uint64_t by_ref[kRefs] = {};
  SampleState sample_states[kRefs];
  SamplesStream stream;
  SamplesEncoder encoder;
  std::vector<RecordBook::Row> rows;
  std::vector<RecordBook::Sample> samples;
};

template <class T>
bool is_subsequence(const std::vector<T>& part, const std::vector<T>& whole) {
  std::size_t at = 0;
  for (const T& item : part) {
    while (at < whole.size() && !(whole[at] == item)) ++at;
    if (at++ >= whole.size()) return false;
  }
  return true;
}

using ByRef = std::map<std::uint32_t, std::vector<RecordBook::Sample>>;

// Gathers samples in a window, and decodes that now and then.
class Gatherer final : public ReplayVisitor {
 public:
  void segment(std::uint64_t, bool carries) override {
    decode();
    if (!carries) window_.forget();
  }
  void samples(std::span<const LoggedRun>) override { FAIL("they are gathered"); }
  SampleWindow* window() override { return &window_; }
  void gathered() override {
    if (++records_ % 7 == 0) decode();
  }
  void series(std::uint32_t, std::span<const LabelView>) override {}
  void layout(std::uint64_t, std::span<const std::uint32_t>) override {}
  void row(std::uint64_t, std::int64_t, std::span<const std::uint64_t>,
           const std::uint64_t*) override {}
  void histogram(std::uint32_t, std::int64_t, const nx_histogram&) override {}
  void start(std::uint32_t, std::int64_t, std::int64_t) override {}
  void exemplar(const LoggedExemplar&) override {}
  void metadata(const LoggedMetadata&) override {}
  void erase(std::span<const std::uint32_t>, std::int64_t, std::int64_t) override {}

  void decode() {
    for (std::size_t i = 0; i < window_.touched(); ++i) {
      const std::uint32_t ref = window_.ref_of(i);
      REQUIRE(window_.touches(ref));
      std::vector<RecordBook::Sample>& list = found[ref];
      const std::size_t before = list.size();
      window_.decode(i, columns_, [&](auto t, auto bits) {
        REQUIRE(t.size() == bits.size());
        for (std::size_t k = 0; k < t.size(); ++k) list.push_back({ref, t[k], bits[k]});
      });
      REQUIRE(list.size() == before + window_.samples_of(i));
    }
    window_.clear();
  }

  ByRef found;

 private:
  SampleWindow window_;
  SampleWindow::Columns columns_;
  int records_ = 0;
};

// What is gathered and decoded by ref is what is told record by record.
RecordFigures replay_into(RecordBook& book, FaultyFileSystem& files) {
  RecordReader reader(book);
  REQUIRE(replay(files, "w", reader.sink()).ok());
  ByRef by_ref;
  for (const RecordBook::Sample& sample : book.sample_list) by_ref[sample.ref].push_back(sample);
  Gatherer gatherer;
  RecordReader gathering(gatherer);
  REQUIRE(replay(files, "w", gathering.sink()).ok());
  gatherer.decode();
  REQUIRE(gatherer.found == by_ref);
  const RecordFigures& figures = gathering.figures();
  REQUIRE(figures.records == reader.figures().records);
  REQUIRE(figures.samples == reader.figures().samples);
  REQUIRE(figures.dropped_samples == reader.figures().dropped_samples);
  REQUIRE(figures.malformed_records == reader.figures().malformed_records);
  return figures;
}

Options medium_options() {
  Options options = test::small_options(Durability::kInterval);
  options.segment_bytes = 40'000;
  options.mend_interval_ms = 0;
  return options;
}

TEST_CASE("what is undamaged is read in full, over many segments", "[wal]") {
  FaultyFileSystem files;
  Writer writer(5);
  auto log = test::open_log(files, medium_options());
  writer.run(*log, 1500);
  log.reset();
  RecordBook book;
  const RecordFigures figures = replay_into(book, files);
  REQUIRE(book.segments > 3);
  REQUIRE(book.rows == writer.rows);
  REQUIRE(book.sample_list == writer.samples);
  REQUIRE(figures.dropped_samples == 0);
  REQUIRE(figures.malformed_records == 0);
}

TEST_CASE("damaged bytes cost samples, never change one", "[wal]") {
  FaultyFileSystem files;
  Writer writer(6);
  auto log = test::open_log(files, medium_options());
  writer.run(*log, 1000);
  log.reset();
  const auto names = files.list("w");
  std::mt19937 random(7);
  std::uint64_t dropped = 0;
  for (int round = 0; round < 150; ++round) {
    const auto damaged = files.copy();
    for (auto hits = 1 + random() % 5; hits > 0; --hits) {
      const std::string& name = (*names)[random() % names->size()];
      auto& bytes = damaged->content("w/" + name);
      if (random() % 20 == 0) bytes.resize(random() % (bytes.size() + 1));
      if (!bytes.empty()) bytes[random() % bytes.size()] ^= 1 << random() % 8;
    }
    RecordBook book;
    const RecordFigures figures = replay_into(book, *damaged);
    REQUIRE(is_subsequence(book.rows, writer.rows));
    REQUIRE(is_subsequence(book.sample_list, writer.samples));
    REQUIRE(figures.malformed_records == 0);  // the frames' checksums let nothing through
    dropped += figures.dropped_samples;
  }
  REQUIRE(dropped > 0);
}

TEST_CASE("failing calls lose nothing that was acknowledged, and change nothing", "[wal]") {
  for (int n = 1; n < 160; ++n) {
    FaultyFileSystem files;
    Writer writer(static_cast<std::uint32_t>(n));
    auto log = test::open_log(files, medium_options());
    writer.run(*log, 30);
    files.fail_any(n, n % 2 == 0 ? EIO : ENOSPC, n % 3 == 0);
    writer.run(*log, 60);
    files.heal();
    log->tick();
    writer.run(*log, 30);
    log.reset();
    files.power_cut();
    RecordBook book;
    const RecordFigures figures = replay_into(book, files);
    INFO("call " << n);
    REQUIRE(book.rows == writer.rows);
    REQUIRE(book.sample_list == writer.samples);
    REQUIRE(figures.dropped_samples == 0);
  }
}

TEST_CASE("after rotate a log without its older segments can be read", "[wal]") {
  FaultyFileSystem files;
  Writer writer(8);
  auto log = test::open_log(files, medium_options());
  writer.run(*log, 50);
  const std::uint64_t before = log->generation();
  const auto rotated = log->rotate();
  REQUIRE(rotated.ok());
  REQUIRE(*rotated == log->generation());
  REQUIRE(*rotated > before);
  REQUIRE(*log->rotate() == *rotated);  // it is empty: nothing to leave behind
  const std::size_t rows = writer.rows.size();
  const std::size_t samples = writer.samples.size();
  writer.run(*log, 50);
  REQUIRE(log->sync().ok());
  REQUIRE(log->truncate_below(*rotated).ok());
  log.reset();
  RecordBook book;
  const RecordFigures figures = replay_into(book, files);
  REQUIRE(std::equal(book.rows.begin(), book.rows.end(),
                     writer.rows.begin() + static_cast<std::ptrdiff_t>(rows), writer.rows.end()));
  REQUIRE(std::equal(book.sample_list.begin(), book.sample_list.end(),
                     writer.samples.begin() + static_cast<std::ptrdiff_t>(samples),
                     writer.samples.end()));
  REQUIRE(figures.dropped_samples == 0);
}

TEST_CASE("rotate tells a failure, and the log mends", "[wal]") {
  FaultyFileSystem files;
  Writer writer(9);
  auto log = test::open_log(files, medium_options());
  writer.run(*log, 20);
  files.fail(Call::kOpen, 1, EIO, true);
  REQUIRE(log->rotate().status().error() == EIO);
  files.heal();
  REQUIRE(log->rotate().ok());
  writer.run(*log, 20);
  log.reset();
  RecordBook book;
  (void)replay_into(book, files);
  REQUIRE(book.rows == writer.rows);
  REQUIRE(book.sample_list == writer.samples);
}

TEST_CASE("a broken log does not try a file for each append", "[wal]") {
  FaultyFileSystem files;
  Options options = test::small_options(Durability::kInterval);
  options.mend_interval_ms = 1'000'000'000;
  auto log = test::open_log(files, options);
  const std::string text = "text";
  const Record record = test::text_record(text);
  files.fail(Call::kOpen, 1, ENOSPC, true);
  files.fail(Call::kAppend, 1, EIO, true);
  REQUIRE_FALSE(log->append({&record, 1}).ok());
  const std::uint64_t tries = files.calls(Call::kOpen);
  for (int i = 0; i < 20; ++i) REQUIRE(log->append({&record, 1}).is_full());
  REQUIRE(files.calls(Call::kOpen) == tries);
  files.heal();
  REQUIRE(log->append({&record, 1}).is_full());
  log->tick();
  REQUIRE(log->append({&record, 1}).ok());
}

}  // namespace
}  // namespace narthex::storage::wal
