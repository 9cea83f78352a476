// SPDX-License-Identifier: Apache-2.0
#include "blocks/wal_records.hpp"

#include "blocks/bytes.hpp"

namespace narthex::blocks {

namespace {

std::int64_t wrapped_sum(std::int64_t base, std::int64_t delta) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(base) +
                                   static_cast<std::uint64_t>(delta));
}

// Rows of a record are told as differences to what stands at its head.
struct Base {
  std::uint64_t ref;
  std::int64_t t;
  explicit Base(ByteReader& in) : ref(in.be64()), t(static_cast<std::int64_t>(in.be64())) {}
  std::uint64_t next_ref(ByteReader& in) const {
    return ref + static_cast<std::uint64_t>(in.varint());
  }
  std::int64_t next_t(ByteReader& in) const { return wrapped_sum(t, in.varint()); }
};

void read_label_list(ByteReader& in, std::vector<nx_label>& out) {
  out.clear();
  const std::uint64_t count = in.count(in.uvarint(), 2);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view name = in.text();
    const std::string_view value = in.text();
    out.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
  }
}

void read_series(ByteReader& in, RecordVisitor& visitor) {
  std::vector<nx_label> labels;
  while (!in.empty()) {
    const std::uint64_t ref = in.be64();
    read_label_list(in, labels);
    if (!in.failed()) visitor.series(ref, labels);
  }
}

void read_samples(ByteReader& in, RecordVisitor& visitor) {
  const Base base(in);
  while (!in.empty()) {
    const std::uint64_t ref = base.next_ref(in);
    const std::int64_t t = base.next_t(in);
    const double value = in.float64();
    if (!in.failed()) visitor.sample(ref, t, value);
  }
}

void read_tombstones(ByteReader& in, RecordVisitor& visitor) {
  while (!in.empty()) {
    const std::uint64_t ref = in.be64();
    const std::int64_t min_t = in.varint();
    const std::int64_t max_t = in.varint();
    if (!in.failed()) visitor.tombstone(ref, min_t, max_t);
  }
}

void read_exemplars(ByteReader& in, RecordVisitor& visitor) {
  const Base base(in);
  std::vector<nx_label> labels;
  while (!in.empty()) {
    const std::uint64_t ref = base.next_ref(in);
    nx_exemplar exemplar{};
    exemplar.t = base.next_t(in);
    exemplar.v = in.float64();
    read_label_list(in, labels);
    exemplar.labels = labels.data();
    exemplar.label_count = static_cast<std::uint32_t>(labels.size());
    exemplar.flags = NX_EXEMPLAR_HAS_T;
    if (!in.failed()) visitor.exemplar(ref, exemplar);
  }
}

void read_metadata(ByteReader& in, RecordVisitor& visitor) {
  while (!in.empty()) {
    const std::uint64_t ref = in.uvarint();
    const std::uint32_t type = in.byte();
    const std::uint64_t fields = in.count(in.uvarint(), 2);
    std::string_view unit, help;
    for (std::uint64_t i = 0; i < fields; ++i) {
      const std::string_view name = in.text();
      const std::string_view value = in.text();
      if (name == "UNIT") unit = value;
      if (name == "HELP") help = value;
    }
    if (in.failed()) return;
    visitor.metadata(ref, type > NX_TYPE_STATESET ? 0 : type, unit, help);
  }
}

// The arrays of the histogram that is being read.
struct HistogramArrays {
  std::vector<nx_span> positive_spans, negative_spans;
  std::vector<std::int64_t> positive_deltas, negative_deltas;
  std::vector<double> positive_counts, negative_counts, bounds;
};

void read_span_list(ByteReader& in, std::vector<nx_span>& out) {
  out.clear();
  const std::uint64_t count = in.count(in.uvarint(), 2);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::int64_t offset = in.varint();
    const std::uint64_t length = in.uvarint();
    out.push_back({static_cast<std::int32_t>(offset), static_cast<std::uint32_t>(length)});
  }
}

void read_delta_list(ByteReader& in, std::vector<std::int64_t>& out) {
  out.clear();
  const std::uint64_t count = in.count(in.uvarint(), 1);
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(in.varint());
}

void read_float_list(ByteReader& in, std::vector<double>& out) {
  out.clear();
  const std::uint64_t count = in.count(in.uvarint(), 8);
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(in.float64());
}

