// SPDX-License-Identifier: Apache-2.0
// The pure parts of sending: places, shards, outcomes, the number of shards.
#include "remote_write/place_file.hpp"
#include "remote_write/send_outcome.hpp"
#include "remote_write/shard.hpp"
#include "remote_write/shard_count.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

namespace narthex::remote_write {
namespace {

TEST_CASE("places outlive the process, the newest whole ones", "[remote_write]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("x.place");
  const std::vector<ShardPlace> first{{{1, 2}, {}}, {{1, 5}, {1, 9}}};
  const std::vector<ShardPlace> second{{{2, 0}, {}}, {{2, 1}, {}}, {{2, 2}, {2, 3}}};
  {
    PlaceFile file(path);
    auto found = file.open();
    REQUIRE(found.ok());
    CHECK(found->empty());
    REQUIRE(file.save(first).ok());
  }
  {
    PlaceFile file(path);
    CHECK(*file.open() == first);
    REQUIRE(file.save(second).ok());
  }
  CHECK(*PlaceFile(path).open() == second);
  // The second lies in the first slot: torn anywhere, it leaves the one before.
  std::string bytes = test::read_file(path);
  bytes[40] = static_cast<char>(bytes[40] ^ 1);
  test::write_file(path, bytes);
  CHECK(*PlaceFile(path).open() == first);
}

OutRow row_at(std::int64_t t) {
  OutRow row;
  row.t = t;
  return row;
}

std::vector<std::int64_t> times_of(std::span<const OutRow> rows) {
  std::vector<std::int64_t> times;
  for (const OutRow& row : rows) times.push_back(row.t);
  return times;
}

TEST_CASE("a batch is due when it is full or has waited", "[remote_write]") {
  Shard shard;
  const Place read_to{1, 9};
  CHECK(shard.due(read_to, 2, 1000, 10) == 0);
  shard.put(row_at(1), {1, 0}, 0);
  CHECK(shard.due(read_to, 2, 9, 10) == 0);
  CHECK(shard.due_at_ns(10) == 10);
  CHECK(shard.due(read_to, 2, 10, 10) == 1);
  shard.put(row_at(2), {1, 3}, 5);
  shard.put(row_at(3), {1, 4}, 5);
  REQUIRE(shard.due(read_to, 2, 5, 10) == 2);
  CHECK(times_of(shard.begin(2)) == std::vector<std::int64_t>{1, 2});
  CHECK(shard.due(read_to, 1, 99, 10) == 0);  // one request at a time
  CHECK(shard.place(read_to) == ShardPlace{{1, 0}, {1, 4}});
  shard.end();
  CHECK(shard.size() == 1);
  CHECK(shard.place(read_to) == ShardPlace{{1, 4}, {}});
  shard.begin(1);
  shard.end();
  CHECK(shard.place(read_to) == ShardPlace{{1, 9}, {}});
  CHECK(shard.is_empty(read_to));
}

TEST_CASE("after a restart the request under way is made again as it was", "[remote_write]") {
  // Rows before 1:3 were acknowledged, those up to 1:6 under way.
  Shard shard({{1, 3}, {1, 6}});
  for (std::uint32_t row = 0; row < 8; ++row) {
    CHECK_FALSE(shard.is_empty({1, row}));
    shard.put(row_at(row), {1, row}, 0);
    if (row < 6) CHECK(shard.due({1, row + 1}, 100, 0, 10) == (row == 5 ? 3 : 0));
  }
  REQUIRE(shard.due({1, 8}, 100, 0, 10) == 3);
  CHECK(times_of(shard.begin(3)) == std::vector<std::int64_t>{3, 4, 5});
  CHECK(shard.place({1, 8}) == ShardPlace{{1, 3}, {1, 6}});
  shard.end();
  CHECK(shard.due({1, 8}, 100, 0, 10) == 0);
  CHECK(shard.due({1, 8}, 100, 10, 10) == 2);
}

TEST_CASE("a second restart before the rows are read forgets nothing", "[remote_write]") {
  const ShardPlace before{{2, 3}, {2, 6}};
  Shard shard(before);
  CHECK(shard.place({1, 0}) == before);
  shard.put(row_at(3), {2, 3}, 0);
  CHECK(shard.place({2, 4}) == before);
}

Result<net::FetchResponse> answer(int status, net::Params headers = {}) {
  net::FetchResponse response;
  response.status = status;
  response.status_line = std::to_string(status) + " Something";
  response.headers = std::move(headers);
  response.body = make_buffer("why\nmore");
  return response;
}

TEST_CASE("statuses are final or not, as the protocol says", "[remote_write]") {
  using Kind = SendOutcome::Kind;
  const RowCounts sent{3, 2, 1};
  const auto kind = [&](int status, bool retry_on_429 = false) {
    return outcome_of(answer(status), retry_on_429, false, sent, 0).kind;
  };
  CHECK(kind(200) == Kind::kSent);
  CHECK(kind(204) == Kind::kSent);
  for (const int status : {301, 400, 401, 404, 413, 415, 429}) CHECK(kind(status) == Kind::kFailed);
  for (const int status : {500, 502, 503, 504}) CHECK(kind(status) == Kind::kRetry);
  CHECK(kind(429, true) == Kind::kRetry);
  const Result<net::FetchResponse> down = Status{NX_ERR_UNAVAILABLE, "connection refused"};
  CHECK(outcome_of(down, false, false, sent, 0).kind == Kind::kRetry);
  CHECK(outcome_of(answer(400), false, false, sent, 0).text ==
        "server returned HTTP status 400 Something: why");
}

TEST_CASE("an answer of 2.0 says what was written", "[remote_write]") {
  using Kind = SendOutcome::Kind;
  const net::Params headers{{"x-prometheus-remote-write-samples-written", "3"},
                            {"x-prometheus-remote-write-histograms-written", "0"},
                            {"x-prometheus-remote-write-exemplars-written", "1"}};
  const SendOutcome good = outcome_of(answer(204, headers), false, true, {3, 2, 1}, 0);
  CHECK(good.kind == Kind::kSent);
  CHECK(good.written.samples == 3);
  CHECK(good.written.histograms == 0);
  CHECK(outcome_of(answer(400, headers), false, true, {9, 9, 9}, 0).written.exemplars == 1);
  // Who does not say so did not understand.
  CHECK(outcome_of(answer(204), false, true, {3, 0, 0}, 0).kind == Kind::kFailed);
  CHECK(outcome_of(answer(204, {{"x-prometheus-remote-write-samples-written", "x"}}), false, true,
                   {3, 0, 0}, 0)
            .kind == Kind::kFailed);
}

TEST_CASE("receivers may say when to come again", "[remote_write]") {
  constexpr std::int64_t kNow = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(retry_after_ms("7", kNow) == 7'000);
  CHECK(retry_after_ms("Sun, 06 Nov 1994 08:49:47 GMT", kNow) == 10'000);
  for (const char* nothing : {"", "0", "-1", "soon", "1.5", "Sun, 06 Nov 1994 08:49:00 GMT"}) {
    CHECK(retry_after_ms(nothing, kNow) == 0);
  }
  CHECK(retry_after_ms("99999999999", kNow) == 86'400'000);
  CHECK(outcome_of(answer(503, {{"retry-after", "2"}}), false, false, {}, kNow).retry_after_ms ==
        2'000);
}

TEST_CASE("shards follow what comes in, what goes out and what waits", "[remote_write]") {
  const ShardBounds bounds{1, 50};
  ShardCount idle;
  CHECK(idle.reckon(10, 0, 3, bounds) == 3);  // nothing was sent: nothing is known
  const auto after = [&](double in, double out, double duration_s, double behind_s,
                         std::uint64_t current) {
    ShardCount count;
    count.came_in(in * 10);
    count.went_out(out * 10, duration_s * 10);
    return count.reckon(10, behind_s, current, bounds);
  };
  CHECK(after(1000, 1000, 0.9, 0, 1) == 1);   // one shard is nearly always busy: enough
  CHECK(after(4000, 1000, 1, 0, 1) == 4);     // four times as much comes in as one takes
  CHECK(after(1000, 1000, 0.5, 0, 10) == 1);  // fewer do
  CHECK(after(1000, 1000, 1, 20, 1) == 2);    // a backlog is worked off
  CHECK(after(1e6, 1000, 1, 0, 1) == 50);
  CHECK(after(1000, 1000, 1.2, 0, 1) == 1);  // within tolerance
}

}  // namespace
}  // namespace narthex::remote_write
