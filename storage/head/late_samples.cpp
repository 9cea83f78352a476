// SPDX-License-Identifier: Apache-2.0
#include "storage/head/late_samples.hpp"

#include <algorithm>
#include <iterator>

namespace narthex::storage::head {
namespace {

constexpr std::size_t kRunMax = 256;

std::size_t bytes_of(const LateSample& s) {
  return sizeof(LateSample) + (s.histogram ? s.histogram.get()->bytes() : 0);
}

auto lower(const std::vector<LateSample>& run, std::int64_t t) {
  return std::lower_bound(run.begin(), run.end(), t,
                          [](const LateSample& s, std::int64_t at) { return s.t < at; });
}

}  // namespace

void LateSamples::put(LateSample sample) {
  const std::int64_t t = sample.t;
  bytes_ += bytes_of(sample);
  // The first run that ends at or behind t; past the end, the last run grows.
  auto run = std::lower_bound(runs_.begin(), runs_.end(), t,
                              [](const Run& r, std::int64_t at) { return r.back().t < at; });
  if (run == runs_.end()) {
    if (runs_.empty() || runs_.back().size() >= kRunMax) runs_.emplace_back();
    runs_.back().push_back(std::move(sample));
    ++size_;
    return;
  }
  const auto at = run->begin() + (lower(*run, t) - run->begin());
  if (at != run->end() && at->t == t) {
    bytes_ -= bytes_of(*at);
    *at = std::move(sample);
    return;
  }
  run->insert(at, std::move(sample));
  ++size_;
  if (run->size() <= kRunMax) return;
  const auto middle = run->begin() + static_cast<std::ptrdiff_t>(run->size() / 2);
  Run upper(std::make_move_iterator(middle), std::make_move_iterator(run->end()));
  run->erase(middle, run->end());
  runs_.insert(std::next(run), std::move(upper));
}

void LateSamples::put_under(LateSamples older) {
  std::swap(*this, older);
  for (Run& run : older.runs_) {
    for (LateSample& sample : run) put(std::move(sample));
  }
}

std::size_t LateSamples::erase(std::int64_t min_t, std::int64_t max_t) {
  std::size_t erased = 0;
  for (Run& run : runs_) {
    erased += std::erase_if(run, [&](const LateSample& s) {
      const bool out = s.t >= min_t && s.t <= max_t;
      if (out) bytes_ -= bytes_of(s);
      return out;
    });
  }
  std::erase_if(runs_, [](const Run& run) { return run.empty(); });
  size_ -= erased;
  return erased;
}

void LateSamples::copy(std::int64_t min_t, std::int64_t max_t, std::vector<LateSample>& out) const {
  for (const Run& run : runs_) {
    if (run.back().t < min_t) continue;
    if (run.front().t > max_t) return;
    for (auto at = lower(run, min_t); at != run.end() && at->t <= max_t; ++at) out.push_back(*at);
  }
}

const LateSample* LateSamples::newest(std::int64_t min_t, std::int64_t max_t) const {
  for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
    if (run->front().t > max_t) continue;
    const auto above =
        std::upper_bound(run->begin(), run->end(), max_t,
                         [](std::int64_t at, const LateSample& s) { return at < s.t; });
    const LateSample& found = *std::prev(above);
    return found.t >= min_t ? &found : nullptr;
  }
  return nullptr;
}

}  // namespace narthex::storage::head