// The spans name as many buckets as there are: others could not be walked.
bool spans_agree(const std::vector<nx_span>& spans, std::size_t buckets) {
  std::uint64_t sum = 0;
  for (const nx_span& span : spans) sum += span.length;
  return sum == buckets;
}

bool read_histogram(ByteReader& in, bool is_float, HistogramArrays& arrays, nx_histogram& h) {
  h = nx_histogram{};
  h.is_float = is_float ? 1 : 0;
  h.reset_hint = in.byte() & 3;
  h.schema = static_cast<std::int32_t>(in.varint());
  h.zero_threshold = in.float64();
  if (is_float) {
    h.zero_count.f = in.float64();
    h.count.f = in.float64();
  } else {
    h.zero_count.u = in.uvarint();
    h.count.u = in.uvarint();
  }
  h.sum = in.float64();
  read_span_list(in, arrays.positive_spans);
  read_span_list(in, arrays.negative_spans);
  std::size_t positive = 0, negative = 0;
  if (is_float) {
    read_float_list(in, arrays.positive_counts);
    read_float_list(in, arrays.negative_counts);
    positive = arrays.positive_counts.size();
    negative = arrays.negative_counts.size();
    h.pos.counts = arrays.positive_counts.data();
    h.neg.counts = arrays.negative_counts.data();
  } else {
    read_delta_list(in, arrays.positive_deltas);
    read_delta_list(in, arrays.negative_deltas);
    positive = arrays.positive_deltas.size();
    negative = arrays.negative_deltas.size();
    h.pos.deltas = arrays.positive_deltas.data();
    h.neg.deltas = arrays.negative_deltas.data();
  }
  arrays.bounds.clear();
  if (h.schema == NX_SCHEMA_CUSTOM) read_float_list(in, arrays.bounds);
  h.pos_spans = arrays.positive_spans.data();
  h.neg_spans = arrays.negative_spans.data();
  h.pos_span_count = static_cast<std::uint32_t>(arrays.positive_spans.size());
  h.neg_span_count = static_cast<std::uint32_t>(arrays.negative_spans.size());
  h.pos_bucket_count = static_cast<std::uint32_t>(positive);
  h.neg_bucket_count = static_cast<std::uint32_t>(negative);
  h.custom_values = arrays.bounds.data();
  h.custom_value_count = static_cast<std::uint32_t>(arrays.bounds.size());
  return !in.failed() && spans_agree(arrays.positive_spans, positive) &&
         spans_agree(arrays.negative_spans, negative);
}

bool read_histograms(ByteReader& in, bool is_float, RecordVisitor& visitor) {
  const Base base(in);
  HistogramArrays arrays;
  nx_histogram histogram{};
  while (!in.empty()) {
    const std::uint64_t ref = base.next_ref(in);
    const std::int64_t t = base.next_t(in);
    if (!read_histogram(in, is_float, arrays, histogram)) return false;
    visitor.histogram(ref, t, histogram);
  }
  return true;
}

}  // namespace

Status visit_record(std::string_view record, std::uint32_t wanted, RecordVisitor& visitor) {
  ByteReader in(record);
  const std::uint8_t kind = in.byte();
  if (kind == 0 || kind > static_cast<std::uint8_t>(RecordKind::kCustomFloatHistograms)) {
    return {NX_ERR_UNSUPPORTED, "a record of unknown kind " + std::to_string(kind)};
  }
  if ((wanted >> kind & 1) == 0) return Status();
  bool good = true;
  switch (static_cast<RecordKind>(kind)) {
    case RecordKind::kSeries:
      read_series(in, visitor);
      break;
    case RecordKind::kSamples:
      read_samples(in, visitor);
      break;
    case RecordKind::kTombstones:
      read_tombstones(in, visitor);
      break;
    case RecordKind::kExemplars:
      read_exemplars(in, visitor);
      break;
    case RecordKind::kMetadata:
      read_metadata(in, visitor);
      break;
    case RecordKind::kHistograms:
    case RecordKind::kCustomHistograms:
      good = read_histograms(in, false, visitor);
      break;
    case RecordKind::kFloatHistograms:
    case RecordKind::kCustomFloatHistograms:
      good = read_histograms(in, true, visitor);
      break;
    case RecordKind::kMmapMarkers:
      break;
  }
  if (good && !in.failed()) return Status();
  return invalid_data("a record of kind " + std::to_string(kind) + " makes no sense");
}

}  // namespace narthex::blocks
