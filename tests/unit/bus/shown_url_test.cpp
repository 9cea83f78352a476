// SPDX-License-Identifier: Apache-2.0
// Passwords in addresses show neither in payloads nor anywhere else.
#include "bus/bus.hpp"

#include <narthex/sdk/shown_url.hpp>

#include <catch2/catch.hpp>

namespace narthex::bus {

TEST_CASE("the password of a URL is masked, and nothing else changes", "[bus]") {
  CHECK(sdk::shown_url("http://ada:secret@h:1/a@b:c") == "http://ada:***@h:1/a@b:c");
  CHECK(sdk::shown_url("http://ada:se:cr@et@h/") == "http://ada:***@h/");
  CHECK(sdk::shown_url("Get \"http://ada:x@h\": refused", "xxxxx") ==
        "Get \"http://ada:xxxxx@h\": refused");
  for (const std::string same : {"", "://", "http://h:1/", "http://ada@h/", "http://h/a:b@c",
                                 "no url", "a:b@c", "http://h?x=a:b@c"}) {
    CHECK(sdk::shown_url(same) == same);
  }
}

TEST_CASE("payloads mask the passwords of addresses", "[bus]") {
  const std::string text = "http://ada:secret@h/";
  CHECK(to_json(text_value(text)) == "\"http://ada:***@h/\"");
}

}  // namespace narthex::bus
