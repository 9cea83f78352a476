// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/prometheus_protobuf/protobuf_parser.hpp"

#include <cmath>
#include <limits>
#include <string>

namespace narthex::prometheus_protobuf {
namespace {

// Room for the names of series beyond the body's own size: honest bodies need 20 times as much, for
// histograms.
constexpr std::size_t kNamesFactorMax = 64;
constexpr std::size_t kNamesAlways = 1 << 20;
constexpr std::size_t kBatchNamesMax = 4 << 20;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Status failure_at(std::string_view body, const char* at, std::string_view text) {
  return invalid_data("byte " + std::to_string(at - body.data()) + ": " + std::string(text));
}

// One pass over a body. Steps return false when it is over: status_ tells of a failure, otherwise
// the host wants no more.
class Pass {
 public:
  Pass(ProtobufParser::Scratch& scratch, const nx_parse_opts& options, sdk::ParsedSink& sink)
      : scratch_(scratch),
        rows_(scratch.rows),
        flags_(options.flags),
        names_max_(kNamesAlways + kNamesFactorMax * scratch.body.size()),
        sink_(sink) {}

  Status run() {
    const char* p = scratch_.body.data();
    const char* const end = p + scratch_.body.size();
    while (p != end) {
      std::uint64_t size = 0;
      const char* const message = sdk::protobuf::read_varint(p, end, size);
      if (message == nullptr) return failure_at(scratch_.body, p, "bad length of a metric family");
      const auto left = static_cast<std::uint64_t>(end - message);
      if (size > left) {
        return failure_at(scratch_.body, p,
                          "a metric family of " + std::to_string(size) +
                              " bytes, but the body has " + std::to_string(left) + " more only");
      }
      p = message + size;
      if (!family({message, static_cast<std::size_t>(size)})) return std::move(status_);
    }
    (void)flush();
    return {};
  }

 private:
  bool has(std::uint32_t flag) const { return (flags_ & flag) != 0; }
  bool fail(const char* at, std::string_view text) {
    status_ = failure_at(scratch_.body, at, text);
    return false;
  }
  // A place inside a message that was joined from pieces is not in the body: its metric is told.
  bool fail() {
    const char* const begin = scratch_.body.data();
    const bool inside = failure_.at >= begin && failure_.at <= begin + scratch_.body.size();
    return fail(inside ? failure_.at : metric_at_, failure_.text);
  }

  bool family(std::string_view message) {
    metric_at_ = message.data();
    FamilyMessage family;
    if (!read_family(message, family, failure_)) return fail();
    if (!family.has_metrics) return true;
    if (const std::string wrong = problem(family); !wrong.empty()) {
      return fail(message.data(), wrong);
    }
    type_ = static_cast<Type>(family.type);
    scratch_.pieces.clear();
    nx_metadata& metadata = rows_.family(family.name);
    metadata.type = metadata_type(type_);
    const SeriesKeys::Described described{metadata.type, family.unit};
    scratch_.keys.begin_family(
        family.name, has(NX_PARSE_TYPE_UNIT_LABELS) ? described : SeriesKeys::Described());
    metadata.help = to_nx(family.help);
    metadata.unit = to_nx(family.unit);
    FieldReader fields(message, failure_);
    for (Field f; fields.next(f);) {
      if (f.number == 4 && !metric(f)) return false;
    }
    return failure_.ok() || fail();
  }

  bool metric(const Field& field) {
    metric_at_ = field.at;
    MetricMessage metric;
    if (!read_metric(field.bytes, type_, metric, scratch_.pieces, failure_)) return fail();
    scratch_.keys.begin_metric(metric.labels);
    t_ms_ = has(NX_PARSE_HONOR_T) ? metric.timestamp_ms : 0;
    switch (type_) {
      case Type::kCounter:
      case Type::kGauge:
      case Type::kUntyped:
        return number(metric.value);
      case Type::kSummary:
        return summary(metric.value);
      case Type::kHistogram:
      case Type::kGaugeHistogram:
        return histogram(metric.value);
    }
    return true;
  }

