// SPDX-License-Identifier: Apache-2.0
// export.cpp - /api/v1/export: samples as they are stored, as VictoriaMetrics's JSON lines, which
// its and our /api/v1/import take. A line is a series, or a part of one where it is long; the
// answer is made block by block while the client reads.
#include "api/answer.hpp"
#include "api/api.hpp"
#include "api/json.hpp"
#include "api/params.hpp"
#include "api/routes.hpp"
#include "api/selectors.hpp"
#include "store/store.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/number.hpp>
#include <narthex/sdk/series_cache.hpp>

#include <bit>
#include <cmath>
#include <memory>
#include <optional>
#include <unordered_map>

namespace narthex::api {

namespace {

// Samples a block: some 100 to 200 KiB of text.
constexpr std::uint32_t kBlockSamples = 8192;

bool is_stale(double v) { return std::bit_cast<std::uint64_t>(v) == NX_STALE_NAN_BITS; }

// JSON has neither NaN nor infinities: these are VictoriaMetrics's spellings.
void append_value(std::string& out, double v) {
  if (std::isnan(v)) {
    out += "null";
  } else if (std::isinf(v)) {
    out += v < 0 ? "\"-Infinity\"" : "\"Infinity\"";
  } else {
    sdk::append_number(out, v);
  }
}

void append_labels(std::string& out, const nx_series_table& table, std::uint32_t series) {
  for (std::uint32_t p = table.label_off[series]; p < table.label_off[series + 1]; ++p) {
    if (p != table.label_off[series]) out += ',';
    append_json_string(out, view(table.symbols[table.label_ref[2 * p]]));
    out += ':';
    append_json_string(out, view(table.symbols[table.label_ref[2 * p + 1]]));
  }
}

// One answer under way. Used by one thread at a time.
class SampleExport {
 public:
  SampleExport(store::Querier querier, std::vector<Selector> selectors, std::int64_t start_ms,
               std::int64_t end_ms, std::shared_ptr<runtime::Cancellation> cancellation)
      : querier_(std::move(querier)),
        selectors_(std::move(selectors)),
        start_ms_(start_ms),
        end_ms_(end_ms),
        cancellation_(std::move(cancellation)),
        hook_(cancellation_->on_cancel([this] { querier_.cancel(); })) {}

  // Appends the lines of the next block. False: that was the last one. Throws sdk::Error, which
  // breaks the connection off: half an export must not look like a whole one.
  bool produce(std::string& out) {
    if (!cursor_ && !open()) return false;
    if (!cursor_->next()) {
      if (!cursor_->status().ok()) throw sdk::Error(cursor_->status());
      cursor_.reset();
      ++selector_;
      return selector_ < selectors_.size();
    }
    const nx_block& block = cursor_->block();
    for (std::uint32_t s = 0; s < block.series_count; ++s) append_series(out, block, s);
    return true;
  }

 private:
  bool open() {
    if (selector_ >= selectors_.size()) return false;
    nx_scan_opts opts{};
    opts.mint = start_ms_;
    opts.maxt = end_ms_;
    opts.block_samples = kBlockSamples;
    opts.min_series = 1;
    Result<store::Cursor> cursor = querier_.select(selectors_[selector_], opts);
    if (!cursor.ok()) throw sdk::Error(cursor.status());
    cursor_.emplace(*std::move(cursor));
    return true;
  }

  void append_series(std::string& out, const nx_block& block, std::uint32_t s) {
    const std::size_t begin = out.size();
    out += "{\"metric\":{";
    append_labels(out, *block.labels, s);
    if (is_repeated(std::string_view(out).substr(begin))) return out.resize(begin);
    out += "},\"values\":[";
    rows_.clear();
    for (std::uint32_t k = block.row0[s]; k < block.row1[s]; ++k) {
      const std::uint64_t at = block.off[s] + k;
      const bool histogram = block.h != nullptr && block.h[at] != NX_NONE;
      if (histogram || is_stale(block.v[at])) continue;
      if (!rows_.empty()) out += ',';
      append_value(out, block.v[at]);
      rows_.push_back((block.flags & NX_BLOCK_SHARED_T) != 0 ? k : at);
    }
    if (rows_.empty()) return out.resize(begin);
    out += "],\"timestamps\":[";
    for (const std::uint64_t& row : rows_) {
      if (&row != rows_.data()) out += ',';
      out += std::to_string(block.t[row]);
    }
    out += "]}\n";
  }

  // A series that an earlier selector had, too.
  bool is_repeated(std::string_view labels) {
    if (selectors_.size() == 1) return false;
    const std::uint64_t hash = sdk::SeriesKeyBuilder().add(labels).key().low;
    const auto [at, is_new] = first_selector_.try_emplace(hash, selector_);
    return at->second != selector_;
  }

  store::Querier querier_;
  const std::vector<Selector> selectors_;
  const std::int64_t start_ms_, end_ms_;
  const std::shared_ptr<runtime::Cancellation> cancellation_;
  const runtime::Cancellation::Hook hook_;
  std::size_t selector_ = 0;
  std::optional<store::Cursor> cursor_;
  std::vector<std::uint64_t> rows_;  // of the series that is being written
  std::unordered_map<std::uint64_t, std::size_t> first_selector_;  // of a series, by its labels
};

net::Response export_samples(store::Store& store, const net::Request& request) {
  const std::vector<std::string> texts = request.values("match[]");
  if (texts.empty()) return error(ErrorType::kBadData, "no match[] parameter provided");
  const Result<std::int64_t> start = time_param(request, "start", kMinTimeMs);
  if (!start.ok()) return invalid_parameter("start", start.status().message());
  const Result<std::int64_t> end = time_param(request, "end", kMaxTimeMs);
  if (!end.ok()) return invalid_parameter("end", end.status().message());
  Result<std::vector<Selector>> selectors = parse_selectors(texts, false);
  if (!selectors.ok()) return invalid_parameter("match[]", selectors.status().message());
  Result<store::Querier> querier = store.open(*start, *end);
  if (!querier.ok()) return error(querier.status());
  net::Response response;
  response.headers.emplace_back("Content-Type", "application/stream+json; charset=utf-8");
  response.produce = [made = std::make_shared<SampleExport>(
                          *std::move(querier), *std::move(selectors), *start, *end,
                          request.cancellation)](std::string& out) { return made->produce(out); };
  return response;
}

}  // namespace

Status mount_export(const Services& s) {
  return add_route(s, "/api/v1/export",
                   {.methods = {"GET", "POST"}, .lane = net::Lane::kQuery, .stored = true},
                   [&store = s.store](const net::Request& r) { return export_samples(store, r); });
}

}  // namespace narthex::api
