// SPDX-License-Identifier: Apache-2.0
// protobuf_reference.hpp - the protobuf format read slowly and plainly: every message becomes a
// list of fields first. The twin that the fast parser is compared with.
#pragma once

#include "tests/support/parse_body.hpp"

#include <narthex/sdk/exposition.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace narthex::test {

// What a refused body throws; tests only.
struct Refused {};

class Fields {
 public:
  explicit Fields(std::string bytes) : b_(std::move(bytes)) {
    while (i_ < b_.size()) one(0);
  }
  bool has(int number) const { return find(number) != nullptr; }
  // The last one counts.
  std::uint64_t varint(int number) const { return scalar(number, 0); }
  double number(int number) const {
    const std::uint64_t bits = scalar(number, 1);
    double out = 0;
    std::memcpy(&out, &bits, sizeof out);
    return out;
  }
  std::int64_t zigzag(int number) const { return unfold(varint(number)); }
  std::string text(int number) const {
    std::string out;
    for (const auto& part : parts(number)) out = part;
    return out;
  }
  // A message that comes in pieces is their sum.
  std::string merged(int number) const {
    std::string out;
    for (const auto& part : parts(number)) out += part;
    return out;
  }
  std::vector<std::string> parts(int number) const {
    std::vector<std::string> out;
    for (const Entry& e : entries_) {
      if (e.number != number) continue;
      if (e.wire != 2) throw Refused();
      out.push_back(e.bytes);
    }
    return out;
  }
  // Packed or not.
  std::vector<std::int64_t> deltas(int number) const {
    std::vector<std::int64_t> out;
    for (const Entry& e : entries_) {
      if (e.number != number) continue;
      if (e.wire == 0) {
        out.push_back(unfold(e.value));
      } else if (e.wire == 2) {
        Fields packed;
        packed.b_ = e.bytes;
        while (packed.i_ < packed.b_.size()) out.push_back(unfold(packed.take_varint()));
      } else {
        throw Refused();
      }
    }
    return out;
  }
  std::vector<double> numbers(int number) const {
    std::vector<double> out;
    for (const Entry& e : entries_) {
      if (e.number != number) continue;
      std::string bytes = e.bytes;
      if (e.wire == 1) bytes.assign(reinterpret_cast<const char*>(&e.value), 8);
      if ((e.wire != 1 && e.wire != 2) || bytes.size() % 8 != 0) throw Refused();
      for (std::size_t i = 0; i < bytes.size(); i += 8) {
        std::memcpy(&out.emplace_back(), bytes.data() + i, 8);
      }
    }
    return out;
  }

 private:
  struct Entry {
    int number;
    int wire;
    std::uint64_t value;
    std::string bytes;
  };
  Fields() = default;

  static std::int64_t unfold(std::uint64_t v) {
    return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
  }
  const Entry* find(int number) const {
    const Entry* found = nullptr;
    for (const Entry& e : entries_) {
      if (e.number == number) found = &e;
    }
    return found;
  }
  std::uint64_t scalar(int number, int wire) const {
    std::uint64_t out = 0;
    for (const Entry& e : entries_) {
      if (e.number != number) continue;
      if (e.wire != wire) throw Refused();
      out = e.value;
    }
    return out;
  }
  std::uint64_t take_varint() {
    std::uint64_t out = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (i_ == b_.size()) throw Refused();
      const auto byte = static_cast<unsigned char>(b_[i_++]);
      if (shift == 63 && byte > 1) throw Refused();
      out |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return out;
    }
    throw Refused();
  }
  std::string take(std::uint64_t size) {
    if (size > b_.size() - i_) throw Refused();
    std::string out = b_.substr(i_, size);
    i_ += size;
    return out;
  }
  void one(int depth) {
    const std::uint64_t tag = take_varint();
    if (depth == 0 && (tag > UINT32_MAX || tag >> 3 == 0)) throw Refused();
    Entry e{static_cast<int>(tag >> 3), static_cast<int>(tag & 7), 0, {}};
    if (e.wire == 0) {
      e.value = take_varint();
    } else if (e.wire == 1 || e.wire == 5) {
      const std::string bytes = take(e.wire == 1 ? 8 : 4);
      std::memcpy(&e.value, bytes.data(), bytes.size());
    } else if (e.wire == 2) {
      e.bytes = take(take_varint());
    } else if (e.wire == 3) {
      ++open_;
      while (depth == 0 && open_ != 0) one(1);
      return;
    } else if (e.wire == 4 && depth != 0) {
      --open_;
      return;
    } else {
      throw Refused();
    }
    if (depth == 0) entries_.push_back(std::move(e));
  }

  std::string b_;
  std::size_t i_ = 0;
  std::uint64_t open_ = 0;
  std::vector<Entry> entries_;
};

