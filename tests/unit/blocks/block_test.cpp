// SPDX-License-Identifier: Apache-2.0
// Whole blocks: written and read by us, written by us and read by promtool, and the other way
// round.
#include "blocks/block_reader.hpp"
#include "blocks/block_writer.hpp"
#include "blocks/bytes.hpp"
#include "blocks/crc32c.hpp"
#include "blocks/mapped_file.hpp"
#include "blocks/tombstones.hpp"
#include "tests/support/collect_sink.hpp"
#include "tests/support/histogram_maker.hpp"
#include "tests/support/promtool.hpp"
#include "tests/support/temporary_folder.hpp"

#include <narthex/sdk/labels.hpp>

#include <catch2/catch.hpp>

#include <random>

namespace narthex::blocks {
namespace {

constexpr std::uint64_t kBlockSeed = 7;
constexpr std::int64_t kBegin = 1'700'006'400'000;  // aligned to two hours
constexpr std::int64_t kTwoHours = 7'200'000;

struct TestBlock {
  test::TemporaryFolder parent;
  std::string folder;
  BlockMeta meta;
  std::map<std::string, test::Points> points;
};

// Series of floats and histograms, `count` of each.
void make_block(TestBlock& out, std::size_t count, bool histograms = true) {
  std::mt19937_64 random(kBlockSeed);
  const std::string ulid = make_ulid(kBegin, random(), random());
  BlockWriter writer = BlockWriter::make(out.parent.path(), ulid, kBegin, kBegin + kTwoHours);
  for (std::size_t s = 0; s < count * (histograms ? 2 : 1); ++s) {
    const bool histogram = s >= count;
    char instance[32];
    std::snprintf(instance, sizeof instance, "i%04zu", s);
    const Labels labels{{"__name__", histogram ? "b_hist" : "a_float"},
                        {"instance", instance},
                        {"quote", "say \"hi\"\n\\"}};
    std::vector<nx_label> views;
    labels.append_to(views);
    test::HistogramMaker maker(s % 2 == 0, s % 3 == 0);
    Samples samples;
    for (std::int64_t i = 0; i < 480; ++i) {
      const std::int64_t t = kBegin + i * 15'000;
      if (histogram) {
        samples.add_copy(t, maker.next(random));
      } else {
        samples.add(t, static_cast<double>(random() % 1000) / 8);
      }
    }
    REQUIRE(writer.add(views, samples.view()).ok());
    test::Points& points = out.points[test::labels_text(views)];
    for (std::size_t i = 0; i < samples.size(); ++i) {
      points[samples.view().t[i]] = test::row_text(samples.view(), i, false);
    }
  }
  const Result<BlockMeta> meta = writer.finish();
  REQUIRE(meta.ok());
  out.meta = *meta;
  out.folder = out.parent.file(ulid);
}

struct ReadBack {
  test::CollectSink sink{false};
  std::vector<std::string> damage;
  Status status;
};

void read_back(const std::string& folder, ReadBack& out, const TimeRange& range = {}) {
  bool sink_failed = true;
  out.status = read_block(
      folder, range, out.sink, [&](const Damage& d) { out.damage.push_back(to_text(d)); },
      &sink_failed);
  CHECK_FALSE(sink_failed);
}

TEST_CASE("a block is read as it was written", "[blocks]") {
  TestBlock block;
  make_block(block, 50);
  CHECK(is_ulid(block.meta.ulid));
  CHECK(block.meta.series == 100);
  CHECK(block.meta.samples == 100 * 480);
  CHECK(block.meta.histogram_samples == 50 * 480);
  const Result<BlockMeta> meta = read_meta(block.folder);
  REQUIRE(meta.ok());
  CHECK(meta->samples == block.meta.samples);
  CHECK(meta->chunks == block.meta.chunks);
  CHECK(meta->min_t == kBegin);
  CHECK(meta->max_t == kBegin + kTwoHours);
  ReadBack back;
  read_back(block.folder, back);
  CHECK(back.status.message() == "");
  CHECK(back.damage.empty());
  CHECK(back.sink.points == block.points);
}

TEST_CASE("chunks outside of the wanted times are not read", "[blocks]") {
  TestBlock block;
  make_block(block, 2);
  ReadBack back;
  read_back(block.folder, back, {kBegin, kBegin + 15'000 * 119});
  CHECK(back.sink.rows == 4 * 120);
  ReadBack none;
  read_back(block.folder, none, {0, kBegin - 1});
  CHECK(none.sink.points.empty());
}

TEST_CASE("deleted samples are left out", "[blocks]") {
  TestBlock block;
  make_block(block, 1, false);
  // The one series stands at the first 16-byte border after the symbols: found by trying all.
  std::string stones;
  for (std::uint64_t ref = 1; ref < 64; ++ref) {
    put_uvarint(stones, ref);
    put_varint(stones, kBegin);
    put_varint(stones, kBegin + 15'000 * 9);
  }
  std::string file = empty_tombstones().substr(0, 5) + stones;
  put_be32(file, crc32c(stones));
  test::write_file(block.folder + "/tombstones", file);
  ReadBack back;
  read_back(block.folder, back);
  CHECK(back.sink.rows == 470);
  file.back() = static_cast<char>(file.back() ^ 1);
  test::write_file(block.folder + "/tombstones", file);
  ReadBack damaged;
  read_back(block.folder, damaged);
  CHECK(damaged.sink.rows == 480);
  REQUIRE(damaged.damage.size() == 1);
  CHECK(damaged.damage[0].find("tombstones at byte 0") != std::string::npos);
}

TEST_CASE("damage costs the series or chunk that it hits, and is told with its place", "[blocks]") {
  TestBlock block;
  make_block(block, 10);
  const std::string chunks = block.folder + "/chunks/000001";
  std::string bytes = test::read_file(chunks);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  test::write_file(chunks, bytes);
  ReadBack back;
  read_back(block.folder, back);
  CHECK(back.status.ok());
  REQUIRE(back.damage.size() == 1);
  CHECK(back.damage[0].find(chunks + " at byte ") == 0);
  CHECK(back.damage[0].find("checksum of the chunk is wrong") != std::string::npos);
  CHECK(back.sink.rows == block.meta.samples - 120);
}

TEST_CASE("no changed byte of an index is more than a series lost or a block refused", "[blocks]") {
  TestBlock block;
  make_block(block, 4);
  const std::string good = test::read_file(block.folder + "/index");
  std::size_t whole = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    test::write_file(block.folder + "/index", bytes);
    ReadBack back;
    read_back(block.folder, back);
    if (back.sink.points == block.points) ++whole;
    const bool told = !back.status.ok() || !back.damage.empty();
    CHECK((told || back.sink.points == block.points));
    for (const auto& [name, points] : back.sink.points) CHECK(block.points.at(name) == points);
  }
  CHECK(whole > 0);  // postings and tables that are not needed
}

TEST_CASE("a cut index, a cut chunks file and a missing one are told", "[blocks]") {
  TestBlock block;
  make_block(block, 4);
  const std::string index = test::read_file(block.folder + "/index");
  for (std::size_t size = 0; size < index.size(); size += 37) {
    test::write_file(block.folder + "/index", index.substr(0, size));
    ReadBack back;
    read_back(block.folder, back);
    CHECK_FALSE(back.status.ok());
  }
  test::write_file(block.folder + "/index", index);
  std::filesystem::resize_file(block.folder + "/chunks/000001", 3000);
  ReadBack cut;
  read_back(block.folder, cut);
  CHECK(cut.status.ok());
  CHECK(!cut.damage.empty());
  CHECK(cut.sink.rows > 0);
  std::filesystem::remove(block.folder + "/chunks/000001");
  ReadBack missing;
  read_back(block.folder, missing);
  CHECK(missing.sink.rows == 0);
  CHECK(missing.damage.size() == block.meta.chunks);
}

TEST_CASE("a block that was not finished leaves nothing", "[blocks]") {
  test::TemporaryFolder parent;
  {
    BlockWriter writer = BlockWriter::make(parent.path(), make_ulid(1, 2, 3), 0, 10);
    CHECK(writer.finish()->samples == 0);
    BlockWriter begun = BlockWriter::make(parent.path(), make_ulid(1, 2, 4), 0, 10);
    Samples samples;
    samples.add(1, 1);
    const nx_label label{to_nx("a"), to_nx("b")};
    REQUIRE(begun.add({&label, 1}, samples.view()).ok());
    CHECK_FALSE(std::filesystem::is_empty(parent.path()));
  }
  CHECK(std::filesystem::is_empty(parent.path()));
}

TEST_CASE("meta.json comes back, and nonsense is refused", "[blocks]") {
  BlockMeta meta;
  meta.ulid = make_ulid(1'700'000'000'000, 1, 2);
  meta.samples = 5;
  meta.sources = {meta.ulid};
  const Result<BlockMeta> back = parse_meta("meta.json", to_json(meta));
  REQUIRE(back.ok());
  CHECK(back->ulid == meta.ulid);
  CHECK(back->sources == meta.sources);
  CHECK_FALSE(back->out_of_order());
  CHECK(meta.ulid == "01HF7YAT00000G000000000002");
  for (const char* bad : {"", "{", "[]", "{\"version\":2}", "{\"version\":\"x\"}"}) {
    CHECK_FALSE(parse_meta("meta.json", bad).ok());
  }
}

TEST_CASE("promtool reads what we wrote", "[blocks]") {
  if (!test::has_promtool()) {
    WARN("promtool is absent");
    return;
  }
  TestBlock block;
  make_block(block, 20);
  std::filesystem::create_directory(block.parent.file("wal"));  // promtool insists
  const std::string list = test::promtool("tsdb list " + block.parent.path());
  CHECK(list.find(block.meta.ulid) != std::string::npos);
  const std::string analyzed =
      test::promtool("tsdb analyze " + block.parent.path() + " " + block.meta.ulid);
  INFO(list << analyzed);
  CHECK(analyzed.find("Label names: 3") != std::string::npos);
  CHECK(analyzed.find("Series: 40\n") != std::string::npos);
  // Its dump of floats has all values; that of 2.42 crashes on custom buckets, newer than itself.
  const std::string dump =
      test::promtool("tsdb dump --match='{__name__=\"a_float\"}' " + block.parent.path());
  std::size_t lines = 0, found = 0;
  std::map<std::string, std::map<std::int64_t, double>> values;
  for (std::size_t at = 0; at < dump.size();) {
    const std::size_t end = dump.find('\n', at);
    const std::string line = dump.substr(at, end - at);
    at = end + 1;
    const std::size_t brace = line.rfind('}');
    if (brace == std::string::npos) continue;
    double value = 0;
    long long t = 0;
    if (std::sscanf(line.c_str() + brace + 1, " %lf %lld", &value, &t) != 2) continue;
    ++lines;
    const std::size_t instance = line.find("instance=\"") + 10;
    const std::string name = line.substr(instance, 5);
    for (const auto& [labels, points] : block.points) {
      if (labels.find(name) == std::string::npos) continue;
      const auto point = points.find(t);
      if (point != points.end() && point->second == test::value_text(value)) ++found;
    }
  }
  CHECK(lines == 20 * 480);
  CHECK(found == lines);
}

TEST_CASE("we read what promtool wrote", "[blocks]") {
  if (!test::has_promtool()) {
    WARN("promtool is absent");
    return;
  }
  test::TemporaryFolder folder;
  std::string text = "# TYPE m gauge\n";
  std::map<std::string, test::Points> wanted;
  std::mt19937_64 random(kBlockSeed);
  for (int s = 0; s < 30; ++s) {
    for (int i = 0; i < 300; ++i) {
      const double value = static_cast<double>(random() % 4096) / 16;
      char line[128];
      std::snprintf(line, sizeof line, "m{a=\"%d\"} %.17g %lld.25\n", s, value,
                    static_cast<long long>(kBegin / 1000 + i * 20));
      text += line;
      wanted["{__name__=\"m\",a=\"" + std::to_string(s) + "\"}"][kBegin + i * 20'000 + 250] =
          test::value_text(value);
    }
  }
  test::write_file(folder.file("in.om"), text + "# EOF\n");
  test::promtool("tsdb create-blocks-from openmetrics " + folder.file("in.om") + " " +
                 folder.file("out"));
  std::map<std::string, test::Points> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder.file("out"))) {
    ReadBack back;
    read_back(entry.path().string(), back);
    CHECK(back.status.message() == "");
    CHECK(back.damage.empty());
    for (const auto& [name, points] : back.sink.points)
      found[name].insert(points.begin(), points.end());
  }
  CHECK(found == wanted);
}

}  // namespace
}  // namespace narthex::blocks
