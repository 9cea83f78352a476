// SPDX-License-Identifier: Apache-2.0
#include "api/json.hpp"

#include <catch2/catch.hpp>

using namespace narthex::api;

namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace

TEST_CASE("text is escaped so that every reader takes it", "[api]") {
  CHECK(quoted("plain") == R"("plain")");
  CHECK(quoted("q\"uo\\te") == R"("q\"uo\\te")");
  CHECK(quoted("new\nline\ttab") == R"("new\nline\ttab")");
  CHECK(quoted("<b>&") == R"("\u003cb\u003e\u0026")");
  CHECK(quoted(std::string_view("\0", 1)) == R"("\u0000")");
  CHECK(quoted("日本語") == "\"日本語\"");
  CHECK(quoted("\xE2\x80\xA8") == R"("\u2028")");
}

TEST_CASE("bytes that are not UTF-8 become replacement characters", "[api]") {
  CHECK(quoted("a\xFFz") == "\"a\xEF\xBF\xBDz\"");
  CHECK(quoted("\xC0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");  // overlong
  CHECK(quoted("\xED\xA0\x80").size() == 2 + 9);                // a surrogate
  CHECK(quoted("\xE6\x97") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");  // cut short
}

TEST_CASE("the writer places commas", "[api]") {
  JsonWriter json;
  json.begin_object().field("a", std::int64_t{1}).key("b").begin_array();
  json.string("x").boolean(true).null().begin_object().end_object();
  json.end_array().field("c", "d").end_object();
  CHECK(json.text() == R"({"a":1,"b":["x",true,null,{}],"c":"d"})");
}

TEST_CASE("times are printed as Go prints them", "[api]") {
  CHECK(rfc3339(1'700'000'000'000) == "2023-11-14T22:13:20Z");
  CHECK(rfc3339(1'700'000'000'250) == "2023-11-14T22:13:20.25Z");
  CHECK(rfc3339(0) == "0001-01-01T00:00:00Z");
}
