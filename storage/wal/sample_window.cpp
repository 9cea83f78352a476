// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/sample_window.hpp"

#include <algorithm>
#include <cstring>

namespace narthex::storage::wal {

bool SampleWindow::touches(std::uint32_t ref) const {
  const SampleTable::Entry* const known = table_.find(ref);
  return known != nullptr && slots_[static_cast<std::size_t>(known->bits)].last != kNone;
}

// Records mostly have the same refs in the same order.
std::uint32_t SampleWindow::slot_of(std::uint32_t ref) {
  const std::uint32_t guess = slot_before_ + 1;
  if (guess < slots_.size() && slots_[guess].ref == ref) return slot_before_ = guess;
  const SampleTable::Entry* const known = table_.find(ref);
  slot_before_ = known != nullptr ? static_cast<std::uint32_t>(known->bits) : make_slot(ref);
  return slot_before_;
}

std::uint32_t SampleWindow::make_slot(std::uint32_t ref) {
  const auto slot = static_cast<std::uint32_t>(slots_.size());
  table_.set(ref, slot, 0);
  slots_.emplace_back().ref = ref;
  return slot;
}

void SampleWindow::reserve(std::size_t bytes) {
  if (bytes_ + bytes <= capacity_) return;
  const std::size_t capacity = std::max(2 * capacity_, bytes_ + bytes);
  auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
  if (bytes_ != 0) std::memcpy(larger.get(), buffer_.get(), bytes_);
  buffer_ = std::move(larger);
  capacity_ = capacity;
}

ValueCursor SampleWindow::copy(const PackedValues& packed) {
  const std::size_t spread = 2 * packed.codes.size();
  reserve(spread + packed.bits.size() + ValueCursor::kSlack);
  std::uint8_t* const codes = buffer_.get() + bytes_;
  code::spread_nibbles(packed.codes, codes);
  if (!packed.bits.empty()) {
    std::memcpy(codes + spread, packed.bits.data(), packed.bits.size());
  }
  std::memset(codes + spread + packed.bits.size(), 0, ValueCursor::kSlack);
  const std::uint64_t position = 8 * std::uint64_t{bytes_ + spread};
  bytes_ += spread + packed.bits.size() + ValueCursor::kSlack;
  return ValueCursor({codes, static_cast<std::size_t>(packed.count)}, buffer_.get(), position,
                     position + 8 * std::uint64_t{packed.bits.size()});
}

bool SampleWindow::gather_ref(std::uint32_t ref, std::size_t times_at, std::size_t count,
                              ValueCursor& values, Gathered& gathered) {
  const std::uint32_t slot = slot_of(ref);
  ValueCursor begin = values;
  std::size_t lost = 0;  // the first ones, before a key
  std::size_t read = 0;
  bool holds = slots_[slot].epoch == epoch_;
  for (; !holds && read < count; ++read) {
    std::uint64_t ignored = 0;
    std::uint8_t exponent = 0;
    begin = values;
    const ValueCursor::Got got = values.next(ignored, exponent);
    if (got == ValueCursor::Got::kBad) return false;
    holds = got == ValueCursor::Got::kKey;
    lost += holds ? 0 : 1;
  }
  if (!values.skip(count - read)) return false;
  gathered.dropped += lost;
  if (!holds) return true;
  slots_[slot].epoch = epoch_;
  gathered.samples += count - lost;
  pieces_.push_back({begin.position(), static_cast<std::uint32_t>(begin.codes_at() - buffer_.get()),
                     static_cast<std::uint32_t>(times_at + lost),
                     static_cast<std::uint32_t>(count - lost), slot});
  return true;
}

void SampleWindow::link(std::size_t first_piece) {
  for (std::size_t i = first_piece; i < pieces_.size(); ++i) {
    Piece& piece = pieces_[i];
    Slot& slot = slots_[piece.next];
    const auto at = static_cast<std::uint32_t>(i);
    if (slot.last == kNone) {
      slot.first = at;
      touched_.push_back(piece.next);
    } else {
      pieces_[slot.last].next = at;
    }
    slot.last = at;
    slot.samples += piece.count;
    piece.next = kNone;
  }
}

SampleWindow::Gathered SampleWindow::gather(const SampleColumns& columns, ByteReader& in) {
  PackedValues packed;
  Gathered gathered;
  if (!read_packed(in, packed)) return gathered;
  const std::size_t bytes_before = bytes_;
  const std::size_t pieces_before = pieces_.size();
  ValueCursor values = copy(packed);
  gathered.sound = true;
  for (std::size_t i = 0; i < columns.refs.size() && gathered.sound; ++i) {
    gathered.sound = gather_ref(columns.refs[i], times_.size() + columns.times_at[i],
                                static_cast<std::size_t>(columns.lengths[i]), values, gathered);
  }
  gathered.sound = gathered.sound && values.done();
  if (!gathered.sound) {
    pieces_.resize(pieces_before);
    bytes_ = bytes_before;
    return {};
  }
  times_.insert(times_.end(), columns.times.begin(), columns.times.end());
  samples_ += static_cast<std::size_t>(gathered.samples);
  link(pieces_before);
  return gathered;
}

void SampleWindow::decode(std::size_t index, Columns& columns, const Take& take) {
  Slot& slot = slots_[touched_[index]];
  std::uint64_t last = slot.bits;
  std::uint8_t exponent = slot.exponent;
  columns.t.clear();
  std::size_t count = 0;
  const auto tell = [&] {
    take(columns.t, std::span<const std::uint64_t>(columns.bits).first(count));
    columns.t.clear();
    count = 0;
  };
  for (std::uint32_t at = slot.first; at != kNone; at = pieces_[at].next) {
    const Piece& piece = pieces_[at];
    if (columns.bits.size() < count + piece.count) columns.bits.resize(count + piece.count);
    // All of it was read past once: it has its codes and bits.
    ValueCursor values({buffer_.get() + piece.codes_at, bytes_ - piece.codes_at}, buffer_.get(),
                       piece.position, 8 * std::uint64_t{bytes_ - ValueCursor::kSlack});
    (void)values.take(std::span(columns.bits).subspan(count, piece.count), last, exponent);
    const auto t = times_.begin() + piece.times_at;
    columns.t.insert(columns.t.end(), t, t + piece.count);
    count += piece.count;
    if (count >= kTakeSamples) tell();
  }
  slot.bits = last;
  slot.exponent = exponent;
  if (count != 0) tell();
}

void SampleWindow::clear() {
  for (const std::uint32_t touched : touched_) {
    slots_[touched].first = slots_[touched].last = kNone;
    slots_[touched].samples = 0;
  }
  touched_.clear();
  pieces_.clear();
  times_.clear();
  bytes_ = 0;
  samples_ = 0;
}

// Half of it is for pieces, if samples are alone, and half for the rest. Memory that is never
// needed costs nothing.
void SampleWindow::make_room(std::size_t bytes) {
  if (capacity_ >= bytes && capacity_ < bytes + bytes / 4) return;
  buffer_.reset();
  capacity_ = 0;
  std::vector<Piece>().swap(pieces_);
  std::vector<std::int64_t>().swap(times_);
  reserve(bytes);
  pieces_.reserve(bytes / (2 * sizeof(Piece)));
}

void SampleWindow::forget() {
  table_.clear();
  slots_.clear();
  forget_values();
}

}  // namespace narthex::storage::wal
