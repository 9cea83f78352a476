// SPDX-License-Identifier: Apache-2.0
// What a plugin's process may send to the agent, and the other way round. The first byte picks who
// reads it. Nothing that is read may lead outside of the message.
#include "host/collection_tape.hpp"
#include "host/parsed_reader.hpp"
#include "host/process_protocol.hpp"
#include "host/remote_append.hpp"
#include "host/wire_ingest.hpp"

#include <narthex/sdk/bucket_list.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace narthex;
using namespace narthex::host;

namespace {

// Reads every byte that a reader was given, so that a sanitizer sees where they lie.
volatile std::uint64_t touched;
void touch(nx_str text) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < text.len; ++i) sum += static_cast<unsigned char>(text.ptr[i]);
  touched = touched + sum;
}
void touch(const nx_label* labels, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    touch(labels[i].name);
    touch(labels[i].value);
  }
}
void touch(const nx_histogram& h) {
  const auto look = [](std::int64_t index, auto count) {
    touched = touched + static_cast<std::uint64_t>(index) + (count > 0);
  };
  if (h.is_float != 0) {
    sdk::for_each_bucket(std::span(h.pos_spans, h.pos_span_count),
                         std::span(h.pos.counts, h.pos_bucket_count), look);
    sdk::for_each_bucket(std::span(h.neg_spans, h.neg_span_count),
                         std::span(h.neg.counts, h.neg_bucket_count), look);
  } else {
    sdk::for_each_bucket(std::span(h.pos_spans, h.pos_span_count),
                         std::span(h.pos.deltas, h.pos_bucket_count), look);
    sdk::for_each_bucket(std::span(h.neg_spans, h.neg_span_count),
                         std::span(h.neg.deltas, h.neg_bucket_count), look);
  }
}
void touch(const nx_series_table& table) {
  for (std::uint32_t s = 0; s < table.series_count; ++s) {
    for (std::uint32_t p = table.label_off[s]; p < table.label_off[s + 1]; ++p) {
      touch(table.symbols[table.label_ref[2 * p]]);
      touch(table.symbols[table.label_ref[2 * p + 1]]);
    }
  }
}

// A collection that looks at everything and counts the series of its sets.
struct LookingCollection {
  LookingCollection() {
    raw.struct_size = sizeof raw;
    raw.impl = this;
    raw.family = [](const nx_collection*, std::uint32_t, nx_str name, nx_str unit,
                    nx_str help) -> std::uint32_t {
      touch(name);
      touch(unit);
      touch(help);
      return 1;
    };
    raw.sample = [](const nx_collection*, std::uint32_t, const nx_label* labels,
                    std::uint32_t count, double, std::int64_t) -> nx_status {
      touch(labels, count);
      return NX_OK;
    };
    raw.sample_suffixed = [](const nx_collection*, std::uint32_t, nx_str suffix,
                             const nx_label* labels, std::uint32_t count, double,
                             std::int64_t) -> nx_status {
      touch(suffix);
      touch(labels, count);
      return NX_OK;
    };
    raw.histogram = [](const nx_collection*, std::uint32_t, const nx_label* labels,
                       std::uint32_t count, const nx_histogram*, std::int64_t) -> nx_status {
      touch(labels, count);
      return NX_OK;
    };
    raw.series_set = [](const nx_collection* c, const nx_series_table* table, const nx_metadata*,
                        std::uint32_t) -> std::uint32_t {
      touch(*table);
      auto& known = static_cast<LookingCollection*>(c->impl)->sets;
      known.push_back(table->series_count);
      return static_cast<std::uint32_t>(known.size());
    };
    raw.set_values = [](const nx_collection* c, std::uint32_t set, const double* values,
                        const std::uint8_t* absent, std::uint32_t count) -> nx_status {
      const auto& known = static_cast<LookingCollection*>(c->impl)->sets;
      if (set == 0 || set > known.size()) std::abort();  // the player's books are wrong
      if (known[set - 1] != count) return NX_ERR_INVALID_ARGUMENT;
      for (std::uint32_t i = 0; i < count; ++i) {
        if (absent == nullptr || absent[i] == 0) touched = touched + (values[i] > 0);
      }
      return NX_OK;
    };
    raw.batch = [](const nx_collection*, const nx_sample_batch* batch, nx_error*) -> nx_status {
      if (batch->table != nullptr) touch(*batch->table);
      return NX_OK;
    };
    raw.series_set_drop = [](const nx_collection*, std::uint32_t) {};
  }
  nx_collection raw{};
  std::vector<std::uint32_t> sets;
};

