// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/log_check.hpp"

#include "storage/wal/record_reader.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

namespace narthex::storage::tsdb {
namespace {

constexpr std::uint32_t kUnknownSet = UINT32_MAX;

struct TimeSpan {
  std::int64_t min_t = INT64_MAX;
  std::int64_t max_t = INT64_MIN;
};

// Counts what a recovery would take, and what it would have to drop.
class LogVisitor final : public wal::ReplayVisitor {
 public:
  explicit LogVisitor(const LogSeries* wanted) : wanted_(wanted) {}

  void segment(std::uint64_t number, bool carries) override {
    span_ = &spans_[number];
    if (carries) return;
    sets_.assign(sets_.size(), kUnknownSet);
    layouts_.clear();
  }
  void series(std::uint32_t ref, std::span<const wal::LabelView> labels) override {
    if (ref >= sets_.size()) sets_.resize(std::size_t{ref} + ref / 2 + 1, kUnknownSet);
    sets_[ref] = wanted_ == nullptr ? 0 : set_of(labels);
  }
  void layout(std::uint64_t layout, std::span<const std::uint32_t> refs) override {
    layouts_[layout].assign(refs.begin(), refs.end());
  }
  void row(std::uint64_t layout, std::int64_t t, std::span<const std::uint64_t> bits,
           const std::uint64_t* present) override {
    const auto at = layouts_.find(layout);
    for (std::size_t s = 0; s < bits.size(); ++s) {
      if (present != nullptr && (present[s / 64] >> s % 64 & 1) == 0) continue;
      const bool known = at != layouts_.end() && s < at->second.size();
      take(known ? at->second[s] : UINT32_MAX, t);
    }
  }
  void samples(std::span<const wal::LoggedRun> runs) override {
    for (const wal::LoggedRun& run : runs) {
      for (const std::int64_t t : run.t) take(run.ref, t);
    }
  }
  void histogram(std::uint32_t ref, std::int64_t t, const nx_histogram&) override { take(ref, t); }
  void start(std::uint32_t, std::int64_t, std::int64_t) override {}
  void exemplar(const wal::LoggedExemplar&) override {}
  void metadata(const wal::LoggedMetadata&) override {}
  void erase(std::span<const std::uint32_t>, std::int64_t, std::int64_t) override {}

  TimeSpan span_of(std::uint64_t segment) const {
    const auto at = spans_.find(segment);
    return at != spans_.end() ? at->second : TimeSpan();
  }
  std::uint64_t taken = 0;
  std::uint64_t orphans = 0;

 private:
  void take(std::uint32_t ref, std::int64_t t) {
    if (ref >= sets_.size() || sets_[ref] == kUnknownSet) {
      ++orphans;
      return;
    }
    ++taken;
    span_->min_t = std::min(span_->min_t, t);
    span_->max_t = std::max(span_->max_t, t);
    if (wanted_ != nullptr) wanted_->sample(sets_[ref], t);
  }
  std::uint32_t set_of(std::span<const wal::LabelView> labels) {
    std::vector<nx_str> symbols;
    for (const wal::LabelView& label : labels) {
      symbols.push_back({label.name.data(), label.name.size()});
      symbols.push_back({label.value.data(), label.value.size()});
    }
    std::vector<std::uint32_t> refs(symbols.size());
    std::iota(refs.begin(), refs.end(), 0u);
    const std::uint32_t offsets[] = {0, static_cast<std::uint32_t>(labels.size())};
    nx_series_table table{};
    table.struct_size = sizeof table;
    table.series_count = 1;
    table.symbol_count = static_cast<std::uint32_t>(symbols.size());
    table.symbols = symbols.data();
    table.label_ref = refs.data();
    table.label_off = offsets;
    found_.clear();
    wanted_->sets.load_batch(table, found_);
    return found_.front();
  }

  const LogSeries* wanted_;
  std::map<std::uint64_t, TimeSpan> spans_;  // by segment
  TimeSpan none_;
  TimeSpan* span_ = &none_;
  std::vector<std::uint32_t> sets_;  // by ref
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> layouts_;
  std::vector<std::uint32_t> found_;
};

void tell_damages(const wal::ReplayReport& replayed, const LogVisitor& visitor,
                  CheckReport& report) {
  std::map<std::uint64_t, std::string> names;
  for (const wal::SegmentInfo& info : replayed.state.segments) {
    names[info.header.segment] = info.name;
  }
  for (const wal::Damage& damage : replayed.damages) {
    const TimeSpan span = visitor.span_of(damage.at.segment);
    report.damages.push_back(
        {"wal/" + names[damage.at.segment],
         std::to_string(damage.bytes) + " bytes from byte " + std::to_string(damage.at.offset) +
             " on hold no readable record; the samples around them are of the time given",
         0, 0, span.min_t, span.max_t});
  }
  if (replayed.damage_count > replayed.damages.size()) {
    report.damages.push_back(
        {"wal",
         std::to_string(replayed.damage_count - replayed.damages.size()) + " more such places", 0,
         0, 1, 0});
  }
  if (replayed.segments_lost != 0) {
    report.damages.push_back(
        {"wal", std::to_string(replayed.segments_lost) + " segments cannot be opened", 0, 0, 1, 0});
  }
}

}  // namespace

fs::Status read_log(fs::FileSystem& files, const std::string& folder, const LogSeries* series,
                    CheckReport& report) {
  LogVisitor visitor(series);
  wal::RecordReader reader(visitor);
  const auto replayed = wal::replay(files, folder, reader.sink());
  if (!replayed.ok()) return replayed.status();
  LogRow& log = report.log;
  log.segments = replayed->state.segments.size();
  log.bytes = replayed->bytes;
  log.records = replayed->records;
  log.samples = visitor.taken;
  log.samples_dropped = visitor.orphans + reader.figures().dropped_samples;
  log.torn_bytes = replayed->torn_bytes;
  tell_damages(*replayed, visitor, report);
  if (log.samples_dropped != 0 || reader.figures().malformed_records != 0) {
    report.damages.push_back(
        {"wal",
         std::to_string(log.samples_dropped) + " samples rest on records that are lost, and " +
             std::to_string(reader.figures().malformed_records) + " records make no sense",
         0, 0, 1, 0});
  }
  if (replayed->last_is_short) {
    report.notes.push_back(
        "the newest segment of the log is shorter than its header: a crash came when it was begun, "
        "or what it held is lost");
  }
  if (log.torn_bytes != 0) {
    report.notes.push_back("the log ends in " + std::to_string(log.torn_bytes) +
                           " bytes that are no whole record, as after a crash: the next start "
                           "leaves them out");
  }
  return {};
}

}  // namespace narthex::storage::tsdb