// What a body gives, in order.
struct ReferenceMetrics {
  std::vector<ReferenceSample> samples;
  std::map<std::size_t, ParsedHistogram> histograms;
  std::map<std::size_t, std::int64_t> starts;
};

class ProtobufReference {
 public:
  explicit ProtobufReference(std::string body, std::uint32_t flags)
      : body_(std::move(body)), flags_(flags) {}

  std::optional<ReferenceMetrics> read() {
    try {
      std::size_t i = 0;
      while (i != body_.size()) {
        // A family after its length looks like a field of bytes without a tag.
        std::size_t end = i;
        std::uint64_t size = 0;
        for (int shift = 0;; shift += 7) {
          if (end == body_.size() || shift > 63) return std::nullopt;
          const auto byte = static_cast<unsigned char>(body_[end++]);
          if (shift == 63 && byte > 1) return std::nullopt;
          size |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
          if (byte < 0x80) break;
        }
        if (size > body_.size() - end) return std::nullopt;
        family(Fields(body_.substr(end, size)));
        i = end + size;
      }
    } catch (const Refused&) {
      return std::nullopt;
    }
    return out_;
  }

 private:
  void family(const Fields& f) {
    const auto metrics = f.parts(4);
    const std::string name = f.text(1), help = f.text(2), unit = f.text(5);
    const std::uint64_t type = f.varint(3);
    if (metrics.empty()) return;
    if (name.empty() || !sdk::is_utf8(name) || !sdk::is_utf8(help) || type > 5) throw Refused();
    std::string stem = name;
    if (type == 0 && stem.ends_with("_total")) stem.resize(stem.size() - 6);
    if (!unit.empty() && !stem.ends_with("_" + unit)) throw Refused();
    for (const std::string& metric : metrics)
      this->metric(name, static_cast<int>(type), Fields(metric));
  }

  void metric(const std::string& name, int type, const Fields& m) {
    labels_.clear();
    for (const std::string& label : m.parts(1)) {
      const Fields pair(label);
      labels_.emplace_back(pair.text(1), pair.text(2));
      if (!sdk::is_utf8(labels_.back().first + labels_.back().second)) throw Refused();
    }
    t_ = static_cast<std::int64_t>(m.varint(6));
    static constexpr int kValue[] = {3, 2, 4, 5, 7, 7};
    const Fields value(m.merged(kValue[type]));
    start_ = 0;
    if (type == 2) {
      start_ = start(value, 4);
      add(name + "_count", {}, static_cast<double>(value.varint(1)));
      add(name + "_sum", {}, value.number(2));
      for (const std::string& quantile : value.parts(3)) {
        const Fields q(quantile);
        add(name, {"quantile", sdk::format_label_number(q.number(1))}, q.number(2));
      }
    } else if (type >= 4) {
      start_ = start(value, 15);
      histogram(name, type == 5, value);
    } else {
      // Gauges and untyped have no such fields, but they are read all the same.
      const std::int64_t begun = start(value, 3);
      start_ = type == 0 ? begun : 0;
      const bool exemplar = !value.parts(2).empty() && type == 0;
      if (exemplar) this->exemplar(value.text(2));
      add(name, {}, value.number(1));
      out_.samples.back().has_exemplar = exemplar;
    }
  }
  std::int64_t start(const Fields& value, int field) const {
    std::int64_t out = 0;
    for (const std::string& time : value.parts(field)) out = milliseconds(time);
    return (flags_ & NX_PARSE_START_T) != 0 ? out : 0;
  }
  static std::int64_t milliseconds(const std::string& message) {
    const Fields time(message);
    const auto nanos = static_cast<std::int32_t>(time.varint(2));
    return static_cast<std::int64_t>(time.varint(1) * 1000 +
                                     static_cast<std::uint64_t>(nanos / 1'000'000));
  }
  // False: native histograms do not take it, since it has no time.
  static bool exemplar(const std::string& message, bool timed_only = false) {
    const Fields e(message);
    (void)e.number(2);
    (void)e.parts(1);
    for (const std::string& time : e.parts(3)) (void)milliseconds(time);
    if (timed_only && !e.has(3)) return false;
    for (const std::string& label : e.parts(1)) {
      const Fields pair(label);
      if (!sdk::is_utf8(pair.text(1) + pair.text(2))) throw Refused();
    }
    return true;
  }