void play(std::string_view bytes) {
  // Two tapes of one process: the second may be about what the first one registered.
  LookingCollection collection;
  TapePlayer player;
  (void)player.wants_fresh(collection.raw);
  const std::size_t half = bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]);
  bytes.remove_prefix(bytes.empty() ? 0 : 1);
  (void)player.play(bytes.substr(0, std::min(half, bytes.size())), collection.raw).ok();
  (void)player.play(bytes.substr(std::min(half, bytes.size())), collection.raw).ok();
}

nx_status look_at_batch(nx_appender*, const nx_sample_batch* batch, nx_append_result*, nx_error*) {
  if (batch->table != nullptr) touch(*batch->table);
  for (std::uint64_t i = 0; i < batch->rows; ++i) {
    if (batch->series != nullptr && batch->series[i] >= batch->table->series_count) std::abort();
    if (batch->v != nullptr) touched = touched + (batch->v[i] > 0);
  }
  return NX_OK;
}

void append(Message kind, std::string_view bytes) {
  nx_ext_append service{};
  service.struct_size = sizeof service;
  service.append = &look_at_batch;
  service.resolve = [](nx_appender*, const nx_series_table* table, std::uint64_t* refs,
                       std::uint8_t* codes, nx_error*) -> nx_status {
    touch(*table);
    for (std::uint32_t s = 0; s < table->series_count; ++s) refs[s] = codes[s] = 1;
    return NX_OK;
  };
  (void)answer_append(service, nullptr, kind, bytes).ok();
}

// A batch or labels of a page, whose bytes come first.
void read_of_page(std::string_view bytes, bool labels) {
  const std::size_t size =
      bytes.empty() ? 0
                    : std::min<std::size_t>(static_cast<unsigned char>(bytes[0]), bytes.size() - 1);
  const std::string page(bytes.substr(bytes.empty() ? 0 : 1, size));
  const std::string_view message = bytes.substr(std::min(bytes.size(), size + 1));
  ParsedReader reader;
  reader.begin(page, 1);
  if (labels) {
    WireArrays arrays;
    const auto table = reader.read_series(message, 1, arrays);
    if (!table.ok()) return;
    touch(*table);
    (void)check_parsed_labels(*table).ok();
    return;
  }
  if (!reader.read(message).ok()) return;
  const nx_sample_batch& batch = *reader.parsed().batch;
  for (std::uint64_t row = 0; row < batch.rows; ++row) {
    touch(reader.parsed().key[row]);
    touched = touched + (batch.v[row] > 0) + static_cast<std::uint64_t>(batch.t[row]);
    if (reader.parsed().own_t != nullptr) touched = touched + reader.parsed().own_t[row / 64];
    if (batch.st != nullptr) touched = touched + static_cast<std::uint64_t>(batch.st[row]);
    if (batch.h != nullptr && batch.h[row] != NX_NONE) touch(batch.hists[batch.h[row]]);
  }
  std::uint64_t row = 0;
  for (const nx_exemplar& exemplar : std::span(batch.exemplars, batch.exemplar_count)) {
    if (exemplar.row < row || exemplar.row >= batch.rows) std::abort();
    row = exemplar.row;
    touch(exemplar.labels, exemplar.label_count);
  }
  for (const nx_metadata& family : std::span(batch.meta, batch.meta_count)) {
    touch(family.family);
    touch(family.unit);
    touch(family.help);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // A copy of its own size: what reads past its end is seen.
  const std::vector<char> copy(data + 1, data + size);
  const std::string_view bytes(copy.data(), copy.size());
  WireReader in(bytes);
  WireArrays arrays;
  switch (data[0] % 13) {
    case 0:
      play(bytes);
      break;
    case 1:
      for (const nx_target_group& group : read_groups(in, arrays)) {
        if (!in.ok()) break;
        touch(group.source);
        touch(group.labels, group.label_count);
      }
      break;
    case 2:
      for (const nx_alert& alert : read_alerts(in, arrays)) {
        if (in.ok()) touch(alert.labels, alert.label_count);
      }
      break;
    case 3: {
      const ReceivedRequest request = read_request(in, arrays);
      if (in.ok()) touch(request.raw.path);
      break;
    }
    case 4:
      for (const nx_bytes& packet : read_packets(in).packets) touch(to_nx(view(packet)));
      break;
    case 5:
      append(Message::kAppend, bytes);
      break;
    case 6:
      append(Message::kResolve, bytes);
      break;
    case 7:
      (void)decode_answer(std::string(bytes)).ok();
      break;
    case 8:
      (void)decode_description(bytes).ok();
      break;
    case 9:
      (void)decode_config(bytes, "x").ok();
      break;
    case 11:
      read_of_page(bytes, false);
      break;
    case 12:
      read_of_page(bytes, true);
      break;
    default:
      (void)read_routes(in);
      (void)decode_greeting(bytes).ok();
  }
  return 0;
}
