// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/event_records.hpp"

#include "storage/bytes/bytes.hpp"
#include "storage/wal/slot_set.hpp"

#include <limits>

namespace narthex::storage::wal {
namespace {

constexpr std::uint64_t kRefMax = std::numeric_limits<std::uint32_t>::max();

void put_spans(Bytes& out, const nx_span* spans, std::uint32_t count) {
  put_varint(out, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    put_varint(out, zigzag(static_cast<std::uint64_t>(std::int64_t{spans[i].offset})));
    put_varint(out, spans[i].length);
  }
}

void put_buckets(Bytes& out, bool is_float, const nx_buckets& buckets, std::uint32_t count) {
  put_varint(out, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (is_float) {
      put_double(out, buckets.counts[i]);
    } else {
      put_varint(out, zigzag(static_cast<std::uint64_t>(buckets.deltas[i])));
    }
  }
}

void put_count(Bytes& out, bool is_float, nx_count count) {
  if (is_float) {
    put_double(out, count.f);
  } else {
    put_varint(out, count.u);
  }
}

bool get_ref_and_time(ByteReader& in, RefAndTime& before) {
  before.ref = in.difference(before.ref + 1);
  before.t = in.difference(before.t);
  return in.ok() && before.ref <= kRefMax;
}

// A decoded histogram and what it points to; its memory is used again.
class HistogramReader {
 public:
  bool read(ByteReader& in) {
    histogram_ = {};
    histogram_.is_float = static_cast<std::uint8_t>(in.varint_to(1));
    histogram_.reset_hint = in.byte();
    const auto schema = static_cast<std::int64_t>(in.difference(0));
    if (schema < INT32_MIN || schema > INT32_MAX) return false;
    histogram_.schema = static_cast<std::int32_t>(schema);
    const bool is_float = histogram_.is_float != 0;
    histogram_.zero_threshold = in.real();
    histogram_.zero_count = count(in, is_float);
    histogram_.count = count(in, is_float);
    histogram_.sum = in.real();
    return read_spans(in, pos_spans_, histogram_.pos_span_count) &&
           read_spans(in, neg_spans_, histogram_.neg_span_count) &&
           read_buckets(in, pos_, histogram_.pos_bucket_count) &&
           read_buckets(in, neg_, histogram_.neg_bucket_count) && read_bounds(in);
  }

  const nx_histogram& get() {
    histogram_.pos_spans = pos_spans_.data();
    histogram_.neg_spans = neg_spans_.data();
    histogram_.custom_values = bounds_.data();
    if (histogram_.is_float != 0) {
      histogram_.pos.counts = pos_.counts.data();
      histogram_.neg.counts = neg_.counts.data();
    } else {
      histogram_.pos.deltas = pos_.deltas.data();
      histogram_.neg.deltas = neg_.deltas.data();
    }
    return histogram_;
  }

 private:
  struct Buckets {
    std::vector<std::int64_t> deltas;
    std::vector<double> counts;
  };

  static nx_count count(ByteReader& in, bool is_float) {
    return is_float ? nx_count{.f = in.real()} : nx_count{.u = in.varint()};
  }

  static bool read_spans(ByteReader& in, std::vector<nx_span>& spans, std::uint32_t& count) {
    count = static_cast<std::uint32_t>(in.varint_to(in.left() / 2));
    spans.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto offset = static_cast<std::int64_t>(in.difference(0));
      const std::uint64_t length = in.varint_to(kRefMax);
      if (!in.ok() || offset < INT32_MIN || offset > INT32_MAX) return false;
      spans.push_back({static_cast<std::int32_t>(offset), static_cast<std::uint32_t>(length)});
    }
    return in.ok();
  }

  bool read_buckets(ByteReader& in, Buckets& buckets, std::uint32_t& count) const {
    count = static_cast<std::uint32_t>(in.varint_to(in.left()));
    buckets.deltas.clear();
    buckets.counts.clear();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
      if (histogram_.is_float != 0) {
        buckets.counts.push_back(in.real());
      } else {
        buckets.deltas.push_back(static_cast<std::int64_t>(in.difference(0)));
      }
    }
    return in.ok();
  }

  bool read_bounds(ByteReader& in) {
    histogram_.custom_value_count = static_cast<std::uint32_t>(in.varint_to(in.left()));
    bounds_.clear();
    for (std::uint32_t i = 0; i < histogram_.custom_value_count && in.ok(); ++i) {
      bounds_.push_back(in.real());
    }
    return in.ok();
  }

  nx_histogram histogram_{};
  std::vector<nx_span> pos_spans_;
  std::vector<nx_span> neg_spans_;
  Buckets pos_;
  Buckets neg_;
  std::vector<double> bounds_;
};

// Runs `item(cursor, tell)` over the payload twice: to see that all of it is sound, and to tell.
template <class Item>
bool read_twice(ByteView payload, const Item& item) {
  for (const bool tell : {false, true}) {
    ByteReader in(payload);
    RefAndTime before;
    while (in.left() != 0) {
      if (!item(in, before, tell)) return false;
    }
    if (!in.ok()) return false;
  }
  return true;
}

}  // namespace

void EventEncoder::put_ref_and_time(std::uint32_t ref, std::int64_t t) {
  put_difference(body_, ref, before_.ref + 1);
  put_difference(body_, static_cast<std::uint64_t>(t), before_.t);
  before_.ref = ref;
  before_.t = static_cast<std::uint64_t>(t);
}

void EventEncoder::finish(Bytes& out) {
  out.insert(out.end(), body_.begin(), body_.end());
  body_.clear();
  before_ = {};
}

