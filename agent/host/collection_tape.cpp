// SPDX-License-Identifier: Apache-2.0
#include "host/collection_tape.hpp"

#include <narthex/sdk/protocol.hpp>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace narthex::host {
namespace {

constexpr std::uint32_t kTapeHandlesMax = 1u << 20;

enum class Operation : std::uint8_t {
  kRows = 1,      // rows, values
  kSameRows = 2,  // values of the rows of the tape before
  kSet = 3,       // handle, metadata, table
  kValues = 4,    // handle, values, absent
  kDrop = 5,      // handle
  kSample = 6,    // family, suffix, labels, value, t, histogram or none
  kBatch = 7,     // batch
  kRuns = 8,      // handles, values of all their series
  kSameRuns = 9,  // values of the sets of the tape before
};

void write_operation(WireWriter& out, Operation operation) {
  out.number(static_cast<std::uint8_t>(operation));
}

// Runs f for the plugin, where nothing may be thrown.
template <class R, class F>
R recorded(R otherwise, F&& f) noexcept {
  try {
    return f();
  } catch (...) {
    return otherwise;
  }
}

// Takes a number or a text off the front of bytes where it stands there.
template <class T>
bool eat(std::string_view& bytes, T number) {
  T found{};
  if (bytes.size() < sizeof found) return false;
  std::memcpy(&found, bytes.data(), sizeof found);
  bytes.remove_prefix(sizeof found);
  return found == number;
}
bool eat_text(std::string_view& bytes, std::string_view text) {
  if (!eat(bytes, std::uint64_t{text.size()}) || !bytes.starts_with(text)) return false;
  bytes.remove_prefix(text.size());
  return true;
}

// The size of the row at the front of bytes when it is this one, else 0.
std::size_t row_size(std::string_view bytes, std::uint32_t family, std::string_view suffix,
                     std::span<const nx_label> labels) {
  std::string_view rest = bytes;
  if (!eat(rest, family) || !eat_text(rest, suffix)) return 0;
  if (!eat(rest, std::uint64_t{labels.size()})) return 0;
  for (const nx_label& label : labels) {
    if (!eat_text(rest, view(label.name)) || !eat_text(rest, view(label.value))) return 0;
  }
  return bytes.size() - rest.size();
}

Status refused(nx_status code, const char* what) {
  if (code >= 0) return Status();
  return {code, std::string("the collection refused ") + what};
}

// The rows as a series table, in the plugin's order of rows.
struct RowTable {
  sdk::SeriesTable table;
  std::vector<nx_metadata> metadata;
  std::vector<std::string> names;  // with suffix, where there is one
};

bool read_rows(WireReader& in, RowTable& rows) {
  rows.metadata = read_metadata(in);
  rows.table.clear();
  const std::uint64_t count = in.count(20);
  rows.names.reserve(count);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const auto family = in.number<std::uint32_t>();
    const std::string_view suffix = in.text();
    if (family >= rows.metadata.size()) in.fail();
    if (!in.ok()) return false;
    nx_str name = rows.metadata[family].family;
    if (!suffix.empty()) {
      name = to_nx(rows.names.emplace_back(std::string(view(name)).append(suffix)));
    }
    rows.table.pairs().push_back({to_nx(std::string_view("__name__")), name});
    for (const nx_label& label : read_labels(in)) {
      if (label.value.len != 0) rows.table.pairs().push_back(label);
    }
    rows.table.end_series();
  }
  return in.ok();
}

}  // namespace

