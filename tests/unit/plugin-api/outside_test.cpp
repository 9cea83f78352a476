// SPDX-License-Identifier: Apache-2.0
// Loads what outside/run.cmake has built against the installed headers. Hidden: that script calls
// it.
#include "support/host_fixture.hpp"

#include <narthex/sdk/value.hpp>

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace narthex;

TEST_CASE("plugins built outside of the tree load and work", "[.][outside]") {
  const char* folder = std::getenv("NARTHEX_OUTSIDE");
  REQUIRE(folder != nullptr);
  test::HostFixture f({folder});
  auto in_c = f.create("", "outside_c");
  REQUIRE(in_c.status().message() == "");
  CHECK((*in_c)->plugin_id() == "org.example.outside_c");
  CHECK((*in_c)->start().ok());
  sdk::TreeArena arena;
  const nx_kv entries[] = {arena.entry("fail", arena.boolean(true))};
  const nx_value config = arena.table(entries);
  CHECK(f.create("", "outside_c", &config, "x").status().message() == "x: x: was told to fail");
  if (std::getenv("NARTHEX_OUTSIDE_ONLY_C") != nullptr) return;

  auto in_cpp = f.create("", "outside_cpp");
  REQUIRE(in_cpp.status().message() == "");
  CHECK((*in_cpp)->start().ok());
  CHECK(f.log.has("greetings from outside"));
  f.plugins->load_everything();
  CHECK(f.plugins->view().rejected.empty());
}