void HistogramsEncoder::add(std::uint32_t ref, std::int64_t t, const nx_histogram& histogram) {
  const bool is_float = histogram.is_float != 0;
  put_ref_and_time(ref, t);
  body_.push_back(is_float ? 1 : 0);
  body_.push_back(histogram.reset_hint);
  put_varint(body_, zigzag(static_cast<std::uint64_t>(std::int64_t{histogram.schema})));
  put_double(body_, histogram.zero_threshold);
  put_count(body_, is_float, histogram.zero_count);
  put_count(body_, is_float, histogram.count);
  put_double(body_, histogram.sum);
  put_spans(body_, histogram.pos_spans, histogram.pos_span_count);
  put_spans(body_, histogram.neg_spans, histogram.neg_span_count);
  put_buckets(body_, is_float, histogram.pos, histogram.pos_bucket_count);
  put_buckets(body_, is_float, histogram.neg, histogram.neg_bucket_count);
  put_varint(body_, histogram.custom_value_count);
  for (std::uint32_t i = 0; i < histogram.custom_value_count; ++i) {
    put_double(body_, histogram.custom_values[i]);
  }
}

void StartsEncoder::add(std::uint32_t ref, std::int64_t t, std::int64_t start_t) {
  put_ref_and_time(ref, t);
  put_difference(body_, static_cast<std::uint64_t>(start_t), before_.start);
  before_.start = static_cast<std::uint64_t>(start_t);
}

void ExemplarsEncoder::add(const LoggedExemplar& exemplar) {
  put_ref_and_time(exemplar.ref, exemplar.t);
  put_varint(body_, std::uint64_t{exemplar.labels.size()} << 1 | (exemplar.has_t ? 1 : 0));
  put_double(body_, std::bit_cast<double>(exemplar.bits));
  for (const LabelView& label : exemplar.labels) {
    put_text(body_, label.name);
    put_text(body_, label.value);
  }
}

void MetadataEncoder::add(const LoggedMetadata& metadata) {
  put_text(body_, metadata.family);
  put_varint(body_, metadata.type);
  put_text(body_, metadata.unit);
  put_text(body_, metadata.help);
}

void encode_delete(std::span<const std::uint32_t> refs, std::int64_t mint, std::int64_t maxt,
                   Bytes& out) {
  put_difference(out, static_cast<std::uint64_t>(mint), 0);
  put_difference(out, static_cast<std::uint64_t>(maxt), static_cast<std::uint64_t>(mint));
  put_varint(out, refs.size());
  put_refs(out, refs);
}

bool read_histograms(
    ByteView payload,
    const std::function<void(std::uint32_t, std::int64_t, const nx_histogram&)>& take) {
  HistogramReader histogram;
  return read_twice(payload, [&](ByteReader& in, RefAndTime& before, bool tell) {
    if (!get_ref_and_time(in, before) || !histogram.read(in)) return false;
    if (tell) {
      take(static_cast<std::uint32_t>(before.ref), static_cast<std::int64_t>(before.t),
           histogram.get());
    }
    return true;
  });
}

bool read_starts(ByteView payload,
                 const std::function<void(std::uint32_t, std::int64_t, std::int64_t)>& take) {
  return read_twice(payload, [&](ByteReader& in, RefAndTime& before, bool tell) {
    if (!get_ref_and_time(in, before)) return false;
    before.start = in.difference(before.start);
    if (!in.ok()) return false;
    if (tell) {
      take(static_cast<std::uint32_t>(before.ref), static_cast<std::int64_t>(before.t),
           static_cast<std::int64_t>(before.start));
    }
    return true;
  });
}

bool read_exemplars(ByteView payload, const std::function<void(const LoggedExemplar&)>& take) {
  std::vector<LabelView> labels;
  return read_twice(payload, [&](ByteReader& in, RefAndTime& before, bool tell) {
    if (!get_ref_and_time(in, before)) return false;
    LoggedExemplar exemplar;
    exemplar.ref = static_cast<std::uint32_t>(before.ref);
    exemplar.t = static_cast<std::int64_t>(before.t);
    const std::uint64_t counts = in.varint();
    exemplar.has_t = counts % 2 != 0;
    exemplar.bits = std::bit_cast<std::uint64_t>(in.real());
    if (counts >> 1 > in.left() / 2) return false;
    labels.clear();
    for (std::uint64_t left = counts >> 1; left > 0; --left) {
      const std::string_view name = in.text();
      labels.push_back({name, in.text()});
    }
    exemplar.labels = labels;
    if (tell && in.ok()) take(exemplar);
    return in.ok();
  });
}

bool read_metadata(ByteView payload, const std::function<void(const LoggedMetadata&)>& take) {
  return read_twice(payload, [&](ByteReader& in, RefAndTime&, bool tell) {
    LoggedMetadata metadata;
    metadata.family = in.text();
    metadata.type = static_cast<std::uint32_t>(in.varint_to(kRefMax));
    metadata.unit = in.text();
    metadata.help = in.text();
    if (tell && in.ok()) take(metadata);
    return in.ok();
  });
}

bool read_delete(ByteView payload, std::vector<std::uint32_t>& refs, std::int64_t& mint,
                 std::int64_t& maxt) {
  ByteReader in(payload);
  mint = static_cast<std::int64_t>(in.difference(0));
  maxt = static_cast<std::int64_t>(in.difference(static_cast<std::uint64_t>(mint)));
  const std::uint64_t count = in.varint_to(kRefsMax);
  return in.ok() && read_refs(in, static_cast<std::size_t>(count), refs) && in.done();
}

}  // namespace narthex::storage::wal
