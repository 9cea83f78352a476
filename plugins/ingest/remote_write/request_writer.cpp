// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/request_writer.hpp"

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

}  // namespace

Status RequestWriter::write(const sdk::RequestAppender& appender, std::string_view decoded) {
  invalid_label_samples_ = 0;
  storage_full_ = false;
  try {
    request_.parse(decoded);
    look_up();
    const Status resolved = resolve_missing(appender);
    if (!resolved.ok()) return for_sender(resolved);
  } catch (const protozero::exception& e) {
    return invalid_data(std::string("the body is no WriteRequest: ") + e.what());
  }
  if (storage_full_) return storage_full();
  for (const auto step : {&RequestWriter::append_rows, &RequestWriter::append_again,
                          &RequestWriter::append_exemplars}) {
    const Status done = (this->*step)(appender);
    if (!done.ok()) return for_sender(done);
  }
  return outcome();
}

// Asks the cache about all series.
void RequestWriter::look_up() {
  const std::size_t count = request_.series.size();
  keys_.resize(count);
  refs_.assign(count, 0);
  codes_.assign(count, NX_ROW_OK);
  for (std::size_t i = 0; i < count; ++i) keys_[i] = key_of(request_.series[i].labels);
  cache_.find(keys_, refs_);
}

// Parses, checks and resolves the labels of needed series without a reference.
Status RequestWriter::resolve_missing(const sdk::RequestAppender& appender) {
  missing_.clear();
  symbols_.clear();
  label_refs_.clear();
  label_offsets_.assign(1, 0);
  for (std::uint32_t i = 0; i < request_.series.size(); ++i) {
    // Without label bytes in one piece the key says nothing.
    if (request_.series[i].labels.empty()) refs_[i] = 0;
    if (refs_[i] == 0 && codes_[i] == NX_ROW_OK && is_needed(request_.series[i])) add_to_table(i);
  }
  if (missing_.empty()) return Status();
  std::vector<std::uint64_t> refs(missing_.size());
  std::vector<std::uint8_t> codes(missing_.size(), NX_ROW_OK);
  const Status resolved = appender.resolve(table(), refs.data(), codes.data());
  if (!resolved.ok()) return resolved;
  std::vector<SeriesCache::Known> known;
  for (std::size_t m = 0; m < missing_.size(); ++m) {
    const std::uint32_t i = missing_[m];
    refs_[i] = refs[m];
    codes_[i] = codes[m];
    storage_full_ = storage_full_ || codes[m] == NX_ROW_SERIES_LIMIT;
    if (refs[m] != 0 && !request_.series[i].labels.empty()) known.push_back({keys_[i], refs[m]});
  }
  cache_.put(known);
  return Status();
}

void RequestWriter::add_to_table(std::uint32_t series) {
  labels_.parse(request_.series[series].message, limits_.labels_max);
  if (!labels_.check_series(limits_).empty()) {
    codes_[series] = NX_ROW_BAD_LABELS;
    invalid_label_samples_ += request_.series[series].row_count;
    return;
  }
  missing_.push_back(series);
  for (const auto& [name, value] : labels_.labels()) {
    for (const std::string_view text : {name, value}) {
      label_refs_.push_back(static_cast<std::uint32_t>(symbols_.size()));
      symbols_.push_back(to_nx(text));
    }
  }
  label_offsets_.push_back(static_cast<std::uint32_t>(label_refs_.size() / 2));
}

nx_series_table RequestWriter::table() const {
  nx_series_table table{};
  table.struct_size = sizeof table;
  table.series_count = static_cast<std::uint32_t>(missing_.size());
  table.symbol_count = static_cast<std::uint32_t>(symbols_.size());
  table.symbols = symbols_.data();
  table.label_ref = label_refs_.data();
  table.label_off = label_offsets_.data();
  return table;
}

// Rows of series without a reference are refused as unknown; outcome() knows why.
Status RequestWriter::append_rows(const sdk::RequestAppender& appender) {
  row_refs_.resize(request_.rows());
  row_codes_.assign(request_.rows(), NX_ROW_OK);
  for (std::size_t i = 0; i < request_.series.size(); ++i) {
    const RequestSeries& s = request_.series[i];
    std::fill_n(row_refs_.begin() + s.first_row, s.row_count, refs_[i]);
  }
  if (request_.rows() == 0 && request_.metadata.empty()) return Status();
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.flags = NX_BATCH_BY_SERIES;
  batch.rows = request_.rows();
  batch.ref = row_refs_.data();
  batch.t = request_.t.data();
  batch.v = request_.v.data();
  batch.h = request_.h.empty() ? nullptr : request_.h.data();
  batch.hists = request_.histograms.data();
  batch.hist_count = static_cast<std::uint32_t>(request_.histograms.size());
  batch.meta = request_.metadata.data();
  batch.meta_count = static_cast<std::uint32_t>(request_.metadata.size());
  nx_append_result result = result_for(row_codes_.data());
  return appender.append(batch, result);
}

