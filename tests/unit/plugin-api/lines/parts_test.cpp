// SPDX-License-Identifier: Apache-2.0
// The parts that receivers of lines are made of: keys, the cache of series, labels, reports, JSON.
#include <narthex/sdk/json_reader.hpp>
#include <narthex/sdk/line_report.hpp>
#include <narthex/sdk/series_cache.hpp>
#include <narthex/sdk/series_labels.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace narthex::sdk {
namespace {

SeriesKey key_of(std::vector<std::string_view> parts) {
  SeriesKeyBuilder builder;
  for (const std::string_view part : parts) builder.add(part);
  return builder.key();
}

TEST_CASE("keys tell parts apart", "[sdk][lines]") {
  CHECK(key_of({"ab", "c"}) == key_of({"ab", "c"}));
  CHECK_FALSE(key_of({"ab", "c"}) == key_of({"a", "bc"}));
  CHECK_FALSE(key_of({"abc"}) == key_of({"abc", ""}));
  CHECK_FALSE(key_of({""}) == key_of({}));
  CHECK_FALSE(key_of({"12345678"}) == key_of({"12345678", ""}));
  CHECK_FALSE(key_of({std::string_view("a\0", 2)}) == key_of({"a"}));
  const SeriesKeyBuilder a(SeriesKey{1, 2}), b(SeriesKey{1, 3});
  CHECK_FALSE(a.key() == b.key());
}

TEST_CASE("a copy of a builder goes on from its prefix", "[sdk][lines]") {
  SeriesKeyBuilder prefix;
  prefix.add("cpu,host=a");
  SeriesKeyBuilder one = prefix, two = prefix;
  CHECK(one.add("usage").key() == key_of({"cpu,host=a", "usage"}));
  CHECK(two.add("idle").key() == key_of({"cpu,host=a", "idle"}));
}

TEST_CASE("the cache keeps what it can, and forgets on demand", "[sdk][lines]") {
  SeriesCache cache(1000);
  CHECK(cache.find(key_of({"a"})) == 0);
  for (std::uint64_t i = 1; i <= 5000; ++i) cache.put(key_of({std::to_string(i)}), i);
  CHECK(cache.size() <= 1024);
  CHECK(cache.size() > 900);
  std::size_t found = 0;
  for (std::uint64_t i = 1; i <= 5000; ++i) {
    const std::uint64_t ref = cache.find(key_of({std::to_string(i)}));
    if (ref == 0) continue;
    CHECK(ref == i);
    ++found;
  }
  CHECK(found == cache.size());
  cache.put(key_of({"x"}), 7);
  cache.put(key_of({"x"}), 8);
  CHECK(cache.find(key_of({"x"})) == 8);
  const std::size_t size = cache.size();
  cache.forget(key_of({"x"}));
  CHECK(cache.find(key_of({"x"})) == 0);
  CHECK(cache.size() == size - 1);
}

// The same in every run: which buckets are full is a matter of keys.
std::vector<SeriesKey> keys_from(std::uint64_t first, std::size_t count) {
  std::vector<SeriesKey> keys;
  for (std::uint64_t i = first; i < first + count; ++i) {
    keys.push_back(SeriesKeyBuilder(SeriesKey{4711, 42}).add(std::to_string(i)).key());
  }
  return keys;
}

TEST_CASE("the cache forgets hardly any while it may grow", "[sdk][lines]") {
  SeriesCache cache(1 << 17);
  const std::vector<SeriesKey> keys = keys_from(1, 50'000);
  for (std::uint64_t i = 0; i < keys.size(); ++i) cache.put(keys[i], i + 1);
  std::size_t lost = 0;
  for (std::uint64_t i = 0; i < keys.size(); ++i) lost += cache.find(keys[i]) != i + 1 ? 1 : 0;
  CHECK(lost < 25);
}

TEST_CASE("series that are not asked for any more make room", "[sdk][lines]") {
  SeriesCache cache(1 << 20);
  const std::vector<SeriesKey> steady = keys_from(1, 2000);
  for (const SeriesKey& key : steady) cache.put(key, 7);
  std::vector<std::uint64_t> found(steady.size());
  for (std::uint64_t round = 0; round < 4000; ++round) {
    cache.find(steady, found);
    for (std::size_t i = 0; i < steady.size(); ++i) {
      if (found[i] == 0) cache.put(steady[i], 7);  // as a receiver does
    }
    for (const SeriesKey& born : keys_from(10'000 + 10 * round, 10)) cache.put(born, 8);
  }
  // 40,000 came and went.
  CHECK(cache.size() <= 5120);
  CHECK(cache.bytes() <= 8192 * 24);
  cache.find(steady, found);
  CHECK(std::count(found.begin(), found.end(), 7) > 1990);
}

TEST_CASE("a cache of nothing keeps next to nothing", "[sdk][lines]") {
  SeriesCache cache(0);
  for (std::uint64_t i = 1; i <= 100; ++i) cache.put(key_of({std::to_string(i)}), i);
  CHECK(cache.size() <= 4);
}

std::string text_of(const SeriesLabels& labels) {
  std::string text;
  for (const auto& [name, value] : labels.labels()) {
    ((text += name) += '=') += value;
    text += ',';
  }
  return text;
}

TEST_CASE("labels come out sorted, once, and with values", "[sdk][lines]") {
  SeriesLabels labels;
  labels.add("z", "1");
  labels.add("a", "first");
  labels.name("m");
  labels.add("e", "");
  labels.add("a", "last");
  labels.add("gone", "x");
  labels.add("gone", "");
  CHECK(labels.finish({}).empty());
  CHECK(text_of(labels) == "__name__=m,a=last,z=1,");
}

TEST_CASE("labels that cannot be stored are told", "[sdk][lines]") {
  const auto fault = [](std::vector<SeriesLabels::Label> list, LabelLimits limits = {}) {
    SeriesLabels labels;
    for (const auto& [name, value] : list) labels.add(name, value);
    return labels.finish(limits);
  };
  const SeriesLabels::Label name{kMetricName, "m"};
  CHECK(fault({name}).empty());
  CHECK(fault({{"a", "b"}}) == "a series without a metric name");
  CHECK(fault({name, {"", "b"}}) == "a label without a name");
  CHECK(fault({name, {"a", "\xff"}}) == "label \"a\" is not valid UTF-8");
  CHECK(fault({name, {"a", "b"}, {"c", "d"}}, {.labels_max = 2}) == "3 labels, the limit is 2");
  CHECK(fault({name, {"a", "12345"}}, {.value_bytes_max = 4}) ==
        "label value of 5 bytes, the limit is 4");
  CHECK(fault({name, {"a", "b"}}, {.name_bytes_max = 4}) ==
        "label name of 8 bytes, the limit is 4");
  CHECK_THAT(fault(std::vector<SeriesLabels::Label>(5000, name)), Catch::StartsWith("5000 labels"));
}

TEST_CASE("legacy names", "[sdk][lines]") {
  CHECK(legacy_name("a.b-c:d", true) == "a_b_c:d");
  CHECK(legacy_name("a:b", false) == "a_b");
  CHECK(legacy_name("9a", true) == "_9a");
  CHECK(legacy_name("h\xc3\xa9", true) == "h_");
  CHECK(legacy_name("", true).empty());
}

TEST_CASE("a report tells the first refusal and the counts", "[sdk][lines]") {
  LineReport report(2);
  CHECK(report.text().empty());
  for (int i = 0; i < 9; ++i) report.count_line();
  report.bad_sample(5, "late");
  report.bad_line(3, 7, "bad");
  report.bad_line(4, 0, "worse");
  CHECK(report.text() == "line 3, column 7: bad; 2 of 9 lines and 1 sample refused");
  CHECK(report.kept().size() == 2);
  report.clear();
  report.bad_sample(0, "of no line");
  CHECK(report.text() == "of no line; 1 sample refused");
  CHECK(report.kept().size() == 1);
}

// What each_member sees of a text: "key=value;" with values as they stand.
std::string members(std::string_view text) {
  JsonReader json(text);
  std::string out;
  (void)json.each_member([&](std::string_view key) {
    const std::size_t begin = json.offset();
    if (!json.skip()) return false;
    ((out += key) += '=') += json.since(begin);
    out += ';';
    return true;
  });
  if (json.ok() && !json.at_end()) return "more";
  return json.ok() ? out : json.fault() + " at " + std::to_string(json.position());
}

TEST_CASE("JSON is read piece by piece", "[sdk][lines]") {
  CHECK(members("{}") == "");
  CHECK(members(" { \"a\" : [ 1 , {\"b\":null} ] , \"c\\u0041\" : \"x\\\"\" } ") ==
        "a=[ 1 , {\"b\":null} ];cA=\"x\\\"\";");
  CHECK(members("{\"a\":-0.5e+10,\"b\":true}") == "a=-0.5e+10;b=true;");
  CHECK(members("{\"a\":1}x") == "more");
}

TEST_CASE("what is no JSON is told with its place", "[sdk][lines]") {
  CHECK(members("") == "expected an object at 0");
  CHECK(members("{\"a\":1") == "expected a comma or } at 6");
  CHECK(members("{\"a\":1,}") == "expected a text at 7");
  CHECK(members("{\"a\" 1}") == "expected a colon at 5");
  CHECK(members("{\"a\":}") == "expected a value at 5");
  CHECK(members("{\"a\":nul}") == "expected a value at 5");
  CHECK(members("{\"a\":01}") == "expected a value at 5");
  CHECK(members("{\"a\":1.}") == "expected a value at 5");
  CHECK(members("{\"a\":[1 2]}") == "expected a comma or ] at 8");
  CHECK(members("{\"a\":\"x}") == "a text without its closing quote at 8");
  CHECK(members("{\"a\":\"\n\"}") == "a control character inside a text at 6");
  CHECK(members("{\"a\":\"\\x\"}") == "an unknown escape at 7");
  CHECK(members("{\"a\":\"\\ud800x\"}") == "half of a surrogate pair at 12");
  CHECK(members("{\"a\":\"\\u12g4\"}") == "expected four hexadecimal digits at 10");
  CHECK(members("{\"a\":" + std::string(70, '[') + std::string(70, ']') + "}") ==
        "more than 64 levels at 68");
}

TEST_CASE("texts and numbers of JSON", "[sdk][lines]") {
  std::string text;
  CHECK(JsonReader(R"("\u00e9\ud83d\ude00\/\b\t")").read_text(text));
  CHECK(text == "\xc3\xa9\xf0\x9f\x98\x80/\b\t");
  double number = 0;
  CHECK(JsonReader(" -1.5e3 ").read_number(number));
  CHECK(number == -1500);
  CHECK_FALSE(JsonReader("inf").read_number(number));
  CHECK_FALSE(JsonReader("\"1\"").read_number(number));
}

}  // namespace
}  // namespace narthex::sdk