  bool number(std::string_view message) {
    NumberMessage number;
    if (!read_number(message, number, failure_)) return fail();
    const bool counter = type_ == Type::kCounter;
    start_ms_ = counter && has(NX_PARSE_START_T) ? number.start_ms : 0;
    if (!row(Part::kWhole, 0, number.value)) return false;
    return !counter || number.exemplar.data() == nullptr || exemplar(number.exemplar, false);
  }

  bool summary(std::string_view message) {
    SummaryMessage& summary = scratch_.summary;
    if (!read_summary(message, summary, failure_)) return fail();
    start_ms_ = has(NX_PARSE_START_T) ? summary.start_ms : 0;
    if (!row(Part::kCount, 0, static_cast<double>(summary.count))) return false;
    if (!row(Part::kSum, 0, summary.sum)) return false;
    for (const Quantile& each : summary.quantiles) {
      if (!row(Part::kQuantile, each.quantile, each.value)) return false;
    }
    return true;
  }

  bool histogram(std::string_view message) {
    HistogramMessage& histogram = scratch_.histogram;
    if (!read_histogram(message, histogram, failure_)) return fail();
    start_ms_ = has(NX_PARSE_START_T) ? histogram.start_ms : 0;
    if (histogram.is_native() && !has(NX_PARSE_NO_NATIVE)) {
      if (!native(histogram)) return false;
      return histogram.buckets.empty() || !has(NX_PARSE_KEEP_CLASSIC) || classic(histogram, true);
    }
    if (type_ != Type::kHistogram || !has(NX_PARSE_NHCB)) return classic(histogram, true);
    return (!has(NX_PARSE_KEEP_CLASSIC) || classic(histogram, false)) && custom(histogram);
  }

  bool native(const HistogramMessage& histogram) {
    if (!row(Part::kWhole, 0, 0)) return false;
    nx_histogram out;
    std::string_view problem;
    if (!scratch_.native.build(histogram, type_ == Type::kGaugeHistogram, scratch_.arrays, out,
                               problem)) {
      return fail(metric_at_, problem);
    }
    rows_.set_histogram(out);
    for (const std::string_view each : histogram.exemplars) {
      if (!exemplar(each, true)) return false;
    }
    return !histogram.exemplars.empty() || bucket_exemplars(histogram);
  }

  bool bucket_exemplars(const HistogramMessage& histogram) {
    for (const ClassicBucket& bucket : histogram.buckets) {
      if (bucket.exemplar.data() != nullptr && !exemplar(bucket.exemplar, true)) return false;
    }
    return true;
  }

  bool classic(const HistogramMessage& histogram, bool exemplars) {
    if (!row(Part::kCount, 0, histogram.total()) || !row(Part::kSum, 0, histogram.sum))
      return false;
    for (const ClassicBucket& bucket : histogram.buckets) {
      if (!row(Part::kBucket, bucket.bound, bucket.count)) return false;
      if (exemplars && bucket.exemplar.data() != nullptr && !exemplar(bucket.exemplar, false)) {
        return false;
      }
      if (bucket.bound == kInfinity) return true;  // whatever follows is not looked at
    }
    return row(Part::kBucket, kInfinity, histogram.total());
  }

  // The classic histogram as a native one with custom buckets. One whose numbers contradict each
  // other is left out, as Prometheus does.
  bool custom(const HistogramMessage& histogram) {
    sdk::ClassicHistogram& classic = scratch_.classic;
    classic.clear();
    classic.set_count(histogram.total());
    classic.set_sum(histogram.sum);
    for (const ClassicBucket& bucket : histogram.buckets) {
      if (!std::isnan(bucket.bound)) {
        classic.add_bucket(bucket.bound, bucket.count);
      } else if (!has(NX_PARSE_KEEP_CLASSIC) && !row(Part::kBucket, bucket.bound, bucket.count)) {
        return false;
      }
      if (bucket.bound == kInfinity) break;
    }
    if (!make_room()) return false;
    const auto converted = classic.convert(scratch_.arrays);
    if (!converted) return true;
    if (!row(Part::kWhole, 0, 0)) return false;
    rows_.set_histogram(*converted);
    return bucket_exemplars(histogram);
  }

