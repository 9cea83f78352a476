// SPDX-License-Identifier: Apache-2.0
// The examples that produce, parse, receive and keep samples, each driven as the agent would.
#include "support/host_fixture.hpp"

#include <narthex/exporter.h>
#include <narthex/ingest.h>
#include <narthex/protocol.h>
#include <narthex/sdk/buffer.hpp>
#include <narthex/sdk/labels.hpp>
#include <narthex/storage.h>

#include <catch2/catch.hpp>

#include <map>

using namespace narthex;

namespace {

struct Examples : test::HostFixture {
  Examples() : HostFixture({NARTHEX_EXAMPLES}) {}

  std::shared_ptr<host::Instance> started(std::string_view interface_id, std::string_view name) {
    auto made = create(interface_id, name);
    REQUIRE(made.status().message() == "");
    REQUIRE((*made)->start().message() == "");
    return *made;
  }
};

// Labels of a series of a table as "name=value,...".
std::string text_of(const nx_series_table& t, std::uint32_t s) {
  std::string out;
  for (std::uint32_t p = t.label_off[s]; p < t.label_off[s + 1]; ++p) {
    out += std::string(view(t.symbols[t.label_ref[2 * p]])) + '=' +
           std::string(view(t.symbols[t.label_ref[2 * p + 1]])) + ',';
  }
  return out;
}

}  // namespace

TEST_CASE("the exporter example yields three samples", "[examples]") {
  Examples f;
  const auto instance = f.started(NX_EXPORTER_ID, "loadavg");
  struct Seen : nx_collection {
    std::map<std::string, double> samples;
  } seen{};
  seen.struct_size = sizeof(nx_collection);
  seen.impl = &seen;
  seen.family = [](const nx_collection*, std::uint32_t type, nx_str name, nx_str,
                   nx_str) -> std::uint32_t {
    CHECK(type == NX_TYPE_GAUGE);
    CHECK(view(name) == "example_load");
    return 1;
  };
  seen.sample = [](const nx_collection* c, std::uint32_t, const nx_label* labels,
                   std::uint32_t count, double value, std::int64_t) -> nx_status {
    REQUIRE(count == 1);
    static_cast<Seen*>(c->impl)->samples[std::string(view(labels[0].value))] = value;
    return NX_OK;
  };
  const auto* table = static_cast<const nx_exporter*>(instance->table(NX_EXPORTER_ID));
  CHECK(instance
            ->call(instance->site("narthex.exporter/1.collect", 1000),
                   [&](void* self, nx_error* err) { return table->collect(self, &seen, err); })
            .message() == "");
  CHECK(seen.samples.size() == 3);
  CHECK(seen.samples.count("15m") == 1);
}

TEST_CASE("the parser example reads lines and names their series", "[examples]") {
  Examples f;
  const auto instance = f.started(NX_PARSER_ID, "pairs");
  const auto* table = static_cast<const nx_parser*>(instance->table(NX_PARSER_ID));
  struct Seen {
    const nx_parser* table;
    void* self;
    void* scratch;
    std::map<std::string, double> samples;
    std::uint32_t batches = 0;
  } seen{table, instance->self(), table->scratch_new(instance->self()), {}};
  const auto sink = [](void* ctx, const nx_parsed* parsed) -> nx_status {
    auto& s = *static_cast<Seen*>(ctx);
    ++s.batches;
    struct Names {
      std::vector<std::string> list;
    } names;
    s.table->labels(
        s.self, s.scratch, parsed->key, parsed->batch->rows,
        [](void* inner, const nx_series_table* t) {
          for (std::uint32_t i = 0; i < t->series_count; ++i) {
            static_cast<Names*>(inner)->list.push_back(text_of(*t, i));
          }
        },
        &names, nullptr);
    for (std::uint64_t row = 0; row < parsed->batch->rows; ++row) {
      CHECK(parsed->batch->t[row] == 77);
      s.samples[names.list[row]] = parsed->batch->v[row];
    }
    return NX_OK;
  };
  nx_parse_opts opts{};
  opts.struct_size = sizeof opts;
  opts.default_t = 77;
  opts.max_rows = 2;
  const auto parse = [&](std::string body_text) {
    const BufferRef body = make_buffer(std::move(body_text));
    return instance->call(
        instance->site("narthex.parser/1.parse", 1000), [&](void* self, nx_error* err) {
          return table->parse(self, seen.scratch, body.get(), &opts, sink, &seen, err);
        });
  };
  CHECK(parse("a.b 1\nc 2.5\nd -3\n").message() == "");
  CHECK(seen.batches == 2);
  CHECK(seen.samples == std::map<std::string, double>{
                            {"__name__=a_b,", 1}, {"__name__=c,", 2.5}, {"__name__=d,", -3}});
  const Status bad = parse("a 1\nb x\n");
  CHECK(bad.code() == NX_ERR_INVALID_DATA);
  CHECK(bad.message() == "line 2, column 1: expected a name and a value");
  table->scratch_free(seen.scratch);
}