  void add(const std::string& name, std::pair<std::string, std::string> extra, double value) {
    ReferenceSample s;
    s.labels = labels_;
    s.labels.emplace_back("__name__", name);
    if (!extra.first.empty()) s.labels.push_back(std::move(extra));
    std::stable_sort(s.labels.begin(), s.labels.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 1; i < s.labels.size(); ++i) {
      if (s.labels[i].first == s.labels[i - 1].first) throw Refused();
    }
    s.value_bits = std::bit_cast<std::uint64_t>(value);
    if (t_ != 0 && (flags_ & NX_PARSE_HONOR_T) != 0) s.t = t_;
    if (start_ != 0) out_.starts[out_.samples.size()] = start_;
    out_.samples.push_back(std::move(s));
  }

  struct Bucket {
    double bound, count;
    std::optional<std::string> exemplar;
  };

  void histogram(const std::string& name, bool gauge, const Fields& h) {
    std::vector<Bucket> buckets;
    for (const std::string& part : h.parts(3)) {
      const Fields b(part);
      const double count = b.number(4) != 0 ? b.number(4) : static_cast<double>(b.varint(1));
      Bucket bucket{b.number(2), count, {}};
      if (b.has(3)) bucket.exemplar = b.text(3);
      buckets.push_back(std::move(bucket));
    }
    const double total = h.number(4) != 0 ? h.number(4) : static_cast<double>(h.varint(1));
    const bool native =
        !h.parts(9).empty() || !h.parts(12).empty() || h.number(6) > 0 || h.varint(7) > 0;
    // Whatever it turns out to be, all of it must be readable.
    ParsedHistogram read;
    read.positive = side(h, 12, false);
    read.negative = side(h, 9, false);
    (void)h.parts(16);
    for (const int field : {2, 4, 6, 8}) (void)h.number(field);
    for (const int field : {1, 5, 7}) (void)h.varint(field);
    const bool keep = (flags_ & NX_PARSE_KEEP_CLASSIC) != 0;
    if (native && (flags_ & NX_PARSE_NO_NATIVE) == 0) {
      this->native(name, gauge, h, buckets);
      if (keep && !buckets.empty()) classic(name, h, buckets, total, true);
    } else if (gauge || (flags_ & NX_PARSE_NHCB) == 0) {
      classic(name, h, buckets, total, true);
    } else {
      if (keep) classic(name, h, buckets, total, false);
      custom(name, h, buckets, total, keep);
    }
  }

  void classic(const std::string& name, const Fields& h, const std::vector<Bucket>& buckets,
               double total, bool exemplars) {
    add(name + "_count", {}, total);
    add(name + "_sum", {}, h.number(2));
    for (const Bucket& b : buckets) {
      add(name + "_bucket", {"le", sdk::format_label_number(b.bound)}, b.count);
      if (exemplars && b.exemplar) {
        (void)exemplar(*b.exemplar);
        out_.samples.back().has_exemplar = true;
      }
      if (b.bound == std::numeric_limits<double>::infinity()) return;
    }
    add(name + "_bucket", {"le", "+Inf"}, total);
  }

  void bucket_exemplars(const std::vector<Bucket>& buckets) {
    for (const Bucket& b : buckets) {
      if (b.exemplar && exemplar(*b.exemplar, true)) out_.samples.back().has_exemplar = true;
    }
  }

