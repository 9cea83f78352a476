// SPDX-License-Identifier: Apache-2.0
// The pure parts of the receiver: headers, snappy, labels, the cache of known series.
#include "plugins/ingest/remote_write/content.hpp"
#include "plugins/ingest/remote_write/label_set.hpp"
#include "plugins/ingest/remote_write/series_cache.hpp"
#include "plugins/ingest/remote_write/snappy_body.hpp"
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

TEST_CASE("absent headers stand for remote write 1.0 in snappy", "[remote_write]") {
  CHECK(check_content("", "").ok());
  CHECK(check_content("application/x-protobuf", "snappy").ok());
  CHECK(check_content(" application/x-protobuf ; proto=prometheus.WriteRequest", "snappy").ok());
  CHECK(check_content("application/x-protobuf;charset=utf-8", "").ok());
}

TEST_CASE("other contents are refused with what they were", "[remote_write]") {
  const auto text_of = [](std::string_view type, std::string_view encoding) {
    const Status status = check_content(type, encoding);
    CHECK(status.code() == NX_ERR_UNSUPPORTED);
    return status.message();
  };
  CHECK(text_of("text/plain", "snappy").find("got text/plain content-type") != std::string::npos);
  CHECK(text_of("application/json", "").find("application/json") != std::string::npos);
  CHECK(text_of("application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy")
            .find("io.prometheus.write.v2.Request protobuf message is not accepted") == 0);
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
  std::vector<std::uint64_t> refs(2, 99);
  cache.find(keys, refs);
  CHECK(refs == std::vector<std::uint64_t>{0, 0});
  cache.put(std::vector<SeriesCache::Known>{{key(2), 22}});
  cache.find(keys, refs);
  CHECK(refs == std::vector<std::uint64_t>{0, 22});
  cache.put(std::vector<SeriesCache::Known>{{key(2), 23}});
  cache.find(keys, refs);
  CHECK(refs[1] == 23);
  for (int i = 0; i < 20'000; ++i) {
    cache.put(std::vector<SeriesCache::Known>{{key(i), static_cast<std::uint64_t>(i) + 1}});
  }
  CHECK(cache.bytes() <= 1000 * 24);
  std::size_t known = 0;
  for (int i = 0; i < 20'000; ++i) {
    const SeriesKey one = key(i);
    std::uint64_t ref = 0;
    cache.find({&one, 1}, {&ref, 1});
    if (ref == 0) continue;
    ++known;
    CHECK(ref == static_cast<std::uint64_t>(i) + 1);
  }
  CHECK(known > 500);
  CHECK(known <= 1000);
}

}  // namespace
}  // namespace narthex::ingest::remote_write