  // After that, a row may be added without a flush.
  bool make_room() { return (!rows_.full() && scratch_.keys.bytes() < kBatchNamesMax) || flush(); }

  bool row(Part part, double bound, double value) {
    if (!make_room()) return false;
    if (scratch_.keys.total_bytes() > names_max_) {
      return fail(metric_at_, "the names of the series are far longer than the body");
    }
    rows_.add(scratch_.keys.make(part, bound, metric_at_), value);
    if (t_ms_ != 0) rows_.set_time(t_ms_);
    if (start_ms_ != 0) rows_.set_start(start_ms_);
    return true;
  }

  // Of the newest row. Native histograms take those with a time only.
  bool exemplar(std::string_view message, bool timed_only) {
    ExemplarMessage exemplar;
    if (!read_exemplar(message, exemplar, scratch_.arrays, failure_)) return fail();
    if (timed_only && !exemplar.has_t) return true;
    auto& labels = scratch_.exemplar_labels;
    const std::size_t first = labels.size();
    const Status status = read_labels(exemplar.labels, labels);
    if (!status.ok()) return fail(message.data(), "exemplar: " + status.message());
    nx_exemplar out{};
    out.v = exemplar.value;
    out.t = exemplar.t_ms;
    out.flags = exemplar.has_t ? NX_EXEMPLAR_HAS_T : 0;
    out.label_count = static_cast<std::uint32_t>(labels.size() - first);
    rows_.add_exemplar(out);
    return true;
  }

  bool flush() {
    rows_.place_exemplars(scratch_.exemplar_labels.data());
    const bool more = rows_.flush(sink_);
    scratch_.exemplar_labels.clear();
    scratch_.keys.clear();
    scratch_.arrays.clear();
    scratch_.texts.clear();
    return more;
  }

  ProtobufParser::Scratch& scratch_;
  sdk::ParsedRows& rows_;
  const std::uint32_t flags_;
  const std::size_t names_max_;
  sdk::ParsedSink& sink_;
  Failure failure_;
  Status status_;
  Type type_ = Type::kUntyped;  // of the family
  const char* metric_at_ = nullptr;
  std::int64_t t_ms_ = 0;      // of the metric; 0: it has none
  std::int64_t start_ms_ = 0;  // of the metric; 0: unknown, or not asked for
};

}  // namespace

Status ProtobufParser::parse(Scratch& scratch, nx_buffer& body, const nx_parse_opts& options,
                             sdk::ParsedSink& sink) {
  scratch.body = view(body);
  scratch.rows.begin(options);
  scratch.keys.begin_body();
  scratch.arrays.clear();
  scratch.exemplar_labels.clear();
  scratch.texts.clear();
  return Pass(scratch, options, sink).run();
}

Status ProtobufParser::labels(Scratch& scratch, std::span<const nx_str> keys,
                              sdk::SeriesTable& out) {
  for (const nx_str& key : keys) {
    const auto fail = [&](const std::string& text) {
      return failure_at(scratch.body, SeriesKeys::place_of(view(key)), text);
    };
    const Status status = read_key(view(key), scratch.texts, out);
    if (!status.ok()) return fail(status.message());
    const std::string_view twice = out.end_series();
    if (twice.empty()) continue;
    return fail("label name " + sdk::quote_excerpt(twice) + " is not unique: invalid sample");
  }
  return {};
}

}  // namespace narthex::prometheus_protobuf
