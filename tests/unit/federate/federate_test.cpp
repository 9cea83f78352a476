// SPDX-License-Identifier: Apache-2.0
// Selection and exposition over the memory backend. Texts and bytes marked as recorded are what
// Prometheus 3.5.3 answered on the same data.
#include "federate/encoder.hpp"
#include "tests/support/written_store.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <limits>

namespace narthex::federate {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;
constexpr std::int64_t kLookback = 300'000;

struct Fixture {
  test::WrittenStore written;
  AddedLabels added{{"instance", ""}, {"site", "oslo"}, {"zone", "1"}};

  Selector selector(int op, const char* name, const char* value) {
    return {*store::Matcher::make(op, name, value)};
  }
  std::shared_ptr<const Latest> latest(const std::vector<Selector>& selectors) {
    auto collected = Latest::collect(written.store, selectors, kNow - kLookback, kNow, 0, nullptr);
    REQUIRE(collected.ok());
    return *collected;
  }
  std::string encoded(const std::vector<Selector>& selectors, const Format& format) {
    Encoder encoder(latest(selectors), format, added);
    std::string out;
    while (encoder.produce(out)) {
    }
    return out;
  }
  std::string text(Escaping escaping = Escaping::kUnderscores) {
    return encoded({selector(NX_MATCH_RE, "__name__", ".+")}, {false, escaping});
  }
};

TEST_CASE("the newest samples are exposed as Prometheus does", "[federate]") {
  Fixture f;
  test::WrittenStore& w = f.written;
  w.put({{"__name__", "m"}, {"a", "1"}}, kNow - 50'000, 58);
  w.put({{"__name__", "m"}, {"a", "1"}}, kNow - 49'000, 59);
  w.put({{"__name__", "m"}, {"a", "2"}, {"zone", "own"}}, kNow - 2000, 29 / 3.0);
  w.put({{"__name__", "n"}, {"instance", "x:1"}, {"job", "j"}}, kNow - 3000, std::nan(""));
  w.put({{"__name__", "n"}, {"site", "bergen"}}, kNow - 1000, 2.5e-7);
  w.put({{"__name__", "n"}, {"site", "later"}}, kNow - 3000, 1);
  w.put({{"__name__", "n"}, {"site", "later"}}, kNow + 30'000, 2);
  w.put({{"__name__", "utf8.n\xc3\xa4me"}, {"l.x", "q\"\\\n"}}, kNow, 7);
  w.put({{"UPPER", "sorts before __name__"}, {"__name__", "b"}}, kNow,
        std::numeric_limits<double>::infinity());
  CHECK(f.text() == R"(# TYPE b untyped
b{UPPER="sorts before __name__",instance="",site="oslo",zone="1"} +Inf 1700000000000
# TYPE m untyped
m{a="1",instance="",site="oslo",zone="1"} 59 1699999951000
m{a="2",zone="own",instance="",site="oslo"} 9.666666666666666 1699999998000
# TYPE n untyped
n{instance="x:1",job="j",site="oslo",zone="1"} NaN 1699999997000
n{site="bergen",instance="",zone="1"} 2.5e-07 1699999999000
n{site="later",instance="",zone="1"} 1 1699999997000
# TYPE utf8_n_me untyped
utf8_n_me{l_x="q\"\\\n",instance="",site="oslo",zone="1"} 7 1700000000000
)");
  const std::string own_names = f.text(Escaping::kNone);
  CHECK(own_names.ends_with(
      "# TYPE \"utf8.n\xc3\xa4me\" untyped\n"
      "{\"utf8.n\xc3\xa4me\",\"l.x\"=\"q\\\"\\\\\\n\",instance=\"\",site=\"oslo\",zone=\"1\"} 7 "
      "1700000000000\n"));
  f.added.clear();
  CHECK(f.encoded({f.selector(NX_MATCH_EQ, "job", "j")}, {}) ==
        "# TYPE n untyped\nn{instance=\"x:1\",job=\"j\"} NaN 1699999997000\n");
}

TEST_CASE("stale, old and nameless series are not federated", "[federate]") {
  Fixture f;
  f.written.put({{"__name__", "gone"}}, kNow - 2000, 1);
  f.written.put({{"__name__", "gone"}}, kNow - 1000, std::bit_cast<double>(NX_STALE_NAN_BITS));
  f.written.put({{"__name__", "old"}}, kNow - kLookback - 1, 1);
  f.written.put({{"__name__", "edge"}}, kNow - kLookback, 1);
  f.written.put({{"nameless", "yes"}}, kNow, 1);
  const auto found = f.latest({f.selector(NX_MATCH_NE, "zzz", "1")});
  REQUIRE(found->samples().size() == 1);
  CHECK(found->samples()[0].name == "edge");
  CHECK(found->samples()[0].label_count == 0);
}

TEST_CASE("a series that several selectors match comes once", "[federate]") {
  Fixture f;
  for (const char* name : {"a", "b", "c"}) {
    for (const char* x : {"2", "1"}) f.written.put({{"__name__", name}, {"x", x}}, kNow, 1);
  }
  const auto found =
      f.latest({f.selector(NX_MATCH_EQ, "__name__", "c"),
                f.selector(NX_MATCH_RE, "__name__", "b|c"), f.selector(NX_MATCH_EQ, "x", "1")});
  std::string names;
  for (const LatestSample& s : found->samples()) {
    names += std::string(s.name) + std::string(view(s.labels[0].value)) + " ";
  }
  CHECK(names == "a1 b1 b2 c1 c2 ");
  CHECK(f.latest({})->samples().empty());
  CHECK(f.latest({Selector{}})->samples().empty());
}

TEST_CASE("federation is bounded", "[federate]") {
  Fixture f;
  for (const char* x : {"1", "2", "3"}) f.written.put({{"__name__", "a"}, {"x", x}}, kNow, 1);
  const auto refused = Latest::collect(f.written.store, {f.selector(NX_MATCH_EQ, "__name__", "a")},
                                       0, kNow, 2, nullptr);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().code() == NX_ERR_EXHAUSTED);
}

TEST_CASE("a large federation is made piece by piece", "[federate]") {
  Fixture f;
  for (int i = 0; i < 3000; ++i) {
    f.written.put({{"__name__", "many"}, {"x", std::to_string(i)}}, kNow, i);
  }
  Encoder encoder(f.latest({f.selector(NX_MATCH_EQ, "__name__", "many")}), {}, f.added);
  std::size_t pieces = 0, lines = 0;
  for (bool more = true; more; ++pieces) {
    std::string piece;
    more = encoder.produce(piece);
    CHECK(piece.size() < 66'000);
    lines += static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
  }
  CHECK(pieces > 2);
  CHECK(lines == 3001);
}

// Buckets {0: 1, 2: 6} of schema 1.
nx_histogram native(std::uint8_t hint) {
  static const nx_span kSpans[] = {{0, 1}, {1, 1}};
  static const std::int64_t kDeltas[] = {1, 5};
  nx_histogram h{};
  h.schema = 1;
  h.reset_hint = hint;
  h.zero_threshold = 1e-3;
  h.count.u = 7;
  h.sum = 22.5;
  h.pos_spans = kSpans;
  h.pos_span_count = 2;
  h.pos.deltas = kDeltas;
  h.pos_bucket_count = 2;
  return h;
}

std::string shown(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[c & 15];
  }
  return out;
}

TEST_CASE("a native histogram is federated in protobuf only", "[federate]") {
  Fixture f;
  f.written.put({{"__name__", "a_hist"}, {"x", "1"}}, 1'700'000'000'000, native(NX_RESET_UNKNOWN));
  CHECK(f.text().empty());
  // Recorded, but for the order of fields.
  const std::string family =
      f.encoded({f.selector(NX_MATCH_EQ, "x", "1")}, {true, Escaping::kUnderscores});
  CHECK(shown(family) ==
        "88010a06615f686973741804227c0a060a01781201310a0c0a08696e7374616e63651200"
        "0a0c0a047369746512046f736c6f0a090a047a6f6e651201313a44210000000000001c40"
        "110000000000803640280231fca9f1d24d62503f41000000000000000062040800100162"
        "040802100171000000000000f03f7100000000000018403080d095ffbc31");
}

TEST_CASE("each kind of a name's samples is one family", "[federate]") {
  Fixture f;
  f.written.put({{"__name__", "h"}, {"x", "1"}}, kNow, native(NX_RESET_UNKNOWN));
  f.written.put({{"__name__", "h"}, {"x", "2"}}, kNow, native(NX_RESET_GAUGE));
  f.written.put({{"__name__", "h"}, {"x", "3"}}, kNow, 4.0);
  f.written.put({{"__name__", "h"}, {"x", "4"}}, kNow, native(NX_RESET_NO));
  nx_histogram custom = native(NX_RESET_UNKNOWN);
  static const double kBounds[] = {1, 2};
  custom.schema = NX_SCHEMA_CUSTOM;
  custom.zero_threshold = 0;
  custom.custom_values = kBounds;
  custom.custom_value_count = 2;
  f.written.put({{"__name__", "h"}, {"x", "2"}, {"y", "1"}}, kNow, custom);
  const std::string bytes =
      f.encoded({f.selector(NX_MATCH_EQ, "__name__", "h")}, {true, Escaping::kUnderscores});
  std::string types;
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t size = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      size |= static_cast<std::size_t>(byte & 127) << shift;
      if (byte < 128) break;
    }
    CHECK(bytes.substr(at, 4) == std::string("\x0a\x01h\x18"));
    types += static_cast<char>('0' + bytes[at + 4]);
    at += size;
  }
  CHECK(types == "3454");
}

TEST_CASE("custom buckets become classic ones", "[federate]") {
  Fixture f;
  f.added.clear();
  static const nx_span kSpans[] = {{0, 1}, {1, 2}};
  static const double kCounts[] = {1, 2, 4};
  static const double kBounds[] = {0.5, 1, 2};
  nx_histogram h{};
  h.schema = NX_SCHEMA_CUSTOM;
  h.is_float = 1;
  h.count.f = 7;
  h.sum = 9;
  h.pos_spans = kSpans;
  h.pos_span_count = 2;
  h.pos.counts = kCounts;
  h.pos_bucket_count = 3;
  h.custom_values = kBounds;
  h.custom_value_count = 3;
  f.written.put({{"__name__", "c"}}, kNow, h);
  // Count 7 (a float), sum 9; up to 0.5: 1, up to 1: 1, up to 2: 3; the rest is beyond.
  CHECK(shown(f.encoded({f.selector(NX_MATCH_EQ, "__name__", "c")}, {true, Escaping::kNone})) ==
        "5e0a0163180422573a4e210000000000001c401100000000000022401a12110000000000"
        "00e03f21000000000000f03f1a1211000000000000f03f21000000000000f03f1a121100"
        "000000000000402100000000000008403080d095ffbc31");
}

}  // namespace
}  // namespace narthex::federate