CollectionTape::CollectionTape() {
  raw_.struct_size = sizeof raw_;
  raw_.impl = this;
  raw_.family = [](const nx_collection* c, std::uint32_t type, nx_str name, nx_str unit,
                   nx_str help) -> std::uint32_t {
    return recorded(0u, [&] { return of(c).family(type, view(name), view(unit), view(help)); });
  };
  raw_.sample = [](const nx_collection* c, std::uint32_t family, const nx_label* labels,
                   std::uint32_t count, double value, std::int64_t t) -> nx_status {
    return recorded<nx_status>(
        NX_ERR_NO_MEMORY, [&] { return of(c).row(family, {}, labels, count, value, t, nullptr); });
  };
  raw_.sample_suffixed = [](const nx_collection* c, std::uint32_t family, nx_str suffix,
                            const nx_label* labels, std::uint32_t count, double value,
                            std::int64_t t) -> nx_status {
    return recorded<nx_status>(NX_ERR_NO_MEMORY, [&] {
      return of(c).row(family, view(suffix), labels, count, value, t, nullptr);
    });
  };
  raw_.histogram = [](const nx_collection* c, std::uint32_t family, const nx_label* labels,
                      std::uint32_t count, const nx_histogram* h, std::int64_t t) -> nx_status {
    return recorded<nx_status>(NX_ERR_NO_MEMORY,
                               [&] { return of(c).row(family, {}, labels, count, 0, t, h); });
  };
  raw_.series_set = [](const nx_collection* c, const nx_series_table* table,
                       const nx_metadata* meta, std::uint32_t count) -> std::uint32_t {
    return recorded(0u, [&] { return of(c).add_set(*table, meta, count); });
  };
  raw_.set_values = [](const nx_collection* c, std::uint32_t set, const double* values,
                       const std::uint8_t* absent, std::uint32_t count) -> nx_status {
    return recorded<nx_status>(NX_ERR_NO_MEMORY,
                               [&] { return of(c).set_values(set, values, absent, count); });
  };
  raw_.batch = [](const nx_collection* c, const nx_sample_batch* batch, nx_error*) -> nx_status {
    if (batch->rows != 0 && (batch->table == nullptr || batch->series == nullptr)) {
      return NX_ERR_INVALID_ARGUMENT;
    }
    return recorded<nx_status>(NX_ERR_NO_MEMORY, [&]() -> nx_status {
      WireWriter out(of(c).operations_);
      write_operation(out, Operation::kBatch);
      write_batch(out, *batch);
      return NX_OK;
    });
  };
  raw_.series_set_drop = [](const nx_collection* c, std::uint32_t set) {
    recorded(0, [&] {
      of(c).drop_set(set);
      return 0;
    });
  };
}

void CollectionTape::begin(std::int64_t deadline_mono_ns, bool fresh) {
  raw_.deadline_mono_ns = deadline_mono_ns;
  ++collection_;
  declared_.clear();
  declared_count_ = 0;
  rows_.clear();
  operations_.clear();
  values_.clear();
  run_values_.clear();
  run_count_ = 0;
  same_runs_ = true;
  // What was dropped in a tape that nobody heard is still to be told.
  if (fresh || !lost_) dropped_.clear();
  tape_.clear();
  same_ = known_;
  same_bytes_ = 0;
  if (!fresh && !lost_) return;
  lost_ = false;
  known_ = false;
  same_ = false;
  known_runs_.clear();
  for (const auto& [handle, set] : sets_) operations_ += set.recorded;
}

std::string_view CollectionTape::end() {
  WireWriter out(tape_);
  const bool same = same_ && same_bytes_ == known_rows_.size() && declared_ == known_declared_;
  write_operation(out, same ? Operation::kSameRows : Operation::kRows);
  if (!same) {
    if (same_) rows_.assign(known_rows_, 0, same_bytes_);
    out.number(declared_count_);
    tape_ += declared_;
    out.number(static_cast<std::uint64_t>(values_.size()));
    tape_ += rows_;
    known_rows_.swap(rows_);
    known_declared_.swap(declared_);
    known_ = true;
  }
  out.numbers(values_.data(), values_.size());
  tape_ += operations_;
  end_runs(out);
  tape_ += dropped_;
  return tape_;
}

