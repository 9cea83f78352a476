// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/self/self_exporter.hpp"
#include "support/fake_host.hpp"
#include "support/recorded_collection.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace narthex;
using exporter_self::SelfExporter;

namespace {

// A gather service with two batches of one sample.
nx_status gather(const nx_host*, nx_batch_sink sink, void* ctx, nx_error* err) {
  for (const double value : {1.0, 2.0}) {
    sdk::SeriesList table;
    table.add("narthex_n", {{"value", value == 1.0 ? "one" : "two"}});
    table.describe("narthex_n", NX_TYPE_GAUGE, "N.");
    const nx_series_table series = table.view();
    const std::vector<nx_metadata> meta = table.metadata();
    const std::array<std::uint32_t, 1> rows = {0};
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.rows = 1;
    batch.series = rows.data();
    batch.table = &series;
    batch.v = &value;
    batch.meta = meta.data();
    batch.meta_count = static_cast<std::uint32_t>(meta.size());
    const nx_status status = sink(ctx, &batch);
    if (status < 0) return sdk::fail(err, status, "the sink said no");
  }
  return NX_OK;
}
nx_status gather_fails(const nx_host*, nx_batch_sink, void*, nx_error* err) {
  return sdk::fail(err, NX_ERR_UNAVAILABLE, "not now");
}

constexpr nx_ext_gather kGather = {sizeof(nx_ext_gather), 0, &gather};
constexpr nx_ext_gather kGatherFails = {sizeof(nx_ext_gather), 0, &gather_fails};

}  // namespace

TEST_CASE("the agent's own metrics are passed on as they are", "[exporter]") {
  test::FakeHost host;
  host.offer(NX_EXT_GATHER, &kGather);
  test::RecordedCollection recorded;
  SelfExporter exporter(host.host());
  REQUIRE(exporter.collect(recorded.collection()).ok());
  CHECK(recorded.value("narthex_n", {{"value", "one"}}) == 1.0);
  CHECK(recorded.value("narthex_n", {{"value", "two"}}) == 2.0);
  CHECK(recorded.families["narthex_n"].type == NX_TYPE_GAUGE);
}

TEST_CASE("a gather that fails fails the collection, with its reason", "[exporter]") {
  test::FakeHost host;
  test::RecordedCollection recorded;
  SelfExporter exporter(host.host());
  CHECK(exporter.collect(recorded.collection()).code() == NX_ERR_UNSUPPORTED);
  host.offer(NX_EXT_GATHER, &kGatherFails);
  const Status status = exporter.collect(recorded.collection());
  CHECK(status.code() == NX_ERR_UNAVAILABLE);
  CHECK(status.message() == "not now");
}

TEST_CASE("the component is described as an exporter that needs the gather service", "[exporter]") {
  const nx_component* component = sdk::Exporter<SelfExporter>::component();
  CHECK(view(component->interfaces[0].id) == NX_EXPORTER_ID);
  REQUIRE(component->needs_count == 1);
  CHECK(view(component->needs[0]) == NX_EXT_GATHER);
}
