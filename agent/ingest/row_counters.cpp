// SPDX-License-Identifier: Apache-2.0
#include "ingest/row_counters.hpp"

#include <string_view>

namespace narthex::ingest {
namespace {

// Names of NX_ROW_* codes, as a label.
constexpr std::string_view kReasons[NX_ROW_CODE_COUNT] = {
    "ok",           "out_of_order", "out_of_bounds",    "too_old",
    "duplicate",    "unknown_ref",  "bad_labels",       "bad_histogram",
    "series_limit", "unsupported",  "exemplar_refused", "failed"};

}  // namespace

RowCounters::RowCounters(telemetry::Registry& registry, const std::string& receiver)
    : registry_(registry),
      receiver_(receiver),
      samples_(registry.counter("narthex_ingest_samples_total",
                                "Samples that a receiver stored, histograms included.",
                                Labels{{"receiver", receiver}})) {}

void RowCounters::count(const nx_append_result& result) {
  samples_.add(static_cast<double>(result.accepted));
  if (result.refused == 0) return;
  for (int code = 1; code < NX_ROW_CODE_COUNT; ++code) {
    if (result.by_code[code] == 0) continue;
    registry_
        .counter("narthex_ingest_refused_samples_total",
                 "Samples that a receiver was refused by the storage, by reason.",
                 Labels{{"reason", std::string(kReasons[code])}, {"receiver", receiver_}})
        .add(static_cast<double>(result.by_code[code]));
  }
}

}  // namespace narthex::ingest
