// SPDX-License-Identifier: Apache-2.0
#include "storage/head/exemplars.hpp"

#include <algorithm>
#include <bit>
#include <string_view>
#include <tuple>

namespace narthex::storage::head {
namespace {

constexpr std::size_t kLabelCharactersMax = 128;

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool labels_too_long(const Exemplar& exemplar) {
  std::size_t total = 0;
  for (const auto& [name, value] : exemplar.labels) total += characters(name) + characters(value);
  return total > kLabelCharactersMax;
}

bool equal(const Exemplar& a, const Exemplar& b) {
  return a.labels == b.labels && a.t == b.t &&
         std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value);
}

// By time, then value, then labels: the order in which the exemplars of a scrape arrive.
bool older(const Exemplar& a, const Exemplar& b) {
  return std::tie(a.t, a.value, a.labels) < std::tie(b.t, b.value, b.labels);
}

std::size_t bytes_of(const Exemplar& exemplar) {
  std::size_t bytes = 0;
  for (const auto& label : exemplar.labels) {
    bytes += sizeof label + label.first.capacity() + label.second.capacity();
  }
  return bytes;
}

std::string text_of(const nx_str& s) {
  return s.len == 0 ? std::string() : std::string(s.ptr, s.len);
}

}  // namespace

Exemplar copy_exemplar(const nx_exemplar& from, std::int64_t sample_t) {
  Exemplar out;
  out.value = from.v;
  out.has_t = (from.flags & NX_EXEMPLAR_HAS_T) != 0;
  out.t = out.has_t ? from.t : sample_t;
  for (const nx_label& label : std::span(from.labels, from.label_count)) {
    out.labels.emplace_back(text_of(label.name), text_of(label.value));
  }
  return out;
}

Exemplars::Verdict Exemplars::check(const Series& series, const Exemplar& exemplar) const {
  const std::lock_guard lock(mutex_);
  return check_locked(series.id(), exemplar);
}

Exemplars::Verdict Exemplars::check_locked(std::uint32_t series, const Exemplar& exemplar) const {
  if (capacity_ == 0) return Verdict::kDisabled;
  if (labels_too_long(exemplar)) return Verdict::kRefused;
  const auto chain = chains_.find(series);
  if (chain == chains_.end()) return Verdict::kTaken;
  const Exemplar& newest = ring_[chain->second.newest].exemplar;
  if (equal(newest, exemplar)) return Verdict::kDuplicate;
  return older(exemplar, newest) ? Verdict::kRefused : Verdict::kTaken;
}

Exemplars::Verdict Exemplars::add(const Series& series, Exemplar exemplar) {
  const std::lock_guard lock(mutex_);
  const Verdict verdict = check_locked(series.id(), exemplar);
  if (verdict != Verdict::kTaken) return verdict;
  if (ring_.size() < capacity_) {
    next_ = ring_.size();
    ring_.emplace_back();
  } else {
    next_ = next_ + 1 < capacity_ ? next_ + 1 : 0;
    evict(next_);
  }
  bytes_ += bytes_of(exemplar);
  ring_[next_] = {std::move(exemplar), series.id(), kNone};
  const auto [chain, fresh] = chains_.try_emplace(series.id(), Chain{next_, next_});
  if (!fresh) {
    ring_[chain->second.newest].next = next_;
    chain->second.newest = next_;
  }
  ++appended_;
  return verdict;
}

void Exemplars::evict(std::size_t at) {
  Slot& slot = ring_[at];
  bytes_ -= bytes_of(slot.exemplar);
  const auto chain = chains_.find(slot.series);
  // What goes is the oldest of all, so it is the oldest of its series.
  if (chain != chains_.end() && chain->second.oldest == at) {
    if (slot.next == kNone) {
      chains_.erase(chain);
    } else {
      chain->second.oldest = slot.next;
    }
  }
  slot = Slot();
}

void Exemplars::forget(std::span<Series* const> series) {
  const std::lock_guard lock(mutex_);
  for (const Series* s : series) chains_.erase(s->id());
}

std::vector<Exemplar> Exemplars::of(std::uint32_t series_id, std::int64_t min_t,
                                    std::int64_t max_t) const {
  const std::lock_guard lock(mutex_);
  std::vector<Exemplar> out;
  const auto chain = chains_.find(series_id);
  if (chain == chains_.end()) return out;
  for (std::size_t at = chain->second.oldest; at != kNone; at = ring_[at].next) {
    const Exemplar& exemplar = ring_[at].exemplar;
    if (exemplar.t >= min_t && exemplar.t <= max_t) out.push_back(exemplar);
  }
  return out;
}

std::vector<std::pair<std::uint32_t, Exemplar>> Exemplars::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::uint32_t, Exemplar>> out;
  for (std::size_t i = 1; i <= ring_.size(); ++i) {
    const Slot& slot = ring_[(next_ + i) % ring_.size()];
    if (chains_.count(slot.series) != 0) out.emplace_back(slot.series, slot.exemplar);
  }
  return out;
}

bool Exemplars::empty() const {
  const std::lock_guard lock(mutex_);
  return chains_.empty();
}

std::size_t Exemplars::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_ + ring_.capacity() * sizeof(Slot) + chains_.size() * 48;
}

std::size_t Exemplars::size() const {
  const std::lock_guard lock(mutex_);
  return ring_.size();
}

std::uint64_t Exemplars::appended() const {
  const std::lock_guard lock(mutex_);
  return appended_;
}

}  // namespace narthex::storage::head
