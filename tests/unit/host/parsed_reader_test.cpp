// SPDX-License-Identifier: Apache-2.0
// What the process of a parser says of a page comes through as it was, and what is no batch of it
// leads nowhere else.
#include "host/parsed_reader.hpp"

#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/protocol.hpp>

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

using namespace narthex;
using namespace narthex::host;

namespace {

// A batch with all that a batch can have.
struct FullBatch {
  explicit FullBatch(std::string_view page) {
    rows.begin(opts());
    rows.add(page.substr(0, 3), 1.5);
    rows.set_time(5);
    rows.add(made, 2);
    rows.set_start(9);
    nx_histogram h{};
    h.schema = 3;
    h.count.u = 4;
    h.pos_span_count = 1;
    h.pos_spans = &span;
    h.pos_bucket_count = 2;
    h.pos.deltas = deltas;
    rows.add(page.substr(4), 0);
    rows.set_histogram(h);
    nx_exemplar exemplar{};
    exemplar.v = 7;
    exemplar.t = 8;
    exemplar.flags = NX_EXEMPLAR_HAS_T;
    exemplar.label_count = 1;
    label = {to_nx(page.substr(0, 1)), to_nx(std::string_view(made))};
    rows.add_exemplar(exemplar);
    rows.place_exemplars(&label);
    nx_metadata& family = rows.family(page.substr(0, 2));
    family.type = NX_TYPE_HISTOGRAM;
    family.help = to_nx(std::string_view(made));
  }
  static nx_parse_opts opts() {
    nx_parse_opts opts{};
    opts.struct_size = sizeof opts;
    opts.default_t = 1;
    return opts;
  }
  std::string message(std::string_view page) {
    struct Out {
      std::string_view page;
      std::string bytes;
    } out{page, {}};
    sdk::ParsedSink sink(
        [](void* at, const nx_parsed* parsed) -> nx_status {
          auto& o = *static_cast<Out*>(at);
          ParsedWriter().write(o.bytes, *parsed, o.page);
          return NX_OK;
        },
        &out);
    (void)rows.flush(sink);
    return out.bytes;
  }

  const std::string made = "made";
  const nx_span span = {-2, 2};
  const std::int64_t deltas[2] = {3, -2};
  nx_label label{};
  sdk::ParsedRows rows;
};

}  // namespace

TEST_CASE("a batch comes through with all it has, and its texts as places", "[process]") {
  const std::string page = "abc def";
  const std::string message = FullBatch(page).message(page);
  ParsedReader reader;
  reader.begin(page, 1);
  REQUIRE(reader.read(message).message() == "");
  const nx_parsed& parsed = reader.parsed();
  const nx_sample_batch& batch = *parsed.batch;
  REQUIRE(batch.rows == 3);
  CHECK(parsed.key[0].ptr == page.data());
  CHECK(view(parsed.key[0]) == "abc");
  CHECK(view(parsed.key[1]) == "made");
  CHECK(view(parsed.key[2]) == "def");
  CHECK(batch.v[0] == 1.5);
  CHECK(batch.t[0] == 5);
  CHECK(batch.t[1] == 1);
  REQUIRE(parsed.own_t != nullptr);
  CHECK(parsed.own_t[0] == 1);
  CHECK(batch.st[1] == 9);
  CHECK(batch.h[0] == NX_NONE);
  REQUIRE(batch.h[2] == 0);
  CHECK(batch.hists[0].pos.deltas[1] == -2);
  CHECK(batch.hists[0].pos_spans[0].offset == -2);
  REQUIRE(batch.exemplar_count == 1);
  CHECK(batch.exemplars[0].row == 2);
  CHECK(view(batch.exemplars[0].labels[0].name) == "a");
  CHECK(view(batch.exemplars[0].labels[0].value) == "made");
  REQUIRE(batch.meta_count == 1);
  CHECK(view(batch.meta[0].family) == "ab");
  CHECK(view(batch.meta[0].help) == "made");
  CHECK(batch.meta[0].unit.len == 0);
}

