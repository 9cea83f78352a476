// SPDX-License-Identifier: Apache-2.0
// Records that define: series and layouts.
#include "storage/wal/records.hpp"

#include <algorithm>

namespace narthex::storage::wal {

void SeriesEncoder::begin(std::uint64_t generation) {
  generation_ = generation;
  count_ = 0;
  last_ref_ = 0;
  symbols_.clear();
  before_.clear();
  body_.clear();
}

// A known text by its number, a new one by the next number and the text itself.
void SeriesEncoder::put_symbol(std::string_view text) {
  const auto [at, fresh] = symbols_.try_emplace(text, static_cast<std::uint32_t>(symbols_.size()));
  column::put_varint(body_, at->second);
  if (!fresh) return;
  column::put_varint(body_, text.size());
  column::put_bytes(body_, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void SeriesEncoder::add(std::uint32_t ref, std::span<const LabelView> labels) {
  std::size_t shared = 0;
  const std::size_t most = std::min(labels.size(), before_.size());
  while (shared < most && labels[shared].name == before_[shared].name &&
         labels[shared].value == before_[shared].value) {
    ++shared;
  }
  column::put_difference(body_, ref, std::uint64_t{last_ref_} + 1);
  column::put_varint(body_, shared);
  column::put_varint(body_, labels.size() - shared);
  for (const LabelView& label : labels.subspan(shared)) {
    put_symbol(label.name);
    put_symbol(label.value);
  }
  before_.assign(labels.begin(), labels.end());
  last_ref_ = ref;
  ++count_;
}

void SeriesEncoder::finish(Bytes& out) {
  column::put_varint(out, generation_);
  column::put_varint(out, count_);
  column::put_bytes(out, body_);
}

void put_layout(std::uint64_t generation, std::uint64_t layout, std::span<const std::uint32_t> refs,
                Bytes& out) {
  column::put_varint(out, generation);
  column::put_varint(out, layout);
  column::put_varint(out, refs.size());
  std::uint64_t before = 0;
  for (const std::uint32_t ref : refs) {
    column::put_difference(out, ref, before + 1);
    before = ref;
  }
}

}  // namespace narthex::storage::wal
