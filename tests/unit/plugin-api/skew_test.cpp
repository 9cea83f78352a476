// SPDX-License-Identifier: Apache-2.0
// Plugins whose headers are older or newer than the host's, and structs of the host that are longer
// or shorter than the plugin's: each side touches only what the other's struct_size covers.
#include "support/host_fixture.hpp"

#include <narthex/exporter.h>
#include <narthex/sdk/guard.hpp>

#include <catch2/catch.hpp>

#include <cstring>

using namespace narthex;

namespace {

void lives_a_life(const std::string& folder) {
  INFO(folder);
  test::HostFixture f({std::string(NARTHEX_SKEW) + '/' + folder});
  auto made = f.create(NX_EXPORTER_ID, "skew");
  REQUIRE(made.status().message() == "");
  host::Instance& skew = **made;
  REQUIRE(skew.start().message() == "");
  const auto* table = static_cast<const nx_exporter*>(skew.table(NX_EXPORTER_ID));
  const Status status =
      skew.call(skew.site("narthex.exporter/1.collect", 1000),
                [&](void* self, nx_error* err) { return table->collect(self, nullptr, err); });
  CHECK(status.code() == NX_ERR_UNAVAILABLE);
  CHECK(status.message() == "nothing to collect");
  skew.stop(f.soon_ns());
  CHECK(f.plugins->view().instances[0].state == "stopped");
}

}  // namespace

TEST_CASE("a plugin of the same headers works", "[skew]") { lives_a_life("same"); }

TEST_CASE("a plugin of newer headers works: what the host does not know it does not touch",
          "[skew]") {
  lives_a_life("grown");
}

TEST_CASE("a plugin of older headers works: what it does not have is not called", "[skew]") {
  lives_a_life("short");
}

TEST_CASE("an error struct that is too short is left alone", "[skew]") {
  // As an older caller has it: nothing behind the fields before `text`.
  alignas(nx_error) unsigned char memory[sizeof(nx_error)];
  std::memset(memory, 0xAB, sizeof memory);
  auto* err = reinterpret_cast<nx_error*>(memory);
  err->struct_size = offsetof(nx_error, text);
  CHECK(sdk::fail(err, NX_ERR_IO, "a text") == NX_ERR_IO);
  CHECK(nx_fail(err, NX_ERR_IO, "a text") == NX_ERR_IO);
  for (std::size_t i = sizeof err->struct_size; i < sizeof memory; ++i) CHECK(memory[i] == 0xAB);
  CHECK(sdk::fail(nullptr, NX_ERR_IO, "a text") == NX_ERR_IO);
}

TEST_CASE("a host object that is longer than the plugin knows is taken", "[skew]") {
  test::HostFixture f({std::string(NARTHEX_SKEW) + "/same"});
  auto made = f.create(NX_EXPORTER_ID, "skew");
  REQUIRE(made.ok());
  struct Newer {
    nx_host host;
    std::uint64_t more;
  } newer{*(*made)->host(), 0};
  newer.host.struct_size = sizeof newer;
  CHECK(NX_HAS_FN(&newer.host, nx_host, config_error));
  newer.host.struct_size = offsetof(nx_host, config_error);
  const nx_host* cut = &newer.host;
  CHECK_FALSE(NX_HAS_FN(cut, nx_host, config_error));
  CHECK(NX_HAS_FN(cut, nx_host, set_health));
}
