// SPDX-License-Identifier: Apache-2.0
// service_data.cpp - what answers at once: text formats, metrics, the agent's own metrics,
// appending, state.
#include "check/data_rules.hpp"
#include "check/kit_host.hpp"
#include "document/document.hpp"
#include "host/value_codec.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/value.hpp>

namespace narthex::check {
namespace {

constexpr unsigned kWorkerOrControl = kControlContext | kWorkerContext;

// Hands a tree to a sink, in memory that is gone afterwards.
void lend(KitHost& kit, const nx_value& value, const char* label, nx_value_sink sink, void* ctx) {
  Borrow borrow(kit.plan().mode, label);
  const nx_value root = borrow.tree(value, label);
  const nx_value* const lent = borrow.array(std::span(&root, 1), label);
  borrow.seal();
  sink(ctx, lent);
}

constexpr nx_ext_text kText = {
    .struct_size = sizeof(nx_ext_text),
    .reserved0 = 0,
    .parse = [](const nx_host* h, std::uint32_t format, nx_str name, nx_bytes text,
                nx_value_sink sink, void* ctx, nx_error* err) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("text.parse", kWorkerOrControl);
      if (kit.fails()) return sdk::fail(err, NX_ERR_INVALID_DATA, "the kit refuses the text");
      const document::Format form = format == NX_TEXT_JSON   ? document::Format::kJson
                                    : format == NX_TEXT_YAML ? document::Format::kYaml
                                                             : document::Format::kToml;
      std::vector<document::Finding> findings;
      const auto parsed = document::Document::parse(form, view(name), view(text), findings);
      if (parsed == nullptr) {
        return sdk::fail(err, NX_ERR_INVALID_DATA, document::render(findings));
      }
      lend(kit, parsed->root(), "the tree of text.parse", sink, ctx);
      return NX_OK;
    },
};

constexpr nx_ext_metrics kMetrics = {
    .struct_size = sizeof(nx_ext_metrics),
    .reserved0 = 0,
    .cell = [](const nx_host* h, std::uint32_t, nx_str name, nx_str, const nx_label*,
               std::uint32_t) -> nx_cell* {
      KitHost& kit = KitHost::of(h);
      kit.enter("self_metrics.cell", kControlContext);
      if (kit.fails() || name.len == 0) return nullptr;
      return reinterpret_cast<nx_cell*>(kit.cell());
    },
    // Cells are the plugin's to call from anywhere; a race on the number itself does no harm here.
    .add = [](nx_cell*, double) {},
    .set = [](nx_cell*, double) {},
};

constexpr nx_ext_gather kGather = {
    .struct_size = sizeof(nx_ext_gather),
    .reserved0 = 0,
    .gather = [](const nx_host* h, nx_batch_sink sink, void* ctx, nx_error* err) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("gather.gather", kWorkerContext, true);
      if (kit.fails()) return sdk::fail(err, NX_ERR_UNAVAILABLE, "the kit gathers nothing");
      Borrow borrow(kit.plan().mode, "gather.gather");
      const nx_str symbols[] = {NX_STR("__name__"), NX_STR("narthex_kit_total")};
      const std::uint32_t refs[] = {0, 1};
      const std::uint32_t offsets[] = {0, 1};
      nx_series_table table{};
      table.series_count = 1;
      table.symbol_count = 2;
      table.symbols = symbols;
      table.label_ref = refs;
      table.label_off = offsets;
      const std::uint32_t series[] = {0};
      const double values[] = {42};
      const nx_metadata meta[] = {{0, 0, NX_TYPE_COUNTER, NX_STR("narthex_kit_total"), {}, {}}};
      nx_sample_batch batch{};
      batch.rows = 1;
      batch.table = borrow.table(table, "the gathered table");
      batch.series = borrow.array(std::span(series), "the gathered series");
      batch.v = borrow.array(std::span(values), "the gathered values");
      batch.meta = borrow.array(std::span(meta), "the gathered metadata");
      batch.meta_count = 1;
      const nx_sample_batch* const lent = borrow.make(batch, "the gathered batch");
      borrow.seal();
      return sink(ctx, lent);
    },
};

struct KitAppender {
  const nx_host* host;
};

