// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/request_writer.hpp"

#include "plugins/ingest/remote_write/family.hpp"

#include <narthex/sdk/metric_type.hpp>
#include <narthex/sdk/text.hpp>

#include <protozero/exception.hpp>

#include <algorithm>

namespace narthex::ingest::remote_write {
namespace {

constexpr std::uint32_t kRetryAfterMs = 5'000;

Status storage_full() {
  return {NX_ERR_UNAVAILABLE, "the storage takes no more series at present", kRetryAfterMs};
}

// Limits of the storage are no fault of the sender, who shall try again.
Status for_sender(const Status& status) {
  if (status.code() != NX_ERR_EXHAUSTED) return status;
  return {NX_ERR_UNAVAILABLE, status.message(),
          status.retry_after_ms() != 0 ? status.retry_after_ms() : kRetryAfterMs};
}

nx_append_result result_for(std::uint8_t* row_codes) {
  nx_append_result result{};
  result.struct_size = sizeof result;
  result.row_code = row_codes;
  return result;
}

bool is_needed(const RequestSeries& series) {
  return series.row_count != 0 || series.exemplar_count != 0;
}

bool is_taken(std::uint8_t code) { return code == NX_ROW_OK || code == NX_ROW_EXEMPLAR_REFUSED; }

template <class T>
const T* or_null(const std::vector<T>& column) {
  return column.empty() ? nullptr : column.data();
}

}  // namespace

Status RequestWriter::write(const sdk::RequestAppender& appender, Version version,
                            std::string_view decoded) {
  written_.reset();
  invalid_label_samples_ = 0;
  exemplars_refused_ = 0;
  storage_full_ = false;
  if (version == Version::kV2) {
    request_ = &version2_;
  } else {
    request_ = &version1_;
  }
  try {
    const Status parsed = request_->parse(decoded);
    if (!parsed.ok()) return parsed;
    const Status stored = store(appender);
    if (!stored.ok()) {
      written_.emplace();
      return for_sender(stored);
    }
  } catch (const protozero::exception& e) {
    return invalid_data(std::string("the body is no write request: ") + e.what());
  }
  count_written();
  return outcome();
}

Status RequestWriter::store(const sdk::RequestAppender& appender) {
  look_up();
  for (const auto step : {&RequestWriter::resolve_missing, &RequestWriter::append_rows,
                          &RequestWriter::append_again, &RequestWriter::append_exemplars}) {
    const Status done = (this->*step)(appender);
    if (!done.ok()) return done;
  }
  remember_metadata();
  return Status();
}

// Asks the cache about all series.
void RequestWriter::look_up() {
  const std::size_t count = columns().series.size();
  keys_.resize(count);
  known_.resize(count);
  codes_.assign(count, NX_ROW_OK);
  request_->make_keys(keys_);
  cache_.find(keys_, known_);
  for (std::size_t i = 0; i < count; ++i) {
    // Without label bytes in one piece the key says nothing.
    if (columns().series[i].labels.empty()) known_[i] = {};
    // Another type or unit, another series.
    if (describe_ && known_[i].stamp != request_->metadata_of(i).stamp) known_[i] = {};
  }
}

// Parses, checks and resolves the labels of needed series without a reference.
Status RequestWriter::resolve_missing(const sdk::RequestAppender& appender) {
  unknown_.clear();
  for (std::uint32_t i = 0; i < columns().series.size(); ++i) {
    if (known_[i].ref == 0 && codes_[i] == NX_ROW_OK && is_needed(columns().series[i])) {
      add_unknown(i);
    }
  }
  if (unknown_.empty()) return Status();
  const std::span<const std::uint32_t> series = unknown_.series();
  std::vector<std::uint64_t> refs(series.size());
  std::vector<std::uint8_t> codes(series.size(), NX_ROW_OK);
  const nx_series_table table = unknown_.table();
  const Status resolved = appender.resolve(table, refs.data(), codes.data());
  if (!resolved.ok()) return resolved;
  std::vector<SeriesCache::Known> known;
  for (std::size_t m = 0; m < series.size(); ++m) {
    const std::uint32_t i = series[m];
    known_[i] = {refs[m], 0};
    codes_[i] = codes[m];
    storage_full_ = storage_full_ || codes[m] == NX_ROW_SERIES_LIMIT;
    if (refs[m] != 0 && !columns().series[i].labels.empty()) known.push_back({keys_[i], known_[i]});
  }
  cache_.put(known);
  return storage_full_ ? storage_full() : Status();
}

void RequestWriter::add_unknown(std::uint32_t series) {
  const std::string problem = request_->read_labels(series, limits_.labels_max, labels_);
  if (describe_) {
    const SeriesMetadata m = request_->metadata_of(series);
    if (const nx_str type = sdk::type_label(m.type); type.len != 0) {
      labels_.put("__type__", view(type));
    }
    if (!m.unit.empty()) labels_.put("__unit__", m.unit);
  }
  if (!problem.empty() || !labels_.check_series(limits_).empty()) {
    codes_[series] = NX_ROW_BAD_LABELS;
    invalid_label_samples_ += columns().series[series].row_count;
    return;
  }
  unknown_.add(series, labels_);
}

// Metadata of series that were not the last to bring the same texts: for most nothing is done.
void RequestWriter::add_metadata() {
  stamped_.clear();
  for (std::uint32_t i = 0; i < columns().series.size(); ++i) {
    if (known_[i].ref == 0 || columns().series[i].row_count == 0) continue;
    const SeriesMetadata m = request_->metadata_of(i);
    if (m.stamp == 0 || m.stamp == known_[i].stamp) continue;
    (void)request_->read_labels(i, limits_.labels_max, labels_);
    std::string_view name;
    for (const auto& [label, value] : labels_.labels()) {
      if (label == "__name__") name = value;
    }
    request_->columns.metadata.push_back(
        {0, NX_NONE, m.type, to_nx(family_of(name, m.type)), to_nx(m.unit), to_nx(m.help)});
    if (columns().series[i].labels.empty()) continue;
    stamped_.push_back({keys_[i], {known_[i].ref, m.stamp}});
  }
}

void RequestWriter::remember_metadata() { cache_.put(stamped_); }

// Rows of series without a reference are refused as unknown; outcome() knows why.
Status RequestWriter::append_rows(const sdk::RequestAppender& appender) {
  add_metadata();
  const RequestColumns& c = columns();
  row_refs_.resize(c.rows());
  row_codes_.assign(c.rows(), NX_ROW_OK);
  rows_refused_ = false;
  for (std::size_t i = 0; i < c.series.size(); ++i) {
    std::fill_n(row_refs_.begin() + c.series[i].first_row, c.series[i].row_count, known_[i].ref);
  }
  if (c.rows() == 0 && c.metadata.empty()) return Status();
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.flags = NX_BATCH_BY_SERIES;
  batch.rows = c.rows();
  batch.ref = row_refs_.data();
  batch.t = c.t.data();
  batch.st = or_null(c.st);
  batch.v = c.v.data();
  batch.h = or_null(c.h);
  batch.hists = c.histograms.data();
  batch.hist_count = static_cast<std::uint32_t>(c.histograms.size());
  batch.meta = c.metadata.data();
  batch.meta_count = static_cast<std::uint32_t>(c.metadata.size());
  nx_append_result result = result_for(row_codes_.data());
  const Status appended = appender.append(batch, result);
  rows_refused_ = result.refused != 0;
  return appended;
}

// References that the storage has forgotten are resolved again, once.
Status RequestWriter::append_again(const sdk::RequestAppender& appender) {
  if (!rows_refused_) return Status();
  const RequestColumns& c = columns();
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < c.series.size(); ++i) {
    const RequestSeries& s = c.series[i];
    if (known_[i].ref == 0) continue;
    const std::size_t before = rows.size();
    for (std::uint32_t r = s.first_row; r < s.first_row + s.row_count; ++r) {
      if (row_codes_[r] == NX_ROW_UNKNOWN_REF) rows.push_back(r);
    }
    if (rows.size() != before) known_[i] = {};
  }
  if (rows.empty()) return Status();
  stamped_.clear();  // with references that are no more
  const Status resolved = resolve_missing(appender);
  if (!resolved.ok()) return resolved;
  std::vector<std::uint64_t> refs;
  std::vector<std::int64_t> t, st;
  std::vector<double> v;
  std::vector<std::uint32_t> h;
  std::size_t series = 0;
  for (const std::uint32_t r : rows) {
    while (r >= c.series[series].first_row + c.series[series].row_count) ++series;
    refs.push_back(known_[series].ref);
    t.push_back(c.t[r]);
    v.push_back(c.v[r]);
    if (!c.st.empty()) st.push_back(c.st[r]);
    if (!c.h.empty()) h.push_back(c.h[r]);
  }
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.flags = NX_BATCH_BY_SERIES;
  batch.rows = rows.size();
  batch.ref = refs.data();
  batch.t = t.data();
  batch.st = or_null(st);
  batch.v = v.data();
  batch.h = or_null(h);
  batch.hists = c.histograms.data();
  batch.hist_count = static_cast<std::uint32_t>(c.histograms.size());
  std::vector<std::uint8_t> codes(rows.size(), NX_ROW_OK);
  nx_append_result result = result_for(codes.data());
  const Status status = appender.append(batch, result);
  for (std::size_t k = 0; k < rows.size(); ++k) row_codes_[rows[k]] = codes[k];
  return status;
}