  std::map<std::int64_t, double> side(const Fields& h, int first, bool is_float) {
    std::int64_t index = 0;
    std::vector<std::int64_t> indices;
    std::uint64_t length = 0;
    bool begun = false;
    problem_ = false;
    for (const std::string& part : h.parts(first)) {
      const Fields span(part);
      const auto offset = static_cast<std::int32_t>(span.zigzag(1));
      const auto size = static_cast<std::uint32_t>(span.varint(2));
      if (begun && offset < 0) problem_ = true;
      begun = true;
      index += offset;
      length += size;
      for (std::uint32_t i = 0; i < size && indices.size() < 100'000; ++i)
        indices.push_back(index++);
    }
    const std::vector<std::int64_t> deltas = h.deltas(first + 1);
    const std::vector<double> counts = h.numbers(first + 2);
    std::map<std::int64_t, double> out;
    if (length != (is_float ? counts.size() : deltas.size())) {
      problem_ = true;
      return out;
    }
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < length; ++i) {
      double value = 0;
      if (is_float) {
        value = counts[i];
      } else {
        count += static_cast<std::uint64_t>(deltas[i]);
        value = static_cast<double>(static_cast<std::int64_t>(count));
        sum_ += count;
      }
      if (value < 0) problem_ = true;
      if (value != 0 && (indices[i] > INT32_MAX || indices[i] < INT32_MIN)) problem_ = true;
      if (value != 0) out[indices[i]] = value;
    }
    return out;
  }

  void native(const std::string& name, bool gauge, const Fields& h,
              const std::vector<Bucket>& buckets) {
    ParsedHistogram out;
    out.schema = static_cast<std::int32_t>(h.zigzag(5));
    out.is_float = h.number(4) > 0 || h.number(8) > 0;
    out.reset_hint = gauge ? NX_RESET_GAUGE : NX_RESET_UNKNOWN;
    out.zero_threshold = h.number(6);
    out.sum = h.number(2);
    out.count = out.is_float ? h.number(4) : static_cast<double>(h.varint(1));
    out.zero_count = out.is_float ? h.number(8) : static_cast<double>(h.varint(7));
    if (out.schema != NX_SCHEMA_CUSTOM && (out.schema < -4 || out.schema > 8)) throw Refused();
    sum_ = h.varint(7);
    out.negative = side(h, 9, out.is_float);
    if (problem_) throw Refused();
    out.positive = side(h, 12, out.is_float);
    if (problem_) throw Refused();
    const std::uint64_t count = h.varint(1);
    if (!out.is_float && (std::isnan(out.sum) ? sum_ > count : sum_ != count)) throw Refused();
    add(name, {}, 0);
    out_.histograms[out_.samples.size() - 1] = out;
    const auto own = h.parts(16);
    for (const std::string& each : own) {
      if (exemplar(each, true)) out_.samples.back().has_exemplar = true;
    }
    if (own.empty()) bucket_exemplars(buckets);
  }

  void custom(const std::string& name, const Fields& h, const std::vector<Bucket>& buckets,
              double total, bool keep) {
    std::map<double, double> cumulative;
    bool good = !(total < 0);
    for (const Bucket& b : buckets) {
      if (std::isnan(b.bound)) {
        if (!keep) add(name + "_bucket", {"le", "NaN"}, b.count);
        continue;
      }
      good = good && !(b.count < 0);
      cumulative.emplace(b.bound, b.count);
      if (b.bound == std::numeric_limits<double>::infinity()) break;
    }
    cumulative.emplace(std::numeric_limits<double>::infinity(), total);
    if (!good || cumulative.rbegin()->second != total) return;
    ParsedHistogram out;
    out.schema = NX_SCHEMA_CUSTOM;
    out.count = total;
    out.sum = h.number(2);
    double before = 0;
    std::int64_t index = 0;
    for (const auto& [bound, count] : cumulative) {
      if (count < before || bound == -std::numeric_limits<double>::infinity()) return;
      out.is_float = out.is_float || std::trunc(count) != count || !(count < 9.2e18);
      if (count != before) out.positive[index] = count - before;
      ++index;
      before = count;
      if (bound != std::numeric_limits<double>::infinity()) out.bounds.push_back(bound);
    }
    add(name, {}, 0);
    out_.histograms[out_.samples.size() - 1] = out;
    bucket_exemplars(buckets);
  }

  std::string body_;
  std::uint32_t flags_;
  ReferenceMetrics out_;
  Pairs labels_;
  std::int64_t t_ = 0;
  std::int64_t start_ = 0;
  std::uint64_t sum_ = 0;
  bool problem_ = false;
};

}  // namespace narthex::test
