// SPDX-License-Identifier: Apache-2.0
// Bodies that mean harm, or lost their end on the way.
#include "tests/support/write_fixture.hpp"

#include <catch2/catch.hpp>
#include <protozero/pbf_reader.hpp>

#include <algorithm>
#include <random>

namespace narthex::test {
namespace {

std::string one_of_everything(std::int64_t t) {
  HistogramParts parts;
  parts.count = 3;
  parts.sum = 5;
  parts.positive_spans = {{0, 2}};
  parts.positive_deltas = {1, 1};
  parts.t = t;
  return SeriesMessage()
             .label("__name__", "up")
             .label("job", "a")
             .sample(1, t - 1)
             .sample(2, t)
             .exemplar({{"trace_id", "abc"}}, 1, t)
             .in_request() +
         SeriesMessage().label("__name__", "latency").histogram(parts).in_request() +
         metadata_in_request(NX_TYPE_GAUGE, "up", "Whether it is.", "");
}

TEST_CASE("a body cut anywhere is refused whole, or is a shorter body", "[remote_write][hostile]") {
  const std::int64_t t = FakeHost().now_ms;
  const std::string whole = one_of_everything(t);
  // After these many bytes the request is a valid shorter one.
  std::vector<std::size_t> borders;
  protozero::pbf_reader reader(whole);
  while (reader.next()) {
    const auto field = reader.get_view();
    borders.push_back(static_cast<std::size_t>(field.data() + field.size() - whole.data()));
  }
  REQUIRE(borders.size() == 3);
  for (std::size_t size = 1; size <= whole.size(); ++size) {
    INFO(size);
    WriteFixture f;
    const net::Response answer = f.post(std::string_view(whole).substr(0, size));
    const bool at_border = std::find(borders.begin(), borders.end(), size) != borders.end();
    CHECK(answer.status == (at_border ? 204 : 400));
    if (!at_border) CHECK(f.read().empty());
    if (!at_border) CHECK(f.metadata().empty());
  }
}

TEST_CASE("a changed byte never gives more than 204 or 400", "[remote_write][hostile]") {
  const std::int64_t t = FakeHost().now_ms;
  const std::string whole = one_of_everything(t);
  const unsigned seed = 20'261;
  INFO("seed " << seed);
  std::mt19937 random(seed);
  WriteFixture f;
  for (int round = 0; round < 20'000; ++round) {
    std::string body = whole;
    for (unsigned n = random() % 3 + 1; n > 0; --n) {
      body[random() % body.size()] = static_cast<char>(random());
    }
    const int status = f.post(body).status;
    CHECK((status == 204 || status == 400));
  }
}

TEST_CASE("what is larger decoded than allowed is 413 and costs no memory",
          "[remote_write][hostile]") {
  WriteFixture f;
  f.body_max_bytes = 1 << 20;
  const std::string bomb = pack_snappy(std::string((1 << 20) + 1, 'a'));
  REQUIRE(bomb.size() < 60'000);
  const net::Response answer = f.post_raw(bomb);
  CHECK(answer.status == 413);
  CHECK(answer.body.find("decoded block is too large: 1048577 bytes, the limit is 1048576") !=
        std::string::npos);
  CHECK(f.post_raw(std::string("\xff\xff\xff\xff\x0f", 5)).status == 413);
  CHECK(f.post_raw(std::string("\x80\x80\x40\x00", 4)).status == 400);  // claims the whole limit
}

TEST_CASE("garbage is 400", "[remote_write][hostile]") {
  WriteFixture f;
  CHECK(f.post_raw("garbage.....").status == 400);
  CHECK(f.post("garbage.....").status == 400);
  CHECK(f.post(std::string(1000, '\xff')).status == 400);
  CHECK(f.post(std::string("\x0a\xff\xff\xff\xff\x07", 6)).status == 400);  // a length of 2 GiB
}

TEST_CASE("unknown fields are skipped, as protobuf wants", "[remote_write][hostile]") {
  WriteFixture f;
  std::string more;
  protozero::pbf_writer writer(more);
  writer.add_uint64(77, 5);
  writer.add_string(78, "text");
  writer.add_fixed32(79, 1);
  writer.add_double(80, 1);
  const std::string series =
      SeriesMessage().label("__name__", "up").sample(1, f.host.now_ms).raw(9, "new").in_request();
  CHECK(f.post(more + series + more).status == 204);
  CHECK(f.read().size() == 1);
}

TEST_CASE("a series of very many labels is refused without keeping them",
          "[remote_write][hostile]") {
  WriteFixture f;
  SeriesMessage series;
  series.label("__name__", "up");
  for (int i = 0; i < 100'000; ++i) series.label("l" + std::to_string(i), "x");
  const net::Response answer = f.post(series.sample(1, f.host.now_ms).in_request());
  CHECK(answer.status == 400);
  CHECK(answer.body.find("100001 labels, the limit is 64") == 0);
  CHECK(answer.body.size() < 1000);
}

}  // namespace
}  // namespace narthex::test