void CollectionTape::add_run(std::uint32_t set, const double* values, std::uint32_t count) {
  run_values_.insert(run_values_.end(), values, values + count);
  if (same_runs_) {
    if (run_count_ < known_runs_.size() && known_runs_[run_count_] == set) {
      ++run_count_;
      return;
    }
    const auto same = known_runs_.begin() + static_cast<std::ptrdiff_t>(run_count_);
    runs_.assign(known_runs_.begin(), same);
    same_runs_ = false;
  }
  runs_.push_back(set);
}

void CollectionTape::end_runs(WireWriter& out) {
  if (same_runs_ && run_count_ != known_runs_.size()) {
    known_runs_.resize(run_count_);
    runs_ = known_runs_;
    same_runs_ = false;
  }
  if (same_runs_ && run_count_ == 0) return;
  write_operation(out, same_runs_ ? Operation::kSameRuns : Operation::kRuns);
  if (!same_runs_) {
    out.numbers(runs_.data(), runs_.size());
    known_runs_.swap(runs_);
  }
  out.numbers(run_values_.data(), run_values_.size());
}

std::uint32_t CollectionTape::family(std::uint32_t type, std::string_view name,
                                     std::string_view unit, std::string_view help) {
  if (name.empty() || families_.size() >= kTapeHandlesMax) return 0;
  const auto [at, is_new] =
      family_index_.try_emplace(std::string(name), static_cast<std::uint32_t>(families_.size()));
  if (is_new) families_.push_back({0, std::string(name), {}, {}, 0});
  Family& known = families_[at->second];
  if (known.declared == collection_) return at->second + 1;
  known.type = type;
  known.unit = unit;
  known.help = help;
  known.declared = collection_;
  known.place = static_cast<std::uint32_t>(declared_count_++);
  nx_metadata entry{};
  entry.series = NX_NONE;
  entry.type = type;
  entry.family = to_nx(known.name);
  entry.unit = to_nx(unit);
  entry.help = to_nx(help);
  WireWriter out(declared_);
  write_metadata_entry(out, entry);
  return at->second + 1;
}

nx_status CollectionTape::row(std::uint32_t family, std::string_view suffix, const nx_label* labels,
                              std::uint32_t count, double value, std::int64_t t,
                              const nx_histogram* histogram) {
  if (family == 0 || family > families_.size()) return NX_ERR_INVALID_ARGUMENT;
  // A handle may be kept over collections: what it stands for is declared again.
  if (families_[family - 1].declared != collection_) {
    const Family before = families_[family - 1];
    (void)this->family(before.type, before.name, before.unit, before.help);
  }
  const Family& known = families_[family - 1];
  if (t != 0 || histogram != nullptr) {
    WireWriter out(operations_);
    write_operation(out, Operation::kSample);
    out.number(known.type);
    out.text(known.name);
    out.text(known.unit);
    out.text(known.help);
    out.text(suffix);
    write_labels(out, labels, count);
    out.number(value);
    out.number(t);
    out.number(std::uint8_t{histogram != nullptr});
    if (histogram != nullptr) write_histogram(out, *histogram);
    return NX_OK;
  }
  values_.push_back(value);
  if (same_) {
    const std::size_t size = row_size(std::string_view(known_rows_).substr(same_bytes_),
                                      known.place, suffix, {labels, count});
    if (size != 0) {
      same_bytes_ += size;
      return NX_OK;
    }
    rows_.assign(known_rows_, 0, same_bytes_);
    same_ = false;
  }
  WireWriter out(rows_);
  out.number(known.place);
  out.text(suffix);
  write_labels(out, labels, count);
  return NX_OK;
}

std::uint32_t CollectionTape::add_set(const nx_series_table& table, const nx_metadata* meta,
                                      std::uint32_t count) {
  if (sets_.size() >= kTapeHandlesMax) return 0;
  const std::uint32_t handle = ++sets_made_;
  Set& set = sets_[handle];
  set.series = table.series_count;
  WireWriter out(set.recorded);
  write_operation(out, Operation::kSet);
  out.number(handle);
  write_metadata(out, meta, count);
  write_table(out, table);
  operations_ += set.recorded;
  return handle;
}

