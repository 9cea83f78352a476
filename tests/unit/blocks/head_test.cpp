// SPDX-License-Identifier: Apache-2.0
// The log and the head of a data directory, written by tests/support/prometheus_log.hpp.
#include "blocks/chunk.hpp"
#include "blocks/chunk_files.hpp"
#include "blocks/chunk_format.hpp"
#include "blocks/head_reader.hpp"
#include "tests/support/collect_sink.hpp"
#include "tests/support/prometheus_log.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

namespace narthex::blocks {
namespace {

using test::exemplar_record;
using test::metadata_record;
using test::PrometheusLog;
using test::samples_record;
using test::series_record;
using test::tombstone_record;

struct HeadFolder {
  test::TemporaryFolder folder;
  test::CollectSink sink;
  std::vector<std::string> damage;

  HeadFolder() {
    for (const char* name : {"wal", "wbl", "chunks_head"}) {
      std::filesystem::create_directory(folder.file(name));
    }
  }
  void write(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories(std::filesystem::path(folder.file(name)).parent_path());
    test::write_file(folder.file(name), bytes);
  }
  void read(HeadOptions options = {}) {
    const Status status = read_head(folder.path(), options, sink,
                                    [this](const Damage& d) { damage.push_back(to_text(d)); });
    CHECK(status.message() == "");
  }
};

const std::string kUp = "{__name__=\"up\"}";
Labels up() { return {{"__name__", "up"}}; }

// A file of chunks_head/ with one chunk of the floats 0, 1, 2 ... at 0, 10, 20 ... ms.
std::string head_chunks(std::uint64_t ref, int count, std::uint8_t flags = 0) {
  Samples samples;
  for (int i = 0; i < count; ++i) samples.add(i * 10, i);
  const EncodedChunk chunk = encode_chunks(samples.view())[0];
  std::string out;
  put_be32(out, kHeadChunksMagic);
  out += std::string("\1\0\0\0", 4);
  const std::size_t at = out.size();
  put_be64(out, ref);
  put_be64(out, static_cast<std::uint64_t>(chunk.min_t));
  put_be64(out, static_cast<std::uint64_t>(chunk.max_t));
  out += static_cast<char>(static_cast<std::uint8_t>(chunk.encoding) | flags);
  put_text(out, chunk.data);
  put_be32(out, crc32c(std::string_view(out).substr(at)));
  return out + std::string(100, '\0');
}

TEST_CASE("a log yields its series, samples, exemplars and metadata", "[blocks]") {
  for (const std::uint8_t packing : {0x00, 0x08}) {
    HeadFolder head;
    PrometheusLog log;
    log.record(series_record(1, up()), packing);
    log.record(metadata_record(1, NX_TYPE_GAUGE, "s", "Help."), packing);
    log.record(samples_record(1, {{10, 1}, {20, 2}, {15, 3}}), packing);
    log.record(exemplar_record(1, 20, 0.5, {{"trace", "x"}}), packing);
    head.write("wal/00000000", log.bytes());
    head.read();
    CHECK(head.damage.empty());
    CHECK(head.sink.points[kUp].size() == 3);
    CHECK(head.sink.points[kUp][15] == test::value_text(3));
    CHECK(head.sink.facts[kUp] == "2 s Help.");
    REQUIRE(head.sink.exemplars.size() == 1);
    CHECK(head.sink.exemplars[0] == kUp + " {trace=\"x\"} " + test::value_text(0.5) + " 20");
  }
}

TEST_CASE("records may span pages and are found after a damaged one", "[blocks]") {
  std::vector<std::pair<std::int64_t, double>> many;
  for (int i = 0; i < 5000; ++i) many.emplace_back(i, i);
  PrometheusLog log;
  log.record(series_record(1, up()));
  for (int i = 0; i < 10; ++i) {
    for (auto& [t, value] : many) t += 5000;
    log.record(samples_record(1, many));
  }
  HeadFolder good;
  good.write("wal/00000000", log.bytes());
  good.read();
  CHECK(good.sink.rows == 50'000);
  CHECK(good.damage.empty());
  // A record of 65 KB touches three pages: a wrong bit costs it, and what its page has of another.
  HeadFolder bad;
  std::string bytes = log.bytes();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  bad.write("wal/00000000", bytes);
  bad.read();
  CHECK(bad.sink.rows >= 40'000);
  CHECK(bad.sink.rows < 50'000);
  REQUIRE(!bad.damage.empty());
  CHECK(bad.damage[0].find("/wal/00000000 at byte ") != std::string::npos);
}

TEST_CASE("a torn log yields what was whole, wherever it is torn", "[blocks]") {
  PrometheusLog log;
  log.record(series_record(1, up()));
  const std::size_t series_end = log.bytes().size();
  log.record(samples_record(1, {{10, 1}}));
  const std::size_t first_end = log.bytes().size();
  log.record(samples_record(1, {{20, 2}}));
  for (std::size_t size = 0; size <= log.bytes().size(); ++size) {
    HeadFolder head;
    head.write("wal/00000000", log.bytes().substr(0, size));
    head.read();
    const std::size_t rows = size == log.bytes().size() ? 2 : size >= first_end ? 1 : 0;
    CHECK(head.sink.rows == rows);
    const bool whole = size == 0 || size == series_end || size == first_end || rows == 2;
    CHECK(head.damage.empty() == whole);
  }
}

TEST_CASE("a checkpoint stands for the segments up to its number", "[blocks]") {
  HeadFolder head;
  PrometheusLog old, checkpoint, later;
  old.record(series_record(9, {{"__name__", "old"}}));
  old.record(samples_record(9, {{1, 1}}));
  checkpoint.record(series_record(1, up()));
  later.record(samples_record(1, {{20, 2}}));
  head.write("wal/00000004", old.bytes());
  head.write("wal/00000005", later.bytes());
  head.write("wal/checkpoint.00000003/00000000", old.bytes());
  head.write("wal/checkpoint.00000004/00000000", checkpoint.bytes());
  head.write("wal/checkpoint.00000009.tmp/00000000", old.bytes());
  head.read();
  CHECK(head.sink.points.size() == 1);
  CHECK(head.sink.points[kUp].size() == 1);
}

TEST_CASE("chunks of the head are read once, with what the log has beyond them", "[blocks]") {
  HeadFolder head;
  PrometheusLog log;
  log.record(series_record(1, up()));
  log.record(samples_record(1, {{0, 0}, {10, 1}, {20, 2}, {30, 3}, {40, 99}}));
  head.write("wal/00000000", log.bytes());
  head.write("chunks_head/000001", head_chunks(1, 4));
  head.read();
  CHECK(head.damage.empty());
  CHECK(head.sink.rows == 5);
  CHECK(head.sink.points[kUp][40] == test::value_text(99));
  HeadFolder damaged;
  std::string bytes = head_chunks(1, 4);
  bytes[40] = static_cast<char>(bytes[40] ^ 1);
  damaged.write("wal/00000000", log.bytes());
  damaged.write("chunks_head/000001", bytes);
  damaged.read();
  CHECK(damaged.damage.size() == 1);
  CHECK(damaged.sink.rows == 5);  // the log has them all
}

TEST_CASE("deleted samples, and those that stand in blocks, are left out", "[blocks]") {
  HeadFolder head;
  PrometheusLog log, late;
  log.record(series_record(1, up()));
  log.record(samples_record(1, {{10, 1}, {20, 2}, {30, 3}, {40, 4}}));
  log.record(tombstone_record(1, 25, 35));
  late.record(samples_record(1, {{5, 5}, {30, 3}}));
  head.write("wal/00000000", log.bytes());
  head.write("wbl/00000000", late.bytes());
  HeadOptions options;
  options.not_before = 15;
  head.read(options);
  CHECK(head.sink.points[kUp] == test::Points{{5, test::value_text(5)},
                                              {20, test::value_text(2)},
                                              {40, test::value_text(4)}});
}

TEST_CASE("samples without a series, unknown records and odd bytes are told", "[blocks]") {
  HeadFolder head;
  PrometheusLog log;
  log.record(series_record(1, up()));
  log.record(samples_record(2, {{10, 1}, {20, 2}}));
  log.record("\x63 from the future");
  log.record("\2too short");
  head.write("wal/00000000", log.bytes());
  head.write("chunks_head/000001", "not chunks");
  head.read();
  std::string all;
  for (const std::string& line : head.damage) all += line + "\n";
  CHECK(all.find("2 samples belong to series whose record is lost") != std::string::npos);
  CHECK(all.find("a record of unknown kind 99") != std::string::npos);
  CHECK(all.find("not a head chunks file") != std::string::npos);
}

}  // namespace
}  // namespace narthex::blocks
