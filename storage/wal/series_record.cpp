// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/series_record.hpp"

#include "storage/bytes/bytes.hpp"
#include "storage/wal/slot_set.hpp"

#include <algorithm>
#include <limits>

namespace narthex::storage::wal {
namespace {

// Edits of the label set before: so many labels are kept, then this.
enum Edit : unsigned { kEnd = 0, kValue = 1, kDrop = 2, kInsert = 3 };

class SeriesDecoder {
 public:
  explicit SeriesDecoder(ByteView payload) : in_(payload) {}

  bool more() const { return in_.left() != 0; }
  bool next(std::uint32_t& ref) {
    const std::uint64_t wide = in_.difference(std::uint64_t{ref} + 1);
    if (!in_.ok() || wide > std::numeric_limits<std::uint32_t>::max()) return false;
    ref = static_cast<std::uint32_t>(wide);
    std::size_t at = 0;
    for (;;) {
      const std::uint64_t token = in_.varint();
      if (!in_.ok() || token >> 2 > labels_.size() - at) return false;
      at += static_cast<std::size_t>(token >> 2);
      const auto what = static_cast<unsigned>(token & 3);
      if (what == kEnd) return token == 0;
      if (!apply(what, at)) return false;
    }
  }
  std::span<const LabelView> labels() const { return labels_; }

 private:
  bool apply(unsigned what, std::size_t& at) {
    const auto place = labels_.begin() + static_cast<std::ptrdiff_t>(at);
    if (what == kInsert) {
      LabelView label;
      if (!symbol(label.name) || !symbol(label.value)) return false;
      if (at != 0 && labels_[at - 1].name >= label.name) return false;
      // The names behind stay, or are dropped by the next edits: order is looked at there.
      labels_.insert(place, label);
      ++at;
      return true;
    }
    if (at == labels_.size()) return false;
    if (what == kDrop) {
      labels_.erase(place);
      return true;
    }
    ++at;
    return symbol(place->value);
  }

  bool symbol(std::string_view& text) {
    const std::uint64_t back = in_.varint();
    if (back > symbols_.size()) return false;
    if (back == 0) {
      symbols_.push_back(in_.text());
      if (!in_.ok()) return false;
    }
    text = symbols_[symbols_.size() - static_cast<std::size_t>(std::max<std::uint64_t>(back, 1))];
    return true;
  }

  ByteReader in_;
  std::vector<std::string_view> symbols_;
  std::vector<LabelView> labels_;
};

bool is_sorted(std::span<const LabelView> labels) {
  for (std::size_t i = 1; i < labels.size(); ++i) {
    if (labels[i - 1].name >= labels[i].name) return false;
  }
  return true;
}

}  // namespace

void SeriesEncoder::put_symbol(std::string_view text) {
  const auto known = known_.find(text);
  if (known != known_.end()) {
    put_varint(body_, symbols_ - known->second);
    return;
  }
  known_.emplace(text, symbols_++);
  body_.push_back(0);
  put_text(body_, text);
}

void SeriesEncoder::put_edit(std::size_t kept, unsigned what) {
  put_varint(body_, std::uint64_t{kept} << 2 | what);
}

void SeriesEncoder::add(std::uint32_t ref, std::span<const LabelView> labels) {
  put_difference(body_, ref, body_.empty() ? 1 : std::uint64_t{ref_} + 1);
  ref_ = ref;
  std::size_t kept = 0;
  std::size_t b = 0;
  std::size_t i = 0;
  while (i < labels.size() || b < before_.size()) {
    const bool has_old = b < before_.size();
    if (has_old && i < labels.size() && before_[b].first == labels[i].name) {
      if (before_[b].second == labels[i].value) {
        ++kept;
      } else {
        put_edit(kept, kValue);
        put_symbol(labels[i].value);
        kept = 0;
      }
      ++b;
      ++i;
    } else if (has_old && (i == labels.size() || before_[b].first < labels[i].name)) {
      put_edit(kept, kDrop);
      kept = 0;
      ++b;
    } else {
      put_edit(kept, kInsert);
      put_symbol(labels[i].name);
      put_symbol(labels[i].value);
      kept = 0;
      ++i;
    }
  }
  body_.push_back(kEnd);
  before_.resize(labels.size());
  for (std::size_t k = 0; k < labels.size(); ++k) {
    before_[k].first.assign(labels[k].name);
    before_[k].second.assign(labels[k].value);
  }
}

void SeriesEncoder::finish(Bytes& out) {
  out.insert(out.end(), body_.begin(), body_.end());
  body_.clear();
  known_.clear();
  before_.clear();
  symbols_ = 0;
  ref_ = 0;
}

bool read_series(ByteView payload,
                 const std::function<void(std::uint32_t, std::span<const LabelView>)>& take) {
  // Once to see that all of it is sound, once to tell.
  for (const bool tell : {false, true}) {
    SeriesDecoder decoder(payload);
    std::uint32_t ref = 0;
    while (decoder.more()) {
      if (!decoder.next(ref)) return false;
      if (tell) {
        take(ref, decoder.labels());
      } else if (!is_sorted(decoder.labels())) {
        return false;
      }
    }
  }
  return true;
}

void encode_layout(std::uint64_t layout, std::span<const std::uint32_t> refs, Bytes& out) {
  put_varint(out, layout);
  put_varint(out, refs.size());
  put_refs(out, refs);
}

bool read_layout(ByteView payload, std::uint64_t& layout, std::vector<std::uint32_t>& refs) {
  ByteReader in(payload);
  layout = in.varint();
  const std::uint64_t count = in.varint_to(kRefsMax);
  return in.ok() && read_refs(in, static_cast<std::size_t>(count), refs) && in.done();
}

}  // namespace narthex::storage::wal