TEST_CASE("the ingest example appends what it is sent", "[examples]") {
  Examples f;
  CHECK(f.create(NX_INGEST_ID, "note").status().message().find("needs the host service") !=
        std::string::npos);
  static std::map<std::string, double> stored;
  stored.clear();
  static nx_ext_append append{};
  append.struct_size = sizeof append;
  append.append = [](nx_appender*, const nx_sample_batch* batch, nx_append_result* result,
                     nx_error*) -> nx_status {
    stored[text_of(*batch->table, batch->series[0])] = batch->v[0];
    result->accepted = 1;
    return NX_OK;
  };
  f.plugins->offer(NX_EXT_APPEND, &append);
  const auto instance = f.started(NX_INGEST_ID, "note");
  const auto* table = static_cast<const nx_ingest*>(instance->table(NX_INGEST_ID));
  const nx_route* routes = nullptr;
  std::uint32_t count = 0;
  REQUIRE(table->routes(instance->self(), &routes, &count, nullptr) == NX_OK);
  REQUIRE(count == 1);
  CHECK(view(routes[0].path) == "/note/{name}");

  const auto post = [&](std::string text) {
    const BufferRef body = make_buffer(std::move(text));
    nx_value name{};
    name.type = NX_STRING;
    name.len = 5;
    name.u.s = "queue";
    const nx_kv params[] = {{NX_STR("name"), name}};
    nx_ingest_request request{};
    request.struct_size = sizeof request;
    request.path_params = params;
    request.path_param_count = 1;
    request.body = body.get();
    nx_ingest_reply reply{};
    reply.struct_size = sizeof reply;
    return instance->call(
        instance->site("narthex.ingest/1.handle", 1000),
        [&](void* self, nx_error* err) { return table->handle(self, &request, &reply, err); });
  };
  CHECK(post("4.5").ok());
  CHECK(stored == std::map<std::string, double>{{"__name__=queue,", 4.5}});
  CHECK(post("many").code() == NX_ERR_INVALID_DATA);
}

TEST_CASE("the storage example keeps every sample of a series", "[examples]") {
  Examples f;
  const auto instance = f.started(NX_STORAGE_ID, "shelf");
  const auto* s = static_cast<const nx_storage*>(instance->table(NX_STORAGE_ID));
  void* self = instance->self();
  CHECK((s->capabilities(self) & NX_STORAGE_READ) != 0);

  const nx_str symbols[] = {NX_STR("__name__"), NX_STR("up"), NX_STR("job"), NX_STR("a"),
                            NX_STR("b")};
  const std::uint32_t refs[] = {0, 1, 2, 4, 0, 1, 2, 3};  // up{job="b"}, up{job="a"}
  const std::uint32_t offsets[] = {0, 2, 4};
  nx_series_table series{};
  series.struct_size = sizeof series;
  series.series_count = 2;
  series.symbol_count = 5;
  series.symbols = symbols;
  series.label_ref = refs;
  series.label_off = offsets;
  nx_txn_opts txn_opts{};
  txn_opts.struct_size = sizeof txn_opts;
  nx_txn* txn = nullptr;
  REQUIRE(s->begin(self, &txn_opts, &txn, nullptr) == NX_OK);
  std::uint64_t ref[2] = {};
  std::uint8_t codes[2] = {};
  REQUIRE(s->resolve(txn, &series, ref, codes, nullptr) == NX_OK);
  const std::uint64_t rows[] = {ref[0], ref[1], ref[0], 99};
  const std::int64_t times[] = {20, 30, 10, 40};  // the third is older than the first
  const double values[] = {2, 3, 1, 4};
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = 4;
  batch.ref = rows;
  batch.t = times;
  batch.v = values;
  nx_append_result result{};
  result.struct_size = sizeof result;
  CHECK(s->append(txn, &batch, &result, nullptr) == NX_PARTIAL);
  CHECK(result.accepted == 3);
  CHECK(result.by_code[NX_ROW_UNKNOWN_REF] == 1);
  CHECK(s->commit(txn, nullptr, nullptr) == NX_OK);

  nx_querier* querier = nullptr;
  REQUIRE(s->open(self, 0, 100, &querier, nullptr) == NX_OK);
  nx_matcher by_name{};
  by_name.struct_size = sizeof by_name;
  by_name.name = NX_STR("__name__");
  by_name.match = [](const nx_matcher*, const nx_str* in, std::uint64_t count, std::uint8_t* out) {
    for (std::uint64_t i = 0; i < count; ++i) out[i] = view(in[i]) == "up" ? 1 : 0;
  };
  const nx_matcher* matchers[] = {&by_name};
  nx_scan_opts scan{};
  scan.struct_size = sizeof scan;
  scan.flags = NX_SCAN_SORTED;
  scan.maxt = 100;
  nx_cursor* cursor = nullptr;
  REQUIRE(s->select(querier, matchers, 1, &scan, &cursor, nullptr) == NX_OK);
  nx_block block{};
  block.struct_size = sizeof block;
  REQUIRE(s->next(cursor, &block, nullptr) == NX_OK);
  REQUIRE(block.series_count == 2);
  CHECK(text_of(*block.labels, 0) == "__name__=up,job=a,");
  CHECK(block.v[block.off[0]] == 3);
  CHECK(text_of(*block.labels, 1) == "__name__=up,job=b,");
  REQUIRE(block.row1[1] - block.row0[1] == 2);
  CHECK(block.v[block.off[1] + block.row0[1]] == 1);
  CHECK(block.v[block.off[1] + block.row0[1] + 1] == 2);
  CHECK(block.t[block.off[1] + block.row0[1] + 1] == 20);
  CHECK(s->next(cursor, &block, nullptr) == NX_END);
  s->cursor_close(cursor);
  s->close(querier);
}
