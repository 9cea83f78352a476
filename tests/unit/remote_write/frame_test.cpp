// SPDX-License-Identifier: Apache-2.0
// Frames of the log: everything comes back bit for bit, and nothing else is taken for one.
#include "remote_write/frame.hpp"
#include "remote_write/histogram_bytes.hpp"
#include "tests/unit/remote_write/log_fixture.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <limits>
#include <random>

namespace narthex::remote_write {
namespace {

Status decode(const std::string& bytes, Frame& frame) {
  Frame::Head head;
  if (!Frame::read_head(bytes, head)) return invalid_data("no head");
  return frame.decode(head, std::string_view(bytes).substr(Frame::kHeadBytes));
}

nx_histogram float_histogram(const std::vector<nx_span>& spans, const std::vector<double>& counts) {
  nx_histogram h{};
  h.is_float = 1;
  h.reset_hint = NX_RESET_GAUGE;
  h.schema = NX_SCHEMA_CUSTOM;
  h.count.f = 3.5;
  h.sum = -1.25;
  h.pos_spans = spans.data();
  h.pos_span_count = static_cast<std::uint32_t>(spans.size());
  h.pos.counts = counts.data();
  h.pos_bucket_count = static_cast<std::uint32_t>(counts.size());
  h.custom_values = counts.data();
  h.custom_value_count = 1;
  return h;
}

std::string encoded(const nx_histogram& h) {
  std::string out;
  put_histogram(out, h);
  return out;
}

std::string make_frame() {
  FrameBuilder builder;
  builder.series(7, encoded_labels({{"__name__", "up"}, {"job", "a"}}));
  builder.sample(7, 1'700'000'000'000, 0, 1.5);
  builder.sample(7, 1'700'000'000'001, 1'600'000'000'000, std::bit_cast<double>(NX_STALE_NAN_BITS));
  const std::vector<nx_span> spans{{-2, 1}, {3, 1}};
  builder.histogram(7, 5, 2, encoded(float_histogram(spans, {1.5, 2})));
  builder.exemplar(7, 6, 0.25, encoded_labels({{"trace_id", "abc"}}));
  return builder.take();
}

TEST_CASE("a frame comes back as it was", "[remote_write]") {
  Frame frame;
  REQUIRE(decode(make_frame(), frame).ok());
  REQUIRE(frame.rows() == 4);
  REQUIRE(frame.series.size() == 1);
  CHECK(frame.series[0].id == 7);
  CHECK(frame.series[0].labels == std::vector<LabelView>{{"__name__", "up"}, {"job", "a"}});
  CHECK(frame.id == std::vector<std::uint32_t>{7, 7});
  CHECK(frame.t == std::vector<std::int64_t>{1'700'000'000'000, 1'700'000'000'001});
  CHECK(frame.st == std::vector<std::int64_t>{0, 1'600'000'000'000});
  CHECK(std::bit_cast<std::uint64_t>(frame.v[1]) == NX_STALE_NAN_BITS);
  const nx_histogram& h = frame.histograms.at(0).histogram;
  CHECK(frame.histograms[0].t == 5);
  CHECK(frame.histograms[0].start == 2);
  CHECK(h.is_float == 1);
  CHECK(h.reset_hint == NX_RESET_GAUGE);
  CHECK(h.schema == NX_SCHEMA_CUSTOM);
  CHECK(h.count.f == 3.5);
  CHECK(h.sum == -1.25);
  REQUIRE(h.pos_span_count == 2);
  CHECK(h.pos_spans[0].offset == -2);
  REQUIRE(h.pos_bucket_count == 2);
  CHECK(h.pos.counts[1] == 2);
  CHECK(h.neg_bucket_count == 0);
  REQUIRE(h.custom_value_count == 1);
  CHECK(h.custom_values[0] == 1.5);
  CHECK(frame.exemplars.at(0).labels == std::vector<LabelView>{{"trace_id", "abc"}});
  CHECK(frame.exemplars[0].value == 0.25);
}

TEST_CASE("extreme times and numbers come back", "[remote_write]") {
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
  FrameBuilder builder;
  builder.sample(0, kLow, 0, 0);
  builder.sample(UINT32_MAX, kHigh, kLow, 0);
  builder.sample(1, 0, kHigh, 0);
  Frame frame;
  REQUIRE(decode(builder.take(), frame).ok());
  CHECK(frame.t == std::vector<std::int64_t>{kLow, kHigh, 0});
  CHECK(frame.id == std::vector<std::uint32_t>{0, UINT32_MAX, 1});
  CHECK(frame.st == std::vector<std::int64_t>{0, kLow, kHigh});
}

TEST_CASE("an integer histogram comes back", "[remote_write]") {
  nx_histogram h{};
  h.schema = -4;
  h.zero_threshold = 0.001;
  h.zero_count.u = 2;
  h.count.u = UINT64_MAX;
  const std::int64_t deltas[] = {5, -3};
  const nx_span span{1, 2};
  h.neg_spans = &span;
  h.neg_span_count = 1;
  h.neg.deltas = deltas;
  h.neg_bucket_count = 2;
  FrameBuilder builder;
  builder.histogram(1, 2, 0, encoded(h));
  Frame frame;
  REQUIRE(decode(builder.take(), frame).ok());
  const nx_histogram& back = frame.histograms.at(0).histogram;
  CHECK(back.schema == -4);
  CHECK(back.zero_count.u == 2);
  CHECK(back.count.u == UINT64_MAX);
  REQUIRE(back.neg_bucket_count == 2);
  CHECK(back.neg.deltas[1] == -3);
}

TEST_CASE("every cut and every flipped bit of a frame is refused", "[remote_write]") {
  const std::string whole = make_frame();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Frame frame;
    INFO(size);
    CHECK_FALSE(decode(whole.substr(0, size), frame).ok());
  }
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bad = whole;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    Frame frame;
    INFO(bit);
    CHECK_FALSE(decode(bad, frame).ok());
  }
}

TEST_CASE("random frames come back", "[remote_write]") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  FrameBuilder builder;
  for (int round = 0; round < 50; ++round) {
    std::vector<std::uint32_t> ids;
    std::vector<std::int64_t> times;
    std::vector<double> values;
    const std::size_t count = random() % 300;
    for (std::size_t i = 0; i < count; ++i) {
      ids.push_back(static_cast<std::uint32_t>(random() % 1000));
      times.push_back(static_cast<std::int64_t>(random()) >> (random() % 60));
      values.push_back(static_cast<double>(random() % 10'000) / 10);
      builder.sample(ids.back(), times.back(), 0, values.back());
    }
    Frame frame;
    REQUIRE(decode(builder.take(), frame).ok());
    CHECK(frame.id == ids);
    CHECK(frame.t == times);
    CHECK(frame.v == values);
    CHECK(frame.st.empty());
  }
}

}  // namespace
}  // namespace narthex::remote_write