nx_status CollectionTape::set_values(std::uint32_t handle, const double* values,
                                     const std::uint8_t* absent, std::uint32_t count) {
  const auto set = sets_.find(handle);
  if (set == sets_.end() || set->second.series != count) return NX_ERR_INVALID_ARGUMENT;
  if (absent == nullptr) {
    add_run(handle, values, count);
    return NX_OK;
  }
  WireWriter out(operations_);
  write_operation(out, Operation::kValues);
  out.number(handle);
  out.numbers(values, count);
  out.numbers(absent, count);
  return NX_OK;
}

void CollectionTape::drop_set(std::uint32_t handle) {
  if (sets_.erase(handle) == 0) return;
  WireWriter out(dropped_);
  write_operation(out, Operation::kDrop);
  out.number(handle);
}

void TapePlayer::begin_process() {
  if (rows_set_ != 0) stale_.push_back(rows_set_);
  for (const auto& [recorder, set] : sets_) stale_.push_back(set.own);
  rows_set_ = 0;
  rows_count_ = 0;
  sets_.clear();
  runs_.clear();
  run_values_ = 0;
  fresh_ = true;
}

bool TapePlayer::wants_fresh(const nx_collection& c) {
  if (collection_ != c.impl) {
    begin_process();
    stale_.clear();  // of a collection that is no more
    collection_ = c.impl;
  }
  return fresh_;
}

Status TapePlayer::play(std::string_view tape, const nx_collection& c) {
  for (const std::uint32_t handle : std::exchange(stale_, {})) c.series_set_drop(&c, handle);
  WireReader in(tape);
  Status status;
  while (status.ok() && in.ok() && !in.at_end()) status = play_one(in, c);
  if (status.ok() && !in.ok()) {
    status = invalid_data("the plugin's process sent what is no collection");
  }
  if (status.ok()) {
    fresh_ = false;
  } else {
    begin_process();
  }
  return status;
}

Status TapePlayer::play_one(WireReader& in, const nx_collection& c) {
  WireArrays arrays;
  const auto operation = static_cast<Operation>(in.number<std::uint8_t>());
  switch (operation) {
    case Operation::kRows:
    case Operation::kSameRows: {
      if (operation == Operation::kRows) {
        if (Status status = play_rows(in, c); !status.ok()) return status;
      }
      in.numbers(values_);
      if (!in.ok() || values_.size() != rows_count_) break;
      if (rows_set_ == 0) return Status();
      return refused(c.set_values(&c, rows_set_, values_.data(), nullptr, rows_count_), "values");
    }
    case Operation::kSet: {
      const auto handle = in.number<std::uint32_t>();
      const std::vector<nx_metadata> meta = read_metadata(in);
      const nx_series_table table = read_table(in, arrays);
      if (!in.ok()) break;
      const std::uint32_t own =
          c.series_set(&c, &table, meta.data(), static_cast<std::uint32_t>(meta.size()));
      if (own == 0) return {NX_ERR_EXHAUSTED, "the collection refused a series set"};
      if (const auto old = sets_.find(handle); old != sets_.end()) {
        c.series_set_drop(&c, old->second.own);
      }
      sets_[handle] = {own, table.series_count};
      forget_run(handle);
      return Status();
    }
    case Operation::kValues: {
      const auto set = sets_.find(in.number<std::uint32_t>());
      in.numbers(values_);
      const std::vector<std::uint8_t> absent = in.numbers<std::uint8_t>();
      const bool fits = absent.empty() || absent.size() == values_.size();
      if (!in.ok() || !fits || set == sets_.end()) break;
      return refused(c.set_values(&c, set->second.own, values_.data(),
                                  absent.empty() ? nullptr : absent.data(),
                                  static_cast<std::uint32_t>(values_.size())),
                     "values of a series set");
    }
    case Operation::kDrop: {
      const auto set = sets_.find(in.number<std::uint32_t>());
      if (set == sets_.end()) return Status();  // of a tape that was not played
      c.series_set_drop(&c, set->second.own);
      forget_run(set->first);
      sets_.erase(set);
      return Status();
    }
    case Operation::kRuns:
      if (!read_runs(in)) break;
      return play_runs(in, c);
    case Operation::kSameRuns:
      return play_runs(in, c);
    case Operation::kSample:
      return play_sample(in, c);
    case Operation::kBatch: {
      const nx_sample_batch batch = read_batch(in, arrays);
      if (!in.ok()) break;
      return refused(c.batch(&c, &batch, nullptr), "a batch");
    }
  }
  in.fail();
  return Status();
}

