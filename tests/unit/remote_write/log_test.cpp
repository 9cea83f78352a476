// SPDX-License-Identifier: Apache-2.0
// The log: what was appended is read once and in order, over restarts, damage and bounds.
#include "tests/support/manual_executor.hpp"
#include "tests/unit/remote_write/log_fixture.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

namespace narthex::remote_write {
namespace {

using RowsRead = std::vector<double>;

TEST_CASE("rows are read as they are appended", "[remote_write]") {
  LogFixture f;
  LogReader reader(*f.log, f.log->end());
  CHECK(LogFixture::read(reader).empty());
  REQUIRE(f.write({1, 2}).ok());
  CHECK(LogFixture::read(reader) == RowsRead{1, 2});
  CHECK(LogFixture::read(reader).empty());
  REQUIRE(f.write({3}).ok());
  f.log->begin_segment();
  REQUIRE(f.write({4}).ok());
  CHECK(LogFixture::read(reader) == RowsRead{3, 4});
  CHECK(reader.place() == f.log->end());
}

TEST_CASE("a reader goes on at any row, with the series of its segment", "[remote_write]") {
  LogFixture f;
  const Place begin = f.log->end();
  REQUIRE(f.write({1, 2, 3}).ok());
  REQUIRE(f.write({4, 5}).ok());
  f.log->begin_segment();
  REQUIRE(f.write({6}).ok());
  f.reopen();
  for (std::uint32_t row = 0; row <= 5; ++row) {
    LogReader reader(*f.log, {begin.segment, row});
    RowsRead expected;
    for (double v = row + 1; v <= 6; ++v) expected.push_back(v);
    CHECK(LogFixture::read(reader) == expected);
    CHECK(reader.take_lost_rows() == 0);
  }
  LogReader reader(*f.log, {begin.segment, 4});
  const LogReader::Step first = reader.next();
  CHECK(first.new_segment);
  CHECK(first.skip == 3);  // all of it is behind, but it names the series
  CHECK(first.frame->series.size() == 1);
}

TEST_CASE("a new process begins a segment of its own", "[remote_write]") {
  LogFixture f;
  const Place begin = f.log->end();
  REQUIRE(f.write({1}).ok());
  f.reopen();
  REQUIRE(f.write({2}).ok());
  LogReader reader(*f.log, begin);
  CHECK(LogFixture::read(reader) == RowsRead{1, 2});
}

TEST_CASE("rows that wait for longer than they may are dropped by segments", "[remote_write]") {
  const std::int64_t now_ms = runtime::SystemClock().now_ms();  // files have times of the system
  test::ManualClock clock(now_ms);
  QueueLogOptions options;
  options.max_age_ms = 80'000;
  options.clock = &clock;
  LogFixture f(options);
  const Place begin = f.log->end();
  REQUIRE(f.write({1, 2}).ok());
  CHECK_FALSE(f.log->is_full());
  clock.set_now_ms(now_ms + 10'001);  // an eighth: what is dropped at once is no more than that
  REQUIRE(f.log->is_full());
  f.log->begin_segment();
  REQUIRE(f.write({3}).ok());
  clock.set_now_ms(now_ms + 79'001);
  f.log->drop_aged();
  CHECK(f.log->stats().dropped_segments == 0);
  clock.set_now_ms(now_ms + 80'002);
  f.log->drop_aged();
  CHECK(f.log->stats().dropped_segments == 1);
  LogReader reader(*f.log, begin);
  CHECK(LogFixture::read(reader) == RowsRead{3});
  CHECK(reader.take_lost_rows() == 2);
  // The segment that is written to stays, and a process that finds it counts from the file's time.
  clock.set_now_ms(now_ms + 1'000'000);
  f.log->drop_aged();
  CHECK(f.log->stats().dropped_segments == 1);
  f.reopen();
  f.log->drop_aged();
  CHECK(f.log->stats().dropped_segments == 1);
  CHECK(f.log->first_from(1) == f.log->segment());
}

TEST_CASE("a torn tail is skipped and nothing before it lost", "[remote_write]") {
  LogFixture f;
  const Place begin = f.log->end();
  REQUIRE(f.write({1}).ok());
  const std::string path = f.log->path_of(begin.segment);
  const auto whole = std::filesystem::file_size(path);
  REQUIRE(f.write({2}).ok());
  const auto both = std::filesystem::file_size(path);
  for (auto size = both - 1; size >= whole; --size) {
    std::filesystem::resize_file(path, size);
    f.reopen();
    LogReader reader(*f.log, begin);
    CHECK(LogFixture::read(reader) == RowsRead{1});
  }
}

TEST_CASE("a damaged frame is left out, counted, and the rest read", "[remote_write]") {
  LogFixture f;
  const Place begin = f.log->end();
  REQUIRE(f.write({1, 2}).ok());
  const std::string path = f.log->path_of(begin.segment);
  const auto at = std::filesystem::file_size(path) - 1;
  REQUIRE(f.write({3}).ok());
  std::string bytes = test::read_file(path);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  test::write_file(path, bytes);
  f.reopen();
  LogReader reader(*f.log, begin);
  CHECK(LogFixture::read(reader) == RowsRead{3});
  CHECK(reader.take_lost_rows() == 2);
  CHECK(reader.damaged_frames() == 1);
}

TEST_CASE("beyond its bound the oldest segment goes, and readers count what they missed",
          "[remote_write]") {
  QueueLogOptions options;
  options.max_bytes = 8 << 10;
  options.segment_bytes = 1 << 10;
  LogFixture f(options);
  const Place begin = f.log->end();
  double next = 0;
  for (int i = 0; i < 400; ++i) {
    if (f.log->is_full()) f.log->begin_segment();
    REQUIRE(f.write({next, next + 0.5}).ok());
    next += 1;
  }
  CHECK(f.log->stats().bytes <= (8 << 10) + (1 << 10));
  CHECK(f.log->stats().dropped_segments > 0);
  LogReader reader(*f.log, begin);
  const RowsRead found = LogFixture::read(reader);
  REQUIRE_FALSE(found.empty());
  CHECK(found.back() == next - 0.5);
  CHECK(found.size() + reader.take_lost_rows() == 800);
}

TEST_CASE("what nobody needs any more is removed", "[remote_write]") {
  LogFixture f;
  const Place begin = f.log->end();
  REQUIRE(f.write({1}).ok());
  f.log->begin_segment();
  REQUIRE(f.write({2}).ok());
  f.log->forget_before(f.log->segment());
  CHECK_FALSE(std::filesystem::exists(f.log->path_of(begin.segment)));
  CHECK(std::filesystem::exists(f.log->path_of(f.log->segment())));
  f.log->forget_before(UINT32_MAX);  // never the one that is written
  CHECK(std::filesystem::exists(f.log->path_of(f.log->segment())));
}

TEST_CASE("a segment that somebody removed is passed by", "[remote_write]") {
  LogFixture f;
  const Place begin = f.log->end();
  REQUIRE(f.write({1}).ok());
  f.log->begin_segment();
  REQUIRE(f.write({2}).ok());
  std::filesystem::remove(f.log->path_of(begin.segment));
  LogReader reader(*f.log, begin);
  CHECK(LogFixture::read(reader) == RowsRead{2});
  CHECK(reader.take_lost_rows() == 1);
}

TEST_CASE("a folder that cannot be written fails appends and is tried again", "[remote_write]") {
  LogFixture f;
  const Place begin = f.log->end();
  std::filesystem::remove_all(f.options.folder);
  CHECK_FALSE(f.write({1}).ok());
  CHECK(f.log->stats().write_failures == 1);
  std::filesystem::create_directory(f.options.folder);
  CHECK(f.write({2}).ok());
  LogReader reader(*f.log, begin);
  CHECK(LogFixture::read(reader) == RowsRead{2});
}

}  // namespace
}  // namespace narthex::remote_write
