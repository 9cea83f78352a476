// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/merge.hpp"

#include "storage/partition/label_sets.hpp"
#include "storage/partition/merge_input.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace narthex::storage::partition {
namespace {

constexpr unsigned kSeriesBetweenPauses = 8;

bool is_among(const TableSet& set, const TableEntry& entry) {
  return std::ranges::any_of(set, [&](const auto& one) { return one.get() == &entry; });
}

// Whether the entries stand in the set one after another, in one partition.
bool are_neighbours(const TableSet& set, const TableSet& entries) {
  const auto at = std::ranges::search(set, entries);
  return !entries.empty() && !at.empty() &&
         entries.front()->name().partition == entries.back()->name().partition;
}

TableName name_of_merged(const TableSet& entries) {
  TableName name = entries.front()->name();
  for (const auto& entry : entries) {
    name.last = std::max(name.last, entry->name().last);
    name.revision = std::max(name.revision, entry->name().revision);
  }
  ++name.revision;
  return name;
}

class TableMerge final : public Merge {
 public:
  TableMerge(fs::FileSystem& files, Catalogue& catalogue, TableSet entries,
             const TableOptions& options)
      : files_(files),
        catalogue_(catalogue),
        entries_(std::move(entries)),
        options_(options),
        name_(name_of_merged(entries_)) {}

  fs::Status open_inputs();
  fs::Result<Progress> step(const std::function<bool()>& should_pause) override;

 private:
  fs::Status unchanged() const;
  fs::Status handle(fs::Status status, std::size_t input);
  fs::Status load_next();
  bool choose_series();
  fs::Status merge_series();
  fs::Status read_input(std::size_t input);
  fs::Status write_series();
  fs::Status finish();
  fs::Status name_table();

  fs::FileSystem& files_;
  Catalogue& catalogue_;
  const TableSet entries_;
  const TableOptions options_;
  const TableName name_;
  std::deque<MergeInput> inputs_;  // as entries_
  std::size_t loaded_ = 0;         // of inputs_, their label sets
  LabelSets sets_;
  std::unique_ptr<TableWriter> writer_;  // from the first series on that keeps a sample

  // The series that is being merged.
  std::vector<std::size_t> chosen_;  // inputs that have it, oldest first
  std::vector<Label> labels_;
  std::vector<Label> other_labels_;
  MergedSamples samples_;
  SampleColumn<double> float_scratch_;
  SampleColumn<nx_histogram> histogram_scratch_;
};

fs::Status TableMerge::open_inputs() {
  for (const auto& entry : entries_) {
    auto table = catalogue_.open_table(entry);
    if (!table.ok()) return table.status();
    inputs_.emplace_back(*std::move(table), entry->tombstones());
  }
  return {};
}

fs::Result<Merge::Progress> TableMerge::step(const std::function<bool()>& should_pause) {
  if (fs::Status same = unchanged(); !same.ok()) return same;
  while (loaded_ < inputs_.size()) {
    if (fs::Status loaded = load_next(); !loaded.ok()) return loaded;
    if (should_pause()) return Progress::kMore;
  }
  for (unsigned series = 1; choose_series(); ++series) {
    if (fs::Status merged = merge_series(); !merged.ok()) return merged;
    if (series % kSeriesBetweenPauses == 0 && should_pause()) return Progress::kMore;
  }
  if (fs::Status finished = finish(); !finished.ok()) return finished;
  return Progress::kDone;
}

// What was deleted from a table meanwhile, or the table itself, would come back with the merge.
fs::Status TableMerge::unchanged() const {
  const auto set = catalogue_.tables();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (is_among(*set, *entries_[i]) && entries_[i]->tombstones() == inputs_[i].tombstones()) {
      continue;
    }
    return {EAGAIN, "merge (changed meanwhile)", catalogue_.path_of(entries_[i]->name())};
  }
  // Nor may the name say that it holds a flush which it does not.
  for (const auto& entry : *set) {
    if (!name_.replaces(entry->name()) || is_among(entries_, *entry)) continue;
    return {EAGAIN, "merge (a table came between)", catalogue_.path_of(entry->name())};
  }
  return {};
}