// Exemplars ride on rows without samples. In 1.0 those that the storage refuses fail no request, as
// in Prometheus; in 2.0 the sender is told.
Status RequestWriter::append_exemplars(const sdk::RequestAppender& appender) {
  const RequestColumns& c = columns();
  written_.emplace();
  if (c.exemplars.empty()) return Status();
  std::vector<ParsedExemplar> parsed;
  std::vector<std::uint32_t> series;
  std::vector<std::uint64_t> refs;
  std::vector<std::int64_t> times;
  const auto refuse = [&](std::uint32_t of) {
    if (exemplars_refused_++ == 0) exemplar_series_ = of;
  };
  for (const RequestExemplar& e : c.exemplars) {
    if (known_[e.series].ref == 0) continue;
    ParsedExemplar exemplar = request_->read_exemplar(e, labels_);
    if (exemplar.problem) {
      refuse(e.series);
      continue;
    }
    series.push_back(e.series);
    refs.push_back(known_[e.series].ref);
    times.push_back(exemplar.t);
    parsed.push_back(std::move(exemplar));
  }
  std::vector<nx_exemplar> exemplars;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    exemplars.push_back({i, parsed[i].t, parsed[i].value, parsed[i].labels.data(),
                         static_cast<std::uint32_t>(parsed[i].labels.size()), NX_EXEMPLAR_HAS_T});
  }
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = refs.size();
  batch.ref = refs.data();
  batch.t = times.data();
  batch.exemplars = exemplars.data();
  batch.exemplar_count = static_cast<std::uint32_t>(exemplars.size());
  std::vector<std::uint8_t> codes(refs.size(), NX_ROW_OK);
  nx_append_result result = result_for(codes.data());
  const Status status = appender.append(batch, result);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] != NX_ROW_OK) refuse(series[i]);
  }
  written_->exemplars = result.exemplars_accepted;
  return status;
}

