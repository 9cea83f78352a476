// SPDX-License-Identifier: Apache-2.0
// The pure parts of the receiver: headers, snappy, labels, the cache of known series.
#include "plugins/ingest/remote_write/content.hpp"
#include "plugins/ingest/remote_write/family.hpp"
#include "plugins/ingest/remote_write/label_set.hpp"
#include "plugins/ingest/remote_write/series_cache.hpp"
#include "plugins/ingest/remote_write/snappy_body.hpp"
#include "plugins/ingest/remote_write/symbol_table.hpp"
#include "plugins/ingest/remote_write/utf8.hpp"
#include "tests/support/write_message.hpp"

#include <catch2/catch.hpp>
#include <protozero/pbf_reader.hpp>

#include <string>

namespace narthex::ingest::remote_write {
namespace {

LabelSet labels_of(const test::TextPairs& pairs, std::size_t labels_max = 64) {
  test::SeriesMessage series;
  for (const auto& [name, value] : pairs) series.label(name, value);
  // The message of the series is its request without the outer tag and length (short: one byte).
  const std::string request = series.in_request();
  protozero::pbf_reader reader(request);
  REQUIRE(reader.next());
  static std::string kept;  // the slices look into it
  kept = std::string(reader.get_view());
  LabelSet set;
  set.parse(kept, labels_max);
  return set;
}

std::string problem_of(const test::TextPairs& pairs) {
  return labels_of(pairs).check_series(LabelLimits());
}

const std::vector<std::string> kBoth{std::string(kMessageV1), std::string(kMessageV2)};

TEST_CASE("absent headers stand for remote write 1.0 in snappy", "[remote_write]") {
  const auto is_v1 = [](std::string_view type, std::string_view encoding) {
    const Result<Version> version = check_content(type, encoding, kBoth);
    return version.ok() && *version == Version::kV1;
  };
  CHECK(is_v1("", ""));
  CHECK(is_v1("application/x-protobuf", "snappy"));
  CHECK(is_v1(" application/x-protobuf ; proto=prometheus.WriteRequest", "snappy"));
  CHECK(is_v1("application/x-protobuf;charset=utf-8", ""));
}

TEST_CASE("the proto parameter names the message, and may have to be accepted", "[remote_write]") {
  constexpr std::string_view kType2 =
      "application/x-protobuf; charset=utf-8; proto=io.prometheus.write.v2.Request";
  const Result<Version> version = check_content(kType2, "snappy", kBoth);
  REQUIRE(version.ok());
  CHECK(*version == Version::kV2);
  CHECK(check_content(kType2, "snappy", {std::string(kMessageV1)}).status().message() ==
        "io.prometheus.write.v2.Request protobuf message is not accepted by this server; accepted "
        "prometheus.WriteRequest");
  CHECK(check_content("", "snappy", {std::string(kMessageV2)}).status().code() ==
        NX_ERR_UNSUPPORTED);
}

TEST_CASE("other contents are refused with what they were", "[remote_write]") {
  const auto text_of = [](std::string_view type, std::string_view encoding) {
    const Status status = check_content(type, encoding, kBoth).status();
    CHECK(status.code() == NX_ERR_UNSUPPORTED);
    return status.message();
  };
  CHECK(text_of("text/plain", "snappy").find("got text/plain content-type") != std::string::npos);
  CHECK(text_of("application/json", "").find("application/json") != std::string::npos);
  CHECK(text_of("application/x-protobuf;proto=x.Y", "snappy").find("x.Y") != std::string::npos);
  CHECK(text_of("application/x-protobuf;proto", "snappy").find("key-values") != std::string::npos);
  for (const char* encoding : {"gzip", "zstd", "Snappy", "identity"}) {
    CHECK(text_of("application/x-protobuf", encoding).find(encoding) == 0);
  }
}

TEST_CASE("snappy blocks come back, and their claims are checked first", "[remote_write]") {
  std::string out;
  const std::string text(100'000, 'a');
  REQUIRE(decode_snappy(test::pack_snappy(text), text.size(), out).ok());
  CHECK(out == text);
  CHECK(decode_snappy(test::pack_snappy(text), text.size() - 1, out).code() == NX_ERR_EXHAUSTED);
  REQUIRE(decode_snappy(test::pack_snappy(""), 10, out).ok());
  CHECK(out.empty());
  CHECK(decode_snappy("", 10, out).code() == NX_ERR_INVALID_DATA);
  CHECK(decode_snappy("garbage", 1 << 20, out).code() == NX_ERR_INVALID_DATA);
}

TEST_CASE("a claim that so few bytes cannot keep costs no memory", "[remote_write]") {
  std::string out;
  const std::string claims_16_mib("\x80\x80\x80\x08\x00", 5);
  CHECK(decode_snappy(claims_16_mib, 32u << 20, out).code() == NX_ERR_INVALID_DATA);
  CHECK(out.capacity() < 1024);
  const std::string claims_4_gib("\xff\xff\xff\xff\x0f", 5);
  CHECK(decode_snappy(claims_4_gib, 32u << 20, out).code() == NX_ERR_EXHAUSTED);
  CHECK(out.capacity() < 1024);
}

TEST_CASE("every cut of a snappy block is refused", "[remote_write]") {
  std::string text;
  for (int i = 0; i < 300; ++i) text += std::to_string(i * 7919);
  const std::string packed = test::pack_snappy(text);
  std::string out;
  for (std::size_t size = 0; size < packed.size(); ++size) {
    INFO(size);
    CHECK_FALSE(decode_snappy(packed.substr(0, size), 1 << 20, out).ok());
  }
}

TEST_CASE("labels are sorted, and those without a value left out", "[remote_write]") {
  LabelSet set = labels_of({{"z", "1"}, {"__name__", "up"}, {"gone", ""}, {"a", "2"}});
  CHECK(set.check_series(LabelLimits()).empty());
  CHECK(set.text() == R"({__name__="up", a="2", z="1"})");
}

TEST_CASE("label sets that cannot be stored say why", "[remote_write]") {
  CHECK(problem_of({}) == "invalid metric name or labels: no metric name");
  CHECK(problem_of({{"job", "a"}}) == "invalid metric name or labels: no metric name");
  CHECK(problem_of({{"__name__", ""}}) == "invalid metric name or labels: no metric name");
  CHECK(problem_of({{"__name__", "up"}, {"", "x"}}) == "invalid metric name or labels");
  CHECK(problem_of({{"__name__", "u\xff"}}) == "invalid metric name or labels");
  CHECK(problem_of({{"__name__", "up"}, {"a\xc0\x80", "x"}}) == "invalid metric name or labels");
  CHECK(problem_of({{"__name__", "up"}, {"a", "1"}, {"a", "2"}}) == "duplicate label name a");
  CHECK(problem_of({{"__name__", "up"}, {"b", "1"}, {"a", "1"}, {"b", "1"}}) ==
        "duplicate label name b");
  CHECK(problem_of({{"__name__", "up"}, {"a", std::string(16'384, 'x')}}).empty());
  CHECK(problem_of({{"__name__", "up"}, {"a", std::string(16'385, 'x')}}) ==
        "label value of 16385 bytes, the limit is 16384");
  CHECK(problem_of({{"__name__", "up"}, {std::string(1025, 'n'), "x"}}) ==
        "label name of 1025 bytes, the limit is 1024");
}

TEST_CASE("as many labels as allowed, and one more", "[remote_write]") {
  test::TextPairs pairs{{"__name__", "up"}};
  for (int i = 1; i < 64; ++i) pairs.emplace_back("l" + std::to_string(i), "x");
  CHECK(problem_of(pairs).empty());
  pairs.emplace_back("one_more", "x");
  CHECK(problem_of(pairs) == "65 labels, the limit is 64");
}

TEST_CASE("the text of odd labels is escaped and cut", "[remote_write]") {
  const std::string text =
      labels_of({{"a b", "q\"\\\n"}, {"bad", "\xff"}, {"long", std::string(100, 'x')}}).text();
  CHECK(text == R"({"a b"="q\"\\\x0a", bad="\xff", long=")" + std::string(64, 'x') + R"(..."})");
}

TEST_CASE("UTF-8 at its borders", "[remote_write]") {
  for (const char* good :
       {"", "plain ascii text", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "eight..8\xc3\xa9"}) {
    INFO(good);
    CHECK(is_utf8(good));
  }
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                          "eight..8\xff", "seven..\xe2\x82"}) {
    INFO(bad);
    CHECK_FALSE(is_utf8(bad));
  }
}

TEST_CASE("the cache finds what was put, and stays bounded", "[remote_write]") {
  SeriesCache cache(1000);
  const auto key = [](int i) { return key_of("series " + std::to_string(i)); };
  std::vector<SeriesKey> keys{key(1), key(2)};
  std::vector<KnownSeries> found(2, {99, 99});
  cache.find(keys, found);
  CHECK(found[0].ref == 0);
  CHECK(found[1].ref == 0);
  cache.put(key(2), {22});
  cache.find(keys, found);
  CHECK(found[0].ref == 0);
  CHECK(found[1].ref == 22);
  CHECK(found[1].stamp == 0);
  cache.put(std::vector<SeriesCache::Known>{{key(2), {23, 7}}});
  cache.find(keys, found);
  CHECK(found[1].ref == 23);
  CHECK(found[1].stamp == 7);
  for (int i = 0; i < 20'000; ++i) {
    cache.put(key(i), {static_cast<std::uint64_t>(i) + 1});
  }
  CHECK(cache.bytes() <= 1024 * 32);
  std::size_t known = 0;
  for (int i = 0; i < 20'000; ++i) {
    const SeriesKey one = key(i);
    const KnownSeries hit = cache.find(one);
    if (hit.ref == 0) continue;
    ++known;
    CHECK(hit.ref == static_cast<std::uint64_t>(i) + 1);
  }
  CHECK(known > 500);
  CHECK(known <= 1024);
}

TEST_CASE("keys of parts depend on every part and its place", "[remote_write]") {
  const SeriesKey a = key_of("a"), b = key_of("b");
  const auto key = [](const std::vector<SeriesKey>& parts) {
    std::vector<std::uint64_t> words;
    for (const SeriesKey& part : parts) words.insert(words.end(), {part.low, part.high});
    return key_of_parts(words);
  };
  CHECK(key({a, b}) == key({a, b}));
  CHECK_FALSE(key({a, b}) == key({b, a}));
  CHECK_FALSE(key({a}) == key({a, a}));
  CHECK_FALSE(key({a}) == a);
}

TEST_CASE("references to symbols give a key by their texts", "[remote_write]") {
  SymbolTable first, second;
  for (const char* s : {"", "n", "v"}) first.add(s);
  for (const char* s : {"v", "n", "v"}) second.add(s);
  first.make_hashes();
  second.make_hashes();
  const auto key = first.key_of_refs("\x01\x02");
  REQUIRE(key);
  CHECK(*key == *second.key_of_refs(std::string_view("\x01\x00", 2)));
  CHECK(*key == *second.key_of_refs("\x01\x02"));
  CHECK(*key == *first.key_of_refs(std::string_view("\x81\x00\x02", 3)));  // a longer varint
  CHECK_FALSE(first.key_of_refs("\x01"));
  CHECK_FALSE(first.key_of_refs("\x01\x03"));
  CHECK_FALSE(first.key_of_refs("\x01\x82"));
  CHECK_FALSE(first.key_of_refs("\x01\xff\xff\xff\xff\xff\x01"));
  CHECK_FALSE(first.key_of_refs(std::string(258, '\x01')));
  CHECK(first.key_of_refs(std::string(256, '\x01')));
  CHECK(first.key_of_refs(""));
}

TEST_CASE("a series belongs to its family by its type", "[remote_write]") {
  CHECK(family_of("a_bucket", NX_TYPE_HISTOGRAM) == "a");
  CHECK(family_of("a_count", NX_TYPE_GAUGEHISTOGRAM) == "a");
  CHECK(family_of("a_bucket", NX_TYPE_SUMMARY) == "a_bucket");
  CHECK(family_of("a_sum", NX_TYPE_SUMMARY) == "a");
  CHECK(family_of("a_total", NX_TYPE_COUNTER) == "a_total");
  CHECK(family_of("_sum", NX_TYPE_SUMMARY) == "_sum");
}

}  // namespace
}  // namespace narthex::ingest::remote_write