Status TapePlayer::play_rows(WireReader& in, const nx_collection& c) {
  RowTable rows;
  if (!read_rows(in, rows)) return Status();  // play() says what is wrong
  if (rows_set_ != 0) c.series_set_drop(&c, rows_set_);
  const nx_series_table table = rows.table.table();
  rows_count_ = table.series_count;
  rows_set_ = c.series_set(&c, &table, rows.metadata.data(),
                           static_cast<std::uint32_t>(rows.metadata.size()));
  if (rows_set_ == 0) return {NX_ERR_EXHAUSTED, "the collection refused its series"};
  return Status();
}

bool TapePlayer::read_runs(WireReader& in) {
  runs_.clear();
  run_values_ = 0;
  for (const std::uint32_t handle : in.numbers<std::uint32_t>()) {
    const auto set = sets_.find(handle);
    if (set == sets_.end()) return false;
    runs_.push_back({handle, set->second});
    run_values_ += set->second.series;
  }
  return in.ok();
}

Status TapePlayer::play_runs(WireReader& in, const nx_collection& c) {
  in.numbers(values_);
  if (values_.size() != run_values_) in.fail();
  if (!in.ok()) return Status();  // play() says what is wrong
  const double* values = values_.data();
  for (const Run& run : runs_) {
    const nx_status given = c.set_values(&c, run.known.own, values, nullptr, run.known.series);
    if (given < 0) return refused(given, "values of a series set");
    values += run.known.series;
  }
  return Status();
}

// The list of sets holds no longer: the recorder, whose set is another or gone, will send a new
// one.
void TapePlayer::forget_run(std::uint32_t set) {
  const bool has =
      std::any_of(runs_.begin(), runs_.end(), [set](const Run& run) { return run.set == set; });
  if (!has) return;
  runs_.clear();
  run_values_ = 0;
}

Status TapePlayer::play_sample(WireReader& in, const nx_collection& c) {
  WireArrays arrays;
  const auto type = in.number<std::uint32_t>();
  const nx_str name = in.str();
  const nx_str unit = in.str();
  const nx_str help = in.str();
  const nx_str suffix = in.str();
  const std::vector<nx_label> labels = read_labels(in);
  const auto value = in.number<double>();
  const auto t = in.number<std::int64_t>();
  const bool has_histogram = in.number<std::uint8_t>() != 0;
  const nx_histogram histogram = has_histogram ? read_histogram(in, arrays) : nx_histogram{};
  if (!in.ok()) return Status();  // play() says what is wrong
  const std::uint32_t family = c.family(&c, type, name, unit, help);
  const auto count = static_cast<std::uint32_t>(labels.size());
  if (has_histogram) {
    return refused(c.histogram(&c, family, labels.data(), count, &histogram, t), "a histogram");
  }
  if (suffix.len == 0) {
    return refused(c.sample(&c, family, labels.data(), count, value, t), "a sample");
  }
  return refused(c.sample_suffixed(&c, family, suffix, labels.data(), count, value, t), "a sample");
}

}  // namespace narthex::host