void RequestWriter::count_written() {
  if (!rows_refused_) {
    written_->histograms = columns().histograms.size();
    written_->samples = columns().rows() - columns().histograms.size();
    return;
  }
  for (std::size_t r = 0; r < row_codes_.size(); ++r) {
    if (!is_taken(row_codes_[r])) continue;
    const bool histogram = !columns().h.empty() && columns().h[r] != NX_NONE;
    ++(histogram ? written_->histograms : written_->samples);
  }
}

Status RequestWriter::outcome() {
  if (rows_refused_) {
    const auto refused = static_cast<std::size_t>(std::count_if(
        row_codes_.begin(), row_codes_.end(), [](std::uint8_t code) { return !is_taken(code); }));
    if (refused != 0) return refused_rows(refused);
  }
  if (exemplars_refused_ == 0 || !request_->reports_written()) return Status();
  (void)request_->read_labels(exemplar_series_, limits_.labels_max, labels_);
  return {NX_PARTIAL, "exemplar out of order, or of labels that cannot be kept; series " +
                          labels_.text() + "; " + std::to_string(exemplars_refused_) + " of " +
                          std::to_string(columns().exemplars.size()) + " exemplars refused"};
}

Status RequestWriter::refused_rows(std::size_t refused) {
  const auto first = static_cast<std::uint32_t>(
      std::find_if_not(row_codes_.begin(), row_codes_.end(), is_taken) - row_codes_.begin());
  const std::vector<RequestSeries>& all = columns().series;
  std::uint32_t series = 0;
  while (first >= all[series].first_row + all[series].row_count) ++series;
  std::string why = reason(first, series);
  (void)request_->read_labels(series, limits_.labels_max, labels_);
  return {NX_PARTIAL, why + "; series " + labels_.text() + "; " + std::to_string(refused) + " of " +
                          std::to_string(row_codes_.size()) + " samples refused"};
}

std::string RequestWriter::reason(std::uint32_t row, std::uint32_t series) const {
  LabelSet labels;
  const std::string time = std::to_string(columns().t[row]);
  switch (known_[series].ref == 0 ? codes_[series] : row_codes_[row]) {
    case NX_ROW_OUT_OF_ORDER:
      return "out of order sample";
    case NX_ROW_OUT_OF_BOUNDS:
      return "out of bounds: timestamp is too far in the future: " + time;
    case NX_ROW_TOO_OLD:
      return "too old sample: timestamp " + time;
    case NX_ROW_DUPLICATE:
      return "duplicate sample for timestamp " + time + "; overrides not allowed";
    case NX_ROW_BAD_LABELS: {
      std::string problem = request_->read_labels(series, limits_.labels_max, labels);
      return problem.empty() ? labels.check_series(limits_) : problem;
    }
    case NX_ROW_BAD_HISTOGRAM:
      return "invalid native histogram at timestamp " + time;
    default:
      return "the storage refused the sample";
  }
}

void RequestWriter::shrink() {
  constexpr std::size_t kKeepBytes = std::size_t{4} << 20;
  if (body_.capacity() > kKeepBytes) std::string().swap(body_);
  unknown_.shrink();
  if (row_refs_.capacity() > (std::size_t{1} << 16)) {
    row_refs_ = {};
    keys_ = {};
    known_ = {};
  }
  request_->shrink();
}

}  // namespace narthex::ingest::remote_write
