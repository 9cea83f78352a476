// SPDX-License-Identifier: Apache-2.0
// Series, layouts, histograms, starts, exemplars, metadata and deletions come back; a payload that
// is cut tells less or nothing.
#include "storage/wal/series_record.hpp"
#include "support/record_book.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <random>

namespace narthex::storage::wal {
namespace {

using test::RecordBook;

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t kRefMost = std::numeric_limits<std::uint32_t>::max();

void read(RecordBook& book, RecordType type, const Bytes& payload) {
  RecordReader reader(book);
  reader.read(1, static_cast<std::uint8_t>(type), payload);
  REQUIRE(reader.figures().malformed_records == 0);
}

TEST_CASE("label sets come back, like ones cost a few bytes", "[wal]") {
  std::mt19937 random(3);
  SeriesEncoder encoder;
  std::vector<std::pair<std::uint32_t, RecordBook::Labels>> expected;
  for (int i = 0; i < 500; ++i) {
    RecordBook::Labels labels;
    for (int name = 0; name < 9; ++name) {
      if (random() % 3 == 0) continue;
      labels.emplace_back("label" + std::to_string(name), "v" + std::to_string(random() % 5));
    }
    const std::uint32_t ref = i == 250 ? kRefMost : static_cast<std::uint32_t>(random() % 1000);
    std::vector<LabelView> views;
    for (const auto& [name, value] : labels) views.push_back({name, value});
    encoder.add(ref, views);
    expected.emplace_back(ref, labels);
  }
  REQUIRE_FALSE(encoder.empty());
  Bytes payload;
  encoder.finish(payload);
  REQUIRE(encoder.empty());
  RecordBook book;
  read(book, RecordType::kSeries, payload);
  REQUIRE(book.series_list == expected);

  payload.clear();
  for (std::uint32_t ref = 1000; ref < 2000; ++ref) {
    const std::string le = std::to_string(ref % 12);
    const std::vector<LabelView> labels{{"__name__", "a_metric_bucket"},
                                        {"instance", "host.example.org:9100"},
                                        {"job", "node"},
                                        {"le", le}};
    encoder.add(ref, labels);
  }
  encoder.finish(payload);
  REQUIRE(payload.size() < 1000 * 5 + 200);
}

TEST_CASE("a series record whose labels are out of order tells nothing", "[wal]") {
  SeriesEncoder encoder;
  const std::vector<LabelView> good{{"a", "1"}, {"b", "2"}};
  encoder.add(1, good);
  const std::vector<LabelView> bad{{"b", "1"}, {"a", "2"}};
  encoder.add(2, bad);
  Bytes payload;
  encoder.finish(payload);
  RecordBook book;
  RecordReader reader(book);
  reader.read(1, 1, payload);
  REQUIRE(reader.figures().malformed_records == 1);
  REQUIRE(book.series_list.empty());
}

TEST_CASE("layouts and deletions keep their refs", "[wal]") {
  std::vector<std::uint32_t> refs{5, 6, 7, 1, kRefMost, 0, kRefMost - 1, kRefMost, 3, 3, 4};
  for (std::uint32_t i = 0; i < 1000; ++i) refs.push_back(2000 + i);
  Bytes layout;
  encode_layout(~std::uint64_t{0}, refs, layout);
  Bytes none;
  encode_layout(1, {}, none);
  Bytes erased;
  encode_delete(refs, kLeast, kMost, erased);
  RecordBook book;
  read(book, RecordType::kLayout, layout);
  read(book, RecordType::kLayout, none);
  read(book, RecordType::kDelete, erased);
  REQUIRE(layout.size() < 60);
  REQUIRE(book.layouts.size() == 2);
  REQUIRE(book.layouts[0] == std::pair(~std::uint64_t{0}, refs));
  REQUIRE(book.layouts[1].second.empty());
  REQUIRE(book.erased.at(0) == std::tuple(refs, kLeast, kMost));
}

TEST_CASE("a run of more refs than the count is malformed", "[wal]") {
  RecordBook book;
  RecordReader reader(book);
  // Layout 1 of 2 refs: a run of 4 billion; and one of more refs than a layout may have.
  reader.read(1, 2, Bytes{1, 2, 1, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F});
  reader.read(1, 2, Bytes{1, 0x81, 0x80, 0x80, 0x02, 1, 0xFF, 0xFF, 0xFF, 0x01});
  reader.read(1, 0, Bytes{});
  reader.read(1, 63, Bytes{});
  REQUIRE(reader.figures().malformed_records == 4);
  REQUIRE(book.layouts.empty());
}

TEST_CASE("histograms come back in full", "[wal]") {
  const nx_span pos[] = {{-3, 2}, {INT32_MAX, 1}};
  const nx_span neg[] = {{INT32_MIN, 1}};
  const std::int64_t deltas[] = {kLeast, kMost, -1};
  const double counts[] = {0.5, -0.0, std::bit_cast<double>(NX_STALE_NAN_BITS)};
  const double bounds[] = {0.1, 1, std::numeric_limits<double>::infinity()};
  nx_histogram integer{};
  integer.schema = -4;
  integer.reset_hint = NX_RESET_GAUGE;
  integer.zero_threshold = 1e-128;
  integer.zero_count.u = ~std::uint64_t{0};
  integer.count.u = 12;
  integer.sum = std::bit_cast<double>(NX_STALE_NAN_BITS);
  integer.pos_spans = pos;
  integer.pos_span_count = 2;
  integer.neg_spans = neg;
  integer.neg_span_count = 1;
  integer.pos.deltas = deltas;
  integer.pos_bucket_count = 3;
  integer.neg.deltas = deltas + 1;
  integer.neg_bucket_count = 1;
  nx_histogram real = integer;
  real.is_float = 1;
  real.schema = NX_SCHEMA_CUSTOM;
  real.zero_count.f = 1.5;
  real.count.f = std::bit_cast<double>(~std::uint64_t{0});
  real.pos.counts = counts;
  real.neg.counts = counts + 2;
  real.custom_values = bounds;
  real.custom_value_count = 3;
  const nx_histogram empty{};
  HistogramsEncoder encoder;
  encoder.add(4, kMost, integer);
  encoder.add(3, kLeast, real);
  encoder.add(kRefMost, 0, empty);
  Bytes payload;
  encoder.finish(payload);
  RecordBook book;
  read(book, RecordType::kHistograms, payload);
  REQUIRE(book.histograms.size() == 3);
  REQUIRE(book.histograms[0] == std::tuple(4u, kMost, RecordBook::spell(integer)));
  REQUIRE(book.histograms[1] == std::tuple(3u, kLeast, RecordBook::spell(real)));
  REQUIRE(book.histograms[2] == std::tuple(kRefMost, std::int64_t{0}, RecordBook::spell(empty)));
  for (std::size_t size = 1; size < payload.size(); ++size) {
    RecordBook cut;
    RecordReader reader(cut);
    reader.read(1, 5, ByteView(payload).first(size));
    REQUIRE(cut.histograms.size() < 3);
    REQUIRE((reader.figures().malformed_records == 1) == cut.histograms.empty());
  }
}

TEST_CASE("starts, exemplars and metadata come back", "[wal]") {
  StartsEncoder starts;
  starts.add(1, kMost, kLeast);
  starts.add(kRefMost, kLeast, kMost);
  starts.add(0, 5, 4);
  const std::vector<LabelView> labels{{"trace_id", "abc"}, {"", std::string_view("\0x", 2)}};
  ExemplarsEncoder exemplars;
  exemplars.add({7, kLeast, true, NX_STALE_NAN_BITS, labels});
  exemplars.add({6, kMost, false, std::uint64_t{1} << 63, {}});
  MetadataEncoder metadata;
  metadata.add({"a_total", NX_TYPE_COUNTER, "", "Help."});
  metadata.add({"", kRefMost, "seconds", ""});
  RecordBook book;
  Bytes payload;
  starts.finish(payload);
  read(book, RecordType::kStarts, payload);
  payload.clear();
  exemplars.finish(payload);
  read(book, RecordType::kExemplars, payload);
  payload.clear();
  metadata.finish(payload);
  read(book, RecordType::kMetadata, payload);
  REQUIRE(book.starts ==
          decltype(book.starts){{1, kMost, kLeast}, {kRefMost, kLeast, kMost}, {0, 5, 4}});
  REQUIRE(book.exemplars.size() == 2);
  REQUIRE(book.exemplars[0] ==
          std::tuple(7u, kLeast, true, NX_STALE_NAN_BITS, RecordBook::copy(labels)));
  REQUIRE(book.exemplars[1] ==
          std::tuple(6u, kMost, false, std::uint64_t{1} << 63, RecordBook::Labels{}));
  REQUIRE(book.metadata_list.at(0) ==
          std::tuple<std::string, std::uint32_t, std::string, std::string>(
              "a_total", NX_TYPE_COUNTER, "", "Help."));
  REQUIRE(std::get<2>(book.metadata_list.at(1)) == "seconds");
}

}  // namespace
}  // namespace narthex::storage::wal
