// SPDX-License-Identifier: Apache-2.0
// A small log, cut at every byte and with a bit flipped in every byte.
#include "support/faulty_fs.hpp"
#include "support/wal_book.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <thread>

namespace narthex::storage::wal {
namespace {

using test::FaultyFileSystem;
using test::Texts;

struct SmallLog {
  FaultyFileSystem files;
  Texts texts;
  std::vector<std::string> segments;
};

void make(SmallLog& small, std::uint64_t segment_bytes, std::initializer_list<std::size_t> sizes) {
  Options options = test::small_options(Durability::kAlways);
  options.segment_bytes = segment_bytes;
  auto log = test::open_log(small.files, options);
  for (const std::size_t size : sizes) {
    small.texts.push_back(std::to_string(small.texts.size()) + std::string(size, 'q'));
    const Record record = test::text_record(small.texts.back());
    REQUIRE(log->append({&record, 1}).ok());
  }
  log.reset();
  const auto names = small.files.list("w");
  for (const std::string& name : *names) small.segments.push_back("w/" + name);
}

// How many of `all` are missing from `found`; fails where `found` is no subsequence.
std::size_t missing(const Texts& all, const Texts& found) {
  std::size_t at = 0;
  for (const std::string& text : found) {
    while (at < all.size() && all[at] != text) ++at;
    REQUIRE(at < all.size());
    ++at;
  }
  return all.size() - found.size();
}

TEST_CASE("a log cut at any byte has what stands before", "[wal]") {
  SmallLog small;
  make(small, 1 << 20, {0, 5, 100, 33'000, 7, 300});
  REQUIRE(small.segments.size() == 1);
  const std::size_t whole = small.files.content(small.segments[0]).size();
  std::size_t before = 0;
  for (std::size_t bytes = 0; bytes <= whole;
       bytes += bytes > 500 && bytes + 900 < whole ? 97 : 1) {
    const auto cut = small.files.copy();
    cut->content(small.segments[0]).resize(bytes);
    const test::ReadBack back = test::read_back(*cut);
    REQUIRE(std::equal(back.texts.begin(), back.texts.end(), small.texts.begin()));
    REQUIRE(back.texts.size() >= before);
    REQUIRE(back.report.damage_count == 0);
    before = back.texts.size();
  }
  REQUIRE(before == small.texts.size());
}

TEST_CASE("one flipped bit costs the record it hits, and is told", "[wal]") {
  SmallLog small;
  make(small, 700, {0, 5, 100, 300, 7, 300, 20, 1, 400, 90, 2});
  REQUIRE(small.segments.size() >= 2);
  for (const std::string& segment : small.segments) {
    const std::size_t size = small.files.content(segment).size();
    for (std::size_t i = 0; i < size; ++i) {
      const auto damaged = small.files.copy();
      damaged->content(segment)[i] ^= static_cast<std::uint8_t>(1 << i % 8);
      const test::ReadBack back = test::read_back(*damaged);
      INFO(segment << " byte " << i);
      REQUIRE(missing(small.texts, back.texts) <= 1);
      const bool told = back.report.damage_count == 1 || back.report.torn_bytes != 0;
      REQUIRE(told);
      if (back.report.damage_count == 1) {
        const Damage& damage = back.report.damages.front();
        REQUIRE(damage.at.offset <= i);
        REQUIRE(i < damage.at.offset + damage.bytes);
      }
    }
  }
}

TEST_CASE("a zeroed stretch is damage, records of many blocks are lost whole", "[wal]") {
  SmallLog small;
  make(small, 1 << 20, {10, 100'000, 20, 200'000, 30, 5'000, 40});
  const std::size_t size = small.files.content(small.segments[0]).size();
  for (std::size_t from = kSegmentHeaderBytes; from + 9'000 < size; from += 1'777) {
    const auto damaged = small.files.copy();
    auto& bytes = damaged->content(small.segments[0]);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), 3'000, std::uint8_t{0});
    const test::ReadBack back = test::read_back(*damaged);
    REQUIRE(missing(small.texts, back.texts) >= 1);
    REQUIRE(missing(small.texts, back.texts) <= 3);
    REQUIRE(back.report.damage_count >= 1);
    REQUIRE(back.texts.back() == small.texts.back());
  }
}

TEST_CASE("a sector that cannot be read costs its block", "[wal]") {
  SmallLog small;
  make(small, 1 << 20, {10, 100'000, 20});
  small.files.fail(test::Call::kRead, 3, EIO);
  const test::ReadBack back = test::read_back(small.files);
  REQUIRE(back.texts == small.texts);
}

TEST_CASE("threads that append together share writes and keep their order", "[wal]") {
  FaultyFileSystem files;
  Options options = test::small_options(Durability::kAlways);
  options.segment_bytes = 20'000;
  auto log = test::open_log(files, options);
  constexpr int kThreads = 6;
  constexpr int kEach = 300;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string text = std::to_string(t) + "/" + std::to_string(i);
        const Record record = test::text_record(text);
        if (!log->append({&record, 1}).ok()) std::abort();
        if (i % 50 == 0) log->tick();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(log->figures().records == kThreads * kEach);
  log.reset();
  files.power_cut();
  const Texts found = test::read_back(files).texts;
  REQUIRE(found.size() == kThreads * kEach);
  std::vector<int> next(kThreads, 0);
  for (const std::string& text : found) {
    const auto t = static_cast<std::size_t>(text[0] - '0');
    REQUIRE(text == std::to_string(t) + "/" + std::to_string(next[t]++));
  }
}

}  // namespace
}  // namespace narthex::storage::wal
