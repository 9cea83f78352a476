// SPDX-License-Identifier: Apache-2.0
#include "transfer/loader.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>

namespace narthex::transfer {

namespace {

// Rows a batch: one transaction of the storage.
constexpr std::size_t kBatchRows = 131'072;
// Series named and not released yet, beyond which a batch is written early.
constexpr std::size_t kBatchSeries = 32'768;

std::string_view value_of(std::span<const nx_label> labels, std::string_view name) {
  for (const nx_label& label : labels) {
    if (view(label.name) == name) return view(label.value);
  }
  return {};
}

// FNV-1a over the texts with a mark between them, mixed at the end: 64 bits are enough to count.
std::uint64_t hash_of(std::span<const nx_label> labels) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hash = (hash ^ 0xFF) * 0x100000001b3;
  };
  for (const nx_label& label : labels) {
    add(view(label.name));
    add(view(label.value));
  }
  return hash ^ hash >> 29;
}

}  // namespace

Loader::Loader(LoadOptions options, BatchTarget& target,
               std::function<void(const LoadCounts&)> progress)
    : options_(std::move(options)), target_(target), progress_(std::move(progress)) {}

bool Loader::wanted(std::span<const nx_label> labels) const {
  if (options_.selectors.empty()) return true;
  return std::any_of(options_.selectors.begin(), options_.selectors.end(), [&](const Selector& s) {
    return std::all_of(s.begin(), s.end(), [&](const store::Matcher& matcher) {
      return matcher.matches(value_of(labels, matcher.name()));
    });
  });
}

std::span<const nx_label> Loader::with_added(std::span<const nx_label> labels) {
  if (options_.added.empty()) return labels;
  labels_.clear();
  for (const nx_label& label : labels) {
    if (!options_.added.has(view(label.name))) labels_.push_back(label);
  }
  options_.added.append_to(labels_);
  std::sort(labels_.begin(), labels_.end(),
            [](const nx_label& a, const nx_label& b) { return view(a.name) < view(b.name); });
  return labels_;
}

std::uint64_t Loader::series(std::span<const nx_label> labels) {
  if (!wanted(labels)) return kUnwanted;
  series_.emplace_back(with_added(labels));
  return series_.size();
}

void Loader::add_row(std::uint32_t index, const blocks::SampleView& samples, std::size_t row) {
  const std::int64_t t = samples.t[row];
  if (!batch_.series.empty() && batch_.series.back() == index && batch_.rows.times().back() >= t) {
    batch_.by_series = false;
  }
  batch_.series.push_back(index);
  if (!samples.h.empty() && samples.h[row] != NX_NONE) {
    batch_.rows.add_copy(t, samples.hists[samples.h[row]]);
    ++counts_.histograms;
  } else {
    batch_.rows.add(t, samples.v[row]);
  }
  counts_.oldest = std::min(counts_.oldest, t);
  counts_.newest = std::max(counts_.newest, t);
}

Status Loader::samples(std::uint64_t series, const blocks::SampleView& samples) {
  const auto index = static_cast<std::uint32_t>(series - 1);
  std::size_t kept = 0;
  // A series that comes back to a batch breaks the order by series.
  if (!batch_.series.empty() && batch_.series.back() > index) batch_.by_series = false;
  for (std::size_t row = 0; row < samples.size(); ++row) {
    if (!options_.range.contains(samples.t[row])) continue;
    add_row(index, samples, row);
    ++kept;
  }
  counts_.outside += samples.size() - kept;
  if (kept > 0 && !series_[index].counted) {
    series_[index].counted = true;
    labels_.clear();
    series_[index].labels.append_to(labels_);
    seen_.insert(hash_of(labels_));
    counts_.series = seen_.size();
  }
  return batch_.series.size() < kBatchRows ? Status() : flush();
}

Status Loader::exemplar(std::uint64_t series, const nx_exemplar& exemplar) {
  if (!options_.range.contains(exemplar.t)) return Status();
  batch_.exemplars.push_back({static_cast<std::uint32_t>(series - 1), exemplar.t, exemplar.v,
                              PackedLabels(std::span(exemplar.labels, exemplar.label_count))});
  return Status();
}

Status Loader::metadata(std::uint64_t series, const blocks::SeriesMetadata& metadata) {
  labels_.clear();
  series_[series - 1].labels.append_to(labels_);
  family({std::string(value_of(labels_, kMetricName)), std::string(metadata.unit),
          std::string(metadata.help), metadata.type});
  return Status();
}

void Loader::family(FamilyFacts facts) {
  if (facts.name.empty()) return;
  std::string name = facts.name;
  families_.insert_or_assign(std::move(name), std::move(facts));
}

Status Loader::release() {
  if (series_.size() > kBatchSeries) {
    if (Status written = flush(); !written.ok()) return written;
  }
  if (batch_.empty()) series_.clear();  // nobody needs their labels any more
  return Status();
}

void Loader::progress(std::uint64_t bytes) {
  counts_.bytes += bytes;
  progress_(counts_);
}

Status Loader::flush() {
  if (batch_.empty()) return Status();
  const Status written = target_.write(series_, batch_, counts_.written);
  batch_.clear();
  progress_(counts_);
  return written;
}

Status Loader::finish() {
  Status status = flush();
  std::vector<FamilyFacts> families;
  for (auto& [name, facts] : families_) families.push_back(std::move(facts));
  if (status.ok() && !families.empty()) status = target_.write_metadata(families);
  const Status finished = target_.finish();
  return status.ok() ? finished : status;
}

}  // namespace narthex::transfer