fs::Status TableMerge::handle(fs::Status status, std::size_t input) {
  // Set aside, its good pages would be gone as well.
  if (status.error() == EBADMSG) entries_[input]->mark_damaged();
  return status;
}

fs::Status TableMerge::load_next() {
  const std::size_t i = loaded_++;
  MergeInput& input = inputs_[i];
  input.sets.reserve(static_cast<std::size_t>(input.table().figures().series));
  return handle(sets_.load(input.table(), input.sets), i);
}

// The series that comes first in placement order among those that are next in their tables.
bool TableMerge::choose_series() {
  chosen_.clear();
  std::uint32_t best = NX_NONE;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].at_end()) continue;
    const std::uint32_t set = inputs_[i].set();
    if (set == best) {
      chosen_.push_back(i);
      continue;
    }
    sets_.labels(set, other_labels_);
    if (!chosen_.empty() && placement_order(other_labels_, labels_) > 0) continue;
    chosen_.assign(1, i);
    best = set;
    std::swap(labels_, other_labels_);
  }
  return !chosen_.empty();
}

fs::Status TableMerge::merge_series() {
  samples_.clear();
  for (const std::size_t input : chosen_) {
    if (fs::Status read = handle(read_input(input), input); !read.ok()) return read;
  }
  return write_series();
}

// A later table holds: whatever it has at a time, float or histogram, takes the place of the other.
fs::Status TableMerge::read_input(std::size_t input) {
  SampleColumn<double>& floats = samples_.floats;
  SampleColumn<nx_histogram>& histograms = samples_.histograms;
  std::size_t float_tail = floats.size();
  std::size_t histogram_tail = histograms.size();
  if (fs::Status read = inputs_[input].read_next(samples_); !read.ok()) return read;

  const std::size_t new_floats = floats.size() - float_tail;
  const std::size_t new_histograms = histograms.size() - histogram_tail;
  drop_times(floats, float_tail, std::span(histograms.times).subspan(histogram_tail));
  float_tail = floats.size() - new_floats;
  drop_times(histograms, histogram_tail, std::span(floats.times).subspan(float_tail));
  histogram_tail = histograms.size() - new_histograms;
  merge_tail(floats, float_tail, float_scratch_);
  merge_tail(histograms, histogram_tail, histogram_scratch_);
  return {};
}

fs::Status TableMerge::write_series() {
  const SeriesSamples series = samples_.view(labels_);
  if (series.empty()) return {};
  if (writer_ == nullptr) {
    auto writer = TableWriter::create(files_, catalogue_.path_of(name_), options_);
    if (!writer.ok()) return writer.status();
    writer_ = *std::move(writer);
  }
  return writer_->add(series);
}

fs::Status TableMerge::finish() {
  if (fs::Status same = unchanged(); !same.ok()) return same;
  if (writer_ == nullptr) {
    catalogue_.replace(entries_, nullptr);
    return {};
  }
  if (fs::Status named = name_table(); !named.ok()) return named;
  catalogue_.replace(entries_, &name_);
  return {};
}

fs::Status TableMerge::name_table() {
  // Left from an earlier table of this name, they would delete from the new one.
  const std::string tombstones = catalogue_.folder() + "/" + name_.tombstone_file();
  const fs::Status removed = files_.unlink(tombstones);
  if (!removed.ok() && removed.error() != ENOENT) return removed;
  const auto written = writer_->finish();
  writer_.reset();
  if (written.ok()) return {};
  // It may have its name, and after a restart would stand in for tables that went on changing.
  (void)files_.unlink(catalogue_.path_of(name_));
  (void)files_.sync_directory(catalogue_.folder());
  return written.status();
}

}  // namespace

fs::Result<std::unique_ptr<Merge>> Merge::begin(fs::FileSystem& files, Catalogue& catalogue,
                                                TableSet entries, const TableOptions& options) {
  if (!are_neighbours(*catalogue.tables(), entries)) {
    return fs::Status(EAGAIN, "merge (not neighbours)", catalogue.folder());
  }
  auto merge = std::make_unique<TableMerge>(files, catalogue, std::move(entries), options);
  if (fs::Status opened = merge->open_inputs(); !opened.ok()) return opened;
  return std::unique_ptr<Merge>(std::move(merge));
}

}  // namespace narthex::storage::partition
