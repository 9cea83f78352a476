// SPDX-License-Identifier: Apache-2.0
// Records that rest on nothing but the series they name.
#include "storage/wal/records.hpp"

namespace narthex::storage::wal {
namespace {

void put_text(std::string_view text, Bytes& out) {
  column::put_varint(out, text.size());
  column::put_bytes(out, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void put_time(std::int64_t t, Bytes& out) {
  column::put_varint(out, zigzag(static_cast<std::uint64_t>(t)));
}

}  // namespace

narthex::Status put_histogram(std::uint64_t generation, std::uint32_t ref, std::int64_t t,
                              const nx_histogram& histogram, column::ValueScratch& scratch,
                              Bytes& out) {
  column::put_varint(out, generation);
  column::put_varint(out, ref);
  put_time(t, out);
  return column::encode_histograms({&histogram, 1}, scratch, out);
}

void put_starts(std::uint64_t generation, std::span<const LoggedStart> starts, Bytes& out) {
  column::put_varint(out, generation);
  column::put_varint(out, starts.size());
  LoggedStart before{};
  for (const LoggedStart& start : starts) {
    column::put_difference(out, start.ref, before.ref);
    column::put_difference(out, static_cast<std::uint64_t>(start.t),
                           static_cast<std::uint64_t>(before.t));
    column::put_difference(out, static_cast<std::uint64_t>(start.start_t),
                           static_cast<std::uint64_t>(start.t));
    before = start;
  }
}

void put_exemplar(std::uint64_t generation, std::uint32_t ref, const LoggedExemplar& exemplar,
                  Bytes& out) {
  column::put_varint(out, generation);
  column::put_varint(out, ref);
  put_time(exemplar.t, out);
  out.push_back(exemplar.has_t ? 1 : 0);
  column::put_word(out, std::bit_cast<std::uint64_t>(exemplar.value));
  column::put_varint(out, exemplar.labels.size());
  for (const LabelView& label : exemplar.labels) {
    put_text(label.name, out);
    put_text(label.value, out);
  }
}

void put_metadata(const LoggedMetadata& metadata, Bytes& out) {
  put_text(metadata.family, out);
  column::put_varint(out, metadata.type);
  put_text(metadata.unit, out);
  put_text(metadata.help, out);
}

void put_delete(std::uint64_t generation, std::span<const std::uint32_t> refs, std::int64_t min_t,
                std::int64_t max_t, Bytes& out) {
  column::put_varint(out, generation);
  put_time(min_t, out);
  put_time(max_t, out);
  column::put_varint(out, refs.size());
  std::uint64_t before = 0;
  for (const std::uint32_t ref : refs) {
    column::put_difference(out, ref, before);
    before = ref;
  }
}

}  // namespace narthex::storage::wal
