// SPDX-License-Identifier: Apache-2.0
// native_histogram.hpp - histogram points as native histograms: exponential ones with their scale
// as schema, explicit ones with custom buckets. Pure.
#pragma once

#include "plugins/ingest/otlp/message.hpp"

#include <narthex/data.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <vector>

namespace narthex::ingest::otlp {

// An nx_histogram with what it points to.
struct NativeHistogram {
  nx_histogram head{};  // see view()
  std::vector<nx_span> positive_spans, negative_spans;
  std::vector<std::int64_t> positive_deltas, negative_deltas;
  std::vector<double> custom_values;

  // head with pointers into the rest, which must outlive it and not move.
  nx_histogram view() const;
};

// NX_ERR_INVALID_DATA: a scale below -4, which no schema has, or an offset beyond 2^30.
Status check_exponential(const DataPoint& point);
Result<NativeHistogram> from_exponential(const DataPoint& point, Temporality temporality);
NativeHistogram from_explicit(const DataPoint& point, Temporality temporality);

}  // namespace narthex::ingest::otlp