TEST_CASE("a batch that was cut, changed or is of another page leads nowhere else", "[process]") {
  const std::string page = "abc def";
  const std::string good = FullBatch(page).message(page);
  ParsedReader reader;
  for (std::size_t size = 0; size < good.size(); ++size) {
    reader.begin(page, 1);
    CHECK_FALSE(reader.read(std::string_view(good).substr(0, size)).ok());
  }
  reader.begin("ab", 1);
  CHECK(reader.read(good).message().find("outside of the page") != std::string::npos);
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random());
    reader.begin(page, 1);
    if (!reader.read(bad).ok()) continue;
    std::uint64_t sum = 0;
    const nx_parsed& parsed = reader.parsed();
    for (std::uint64_t row = 0; row < parsed.batch->rows; ++row) {
      for (const char c : view(parsed.key[row])) sum += static_cast<unsigned char>(c);
      sum += static_cast<std::uint64_t>(parsed.batch->t[row]);
      if (parsed.batch->h != nullptr && parsed.batch->h[row] != NX_NONE) {
        REQUIRE(parsed.batch->h[row] < parsed.batch->hist_count);
      }
    }
    CHECK(sum != 0);
  }
}

TEST_CASE("a small message does not name a large page over and over", "[process]") {
  const std::string page(1 << 20, 'x');
  std::vector<nx_str> keys(1000, to_nx(std::string_view(page)));
  std::vector<double> values(keys.size());
  nx_sample_batch batch{};
  batch.rows = keys.size();
  batch.v = values.data();
  nx_parsed parsed{};
  parsed.key = keys.data();
  parsed.batch = &batch;
  std::string message;
  ParsedWriter().write(message, parsed, page);
  ParsedReader reader;
  reader.begin(page, 0);
  CHECK_FALSE(reader.read(message).ok());
  sdk::SeriesTable series;
  series.pairs().push_back({to_nx(kMetricName), keys[0]});
  (void)series.end_series();
  nx_series_table table = series.table();
  const std::vector<std::uint32_t> references(4000, 1);
  const std::uint32_t offsets[] = {0, 2000};
  table.label_ref = references.data();
  table.label_off = offsets;
  std::string labels;
  ParsedWriter().write(labels, table, page);
  WireArrays arrays;
  reader.begin(page, 0);
  CHECK_FALSE(reader.read_series(labels, 1, arrays).ok());
}

TEST_CASE("labels come through, and are judged", "[process]") {
  const std::string page = "name value";
  sdk::SeriesTable series;
  series.pairs().push_back({to_nx(kMetricName), to_nx(std::string_view(page).substr(0, 4))});
  series.pairs().push_back({NX_STR("b"), to_nx(std::string_view(page).substr(5))});
  (void)series.end_series();
  nx_series_table table = series.table();
  std::string message;
  ParsedWriter().write(message, table, page);
  ParsedReader reader;
  reader.begin(page, 0);
  WireArrays arrays;
  CHECK_FALSE(reader.read_series(message, 2, arrays).ok());
  const auto read = reader.read_series(message, 1, arrays);
  REQUIRE(read.status().message() == "");
  CHECK(view(read->symbols[read->label_ref[3]]) == "value");
  CHECK(check_parsed_labels(*read).ok());
  const std::uint32_t swapped[] = {2, 3, 0, 1};
  table.label_ref = swapped;
  CHECK(check_parsed_labels(table).message() ==
        "the parser gave labels that are not in order, or one twice");
  const nx_str symbols[] = {NX_STR("a"), NX_STR("\xc0"), NX_STR("b"), NX_STR("y")};
  const std::uint32_t in_order[] = {0, 1, 2, 3};
  table.symbols = symbols;
  table.label_ref = in_order;
  CHECK(check_parsed_labels(table).message() == "the parser gave a label that is not UTF-8");
}