// References that the storage has forgotten are resolved again, once.
Status RequestWriter::append_again(const sdk::RequestAppender& appender) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < request_.series.size(); ++i) {
    const RequestSeries& s = request_.series[i];
    if (refs_[i] == 0) continue;
    const std::size_t before = rows.size();
    for (std::uint32_t r = s.first_row; r < s.first_row + s.row_count; ++r) {
      if (row_codes_[r] == NX_ROW_UNKNOWN_REF) rows.push_back(r);
    }
    if (rows.size() != before) refs_[i] = 0;
  }
  if (rows.empty()) return Status();
  const Status resolved = resolve_missing(appender);
  if (!resolved.ok()) return resolved;
  if (storage_full_) return storage_full();
  std::vector<std::uint64_t> refs;
  std::vector<std::int64_t> t;
  std::vector<double> v;
  std::vector<std::uint32_t> h;
  std::size_t series = 0;
  for (const std::uint32_t r : rows) {
    while (r >= request_.series[series].first_row + request_.series[series].row_count) ++series;
    refs.push_back(refs_[series]);
    t.push_back(request_.t[r]);
    v.push_back(request_.v[r]);
    if (!request_.h.empty()) h.push_back(request_.h[r]);
  }
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.flags = NX_BATCH_BY_SERIES;
  batch.rows = rows.size();
  batch.ref = refs.data();
  batch.t = t.data();
  batch.v = v.data();
  batch.h = h.empty() ? nullptr : h.data();
  batch.hists = request_.histograms.data();
  batch.hist_count = static_cast<std::uint32_t>(request_.histograms.size());
  std::vector<std::uint8_t> codes(rows.size(), NX_ROW_OK);
  nx_append_result result = result_for(codes.data());
  const Status status = appender.append(batch, result);
  for (std::size_t k = 0; k < rows.size(); ++k) row_codes_[rows[k]] = codes[k];
  return status;
}

// Exemplars ride on rows without samples. Those that the storage refuses fail no request, as in
// Prometheus.
Status RequestWriter::append_exemplars(const sdk::RequestAppender& appender) {
  if (request_.exemplars.empty()) return Status();
  std::vector<ParsedExemplar> parsed;
  std::vector<std::uint64_t> refs;
  std::vector<std::int64_t> times;
  try {
    for (const RequestExemplar& e : request_.exemplars) {
      if (refs_[e.series] == 0) continue;
      parsed.push_back(parse_exemplar(e.message, labels_));
      refs.push_back(refs_[e.series]);
      times.push_back(parsed.back().t);
    }
  } catch (const protozero::exception& e) {
    return invalid_data(std::string("the body has an exemplar that is none: ") + e.what());
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
  nx_append_result result = result_for(nullptr);
  return appender.append(batch, result);
}

Status RequestWriter::outcome() {
  const auto bad = [](std::uint8_t code) {
    return code != NX_ROW_OK && code != NX_ROW_EXEMPLAR_REFUSED;
  };
  const auto refused =
      static_cast<std::size_t>(std::count_if(row_codes_.begin(), row_codes_.end(), bad));
  if (refused == 0) return Status();
  const auto first = static_cast<std::uint32_t>(
      std::find_if(row_codes_.begin(), row_codes_.end(), bad) - row_codes_.begin());
  std::uint32_t series = 0;
  while (first >= request_.series[series].first_row + request_.series[series].row_count) ++series;
  std::string why = reason(first, series);
  labels_.parse(request_.series[series].message, limits_.labels_max);
  return {NX_PARTIAL, why + "; series " + labels_.text() + "; " + std::to_string(refused) + " of " +
                          std::to_string(row_codes_.size()) + " samples refused"};
}

std::string RequestWriter::reason(std::uint32_t row, std::uint32_t series) const {
  LabelSet labels;
  switch (refs_[series] == 0 ? codes_[series] : row_codes_[row]) {
    case NX_ROW_OUT_OF_ORDER:
      return "out of order sample";
    case NX_ROW_OUT_OF_BOUNDS:
      return "out of bounds: timestamp is too far in the future: " +
             std::to_string(request_.t[row]);
    case NX_ROW_TOO_OLD:
      return "too old sample: timestamp " + std::to_string(request_.t[row]);
    case NX_ROW_DUPLICATE:
      return "duplicate sample for timestamp " + std::to_string(request_.t[row]) +
             "; overrides not allowed";
    case NX_ROW_BAD_LABELS:
      labels.parse(request_.series[series].message, limits_.labels_max);
      return labels.check_series(limits_);
    case NX_ROW_BAD_HISTOGRAM:
      return "invalid native histogram at timestamp " + std::to_string(request_.t[row]);
    default:
      return "the storage refused the sample";
  }
}

void RequestWriter::shrink() {
  constexpr std::size_t kKeepBytes = std::size_t{4} << 20;
  if (body_.capacity() > kKeepBytes) std::string().swap(body_);
  if (symbols_.capacity() > (std::size_t{1} << 16)) {
    std::vector<nx_str>().swap(symbols_);
    std::vector<std::uint32_t>().swap(label_refs_);
  }
  if (row_refs_.capacity() > (std::size_t{1} << 16)) {
    std::vector<std::uint64_t>().swap(row_refs_);
    std::vector<SeriesKey>().swap(keys_);
  }
  request_.shrink();
}

}  // namespace narthex::ingest::remote_write