nx_status take_batch(KitHost& kit, const nx_sample_batch& batch, nx_append_result* result) {
  if (std::string why = bad_batch(batch, true); !why.empty()) {
    kit.report().find("NXR-ING-3", current_entry() + " appends a batch with " + why);
    return NX_ERR_INVALID_ARGUMENT;
  }
  if (kit.on_batch) kit.on_batch(batch);
  kit.count_rows(batch.rows);
  if (NX_HAS(result, nx_append_result, accepted)) {
    result->accepted = batch.rows;
    result->refused = 0;
  }
  if (NX_HAS(result, nx_append_result, row_code) && result->row_code != nullptr) {
    std::fill_n(result->row_code, batch.rows, std::uint8_t{NX_ROW_OK});
  }
  return NX_OK;
}

constexpr nx_ext_append kAppend = {
    .struct_size = sizeof(nx_ext_append),
    .reserved0 = 0,
    .begin = [](const nx_host* h, nx_appender** out, nx_error* err) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("append.begin", kWorkerContext, true);
      if (kit.fails()) return sdk::fail(err, NX_ERR_EXHAUSTED, "the kit takes no samples");
      *out = reinterpret_cast<nx_appender*>(new KitAppender{h});
      return NX_OK;
    },
    .append = [](nx_appender* a, const nx_sample_batch* batch, nx_append_result* result,
                 nx_error* err) -> nx_status {
      KitHost& kit = KitHost::of(reinterpret_cast<KitAppender*>(a)->host);
      kit.enter("append.append", kWorkerContext, true);
      if (kit.fails()) return sdk::fail(err, NX_ERR_EXHAUSTED, "the kit takes no samples");
      return take_batch(kit, *batch, result);
    },
    .commit = [](nx_appender* a, nx_append_result*, nx_error*) -> nx_status {
      delete reinterpret_cast<KitAppender*>(a);
      return NX_OK;
    },
    .rollback = [](nx_appender* a) { delete reinterpret_cast<KitAppender*>(a); },
    .resolve = [](nx_appender* a, const nx_series_table* table, std::uint64_t* out_ref,
                  std::uint8_t* out_code, nx_error* err) -> nx_status {
      KitHost& kit = KitHost::of(reinterpret_cast<KitAppender*>(a)->host);
      kit.enter("append.resolve", kWorkerContext, true);
      if (kit.fails()) return sdk::fail(err, NX_ERR_EXHAUSTED, "the kit knows no series");
      if (std::string why = bad_table(*table); !why.empty()) {
        kit.report().find("NXR-ING-3", current_entry() + " resolves a table with " + why);
        return NX_ERR_INVALID_ARGUMENT;
      }
      for (std::uint32_t s = 0; s < table->series_count; ++s) {
        out_ref[s] = kit.reference(series_text(*table, s));
        if (out_code != nullptr) out_code[s] = NX_ROW_OK;
      }
      return NX_OK;
    },
};

constexpr nx_ext_state kState = {
    .struct_size = sizeof(nx_ext_state),
    .reserved0 = 0,
    .get = [](const nx_host* h, nx_str key, nx_value_sink sink, void* ctx,
              nx_error* err) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("state.get", kWorkerContext, true);
      if (kit.fails()) return sdk::fail(err, NX_ERR_IO, "the kit's disk fails");
      std::string bytes;
      {
        const std::lock_guard lock(kit.mutex());
        const auto at = kit.state().find(std::string(view(key)));
        if (at == kit.state().end()) return sdk::fail(err, NX_ERR_NOT_FOUND, "never put");
        bytes = at->second;
      }
      sdk::TreeArena arena;
      const Result<nx_value> value = host::decode_value(bytes, arena);
      if (!value.ok()) return sdk::fail(err, value.status());
      lend(kit, *value, "the tree of state.get", sink, ctx);
      return NX_OK;
    },
    .put = [](const nx_host* h, nx_str key, const nx_value* value, nx_error* err) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("state.put", kWorkerContext, true);
      if (kit.fails()) return sdk::fail(err, NX_ERR_IO, "the kit's disk fails");
      Result<std::string> bytes = host::encode_value(*value);
      if (!bytes.ok()) return sdk::fail(err, bytes.status());
      const std::lock_guard lock(kit.mutex());
      kit.state()[std::string(view(key))] = *std::move(bytes);
      return NX_OK;
    },
};

}  // namespace

const nx_ext_text& text_table() { return kText; }
const nx_ext_metrics& metrics_table() { return kMetrics; }
const nx_ext_gather& gather_table() { return kGather; }
const nx_ext_append& append_table() { return kAppend; }
const nx_ext_state& state_table() { return kState; }

}  // namespace narthex::check
