// SPDX-License-Identifier: Apache-2.0
#include "transfer/histogram_text.hpp"

#include <narthex/sdk/histogram_bounds.hpp>
#include <narthex/sdk/number.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace narthex::transfer {

namespace {

void append_count(std::string& out, bool is_float, nx_count count) {
  if (is_float) {
    sdk::append_exposition(out, count.f);
  } else {
    out += std::to_string(count.u);
  }
}

// A bucket that is not empty, by its index.
struct IndexedBucket {
  std::int64_t index;
  nx_count count;
};

std::vector<IndexedBucket> buckets_of(bool is_float, std::span<const nx_span> spans,
                                      const nx_buckets& from, std::uint32_t count) {
  std::vector<IndexedBucket> out;
  std::int64_t index = 0;
  std::int64_t value = 0;
  std::uint32_t b = 0;
  for (const nx_span& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && b < count; ++i, ++b, ++index) {
      nx_count bucket{};
      if (is_float) {
        bucket.f = from.counts[b];
      } else {
        value += from.deltas[b];
        bucket.u = static_cast<std::uint64_t>(value);
      }
      if (is_float ? bucket.f != 0 : bucket.u != 0) out.push_back({index, bucket});
    }
  }
  return out;
}

class HistogramText {
 public:
  HistogramText(std::string& out, const nx_histogram& histogram) : out_(out), h_(histogram) {}

  void write() {
    out_ += "{count:";
    append_count(out_, is_float(), h_.count);
    out_ += ", sum:";
    sdk::append_exposition(out_, h_.sum);
    const auto negative =
        buckets_of(is_float(), {h_.neg_spans, h_.neg_span_count}, h_.neg, h_.neg_bucket_count);
    for (auto at = negative.rbegin(); at != negative.rend(); ++at) {
      bucket('[', -bound(at->index), -bound(at->index - 1), ')', at->count);
    }
    if (is_float() ? h_.zero_count.f != 0 : h_.zero_count.u != 0) {
      bucket('[', -h_.zero_threshold, h_.zero_threshold, ']', h_.zero_count);
    }
    for (const IndexedBucket& at :
         buckets_of(is_float(), {h_.pos_spans, h_.pos_span_count}, h_.pos, h_.pos_bucket_count)) {
      const bool first = h_.schema == NX_SCHEMA_CUSTOM && at.index == 0;
      bucket(first ? '[' : '(', bound(at.index - 1), bound(at.index), ']', at.count);
    }
    out_ += '}';
  }

 private:
  bool is_float() const { return h_.is_float != 0; }
  double bound(std::int64_t index) const {
    if (h_.schema != NX_SCHEMA_CUSTOM) return sdk::exponential_bound(index, h_.schema);
    if (index < 0) return -std::numeric_limits<double>::infinity();
    if (index >= h_.custom_value_count) return std::numeric_limits<double>::infinity();
    return h_.custom_values[index];
  }
  void bucket(char open, double lower, double upper, char close, nx_count count) {
    ((out_ += ", ") += open);
    sdk::append_exposition(out_, lower);
    out_ += ',';
    sdk::append_exposition(out_, upper);
    ((out_ += close) += ':');
    append_count(out_, is_float(), count);
  }

  std::string& out_;
  const nx_histogram& h_;
};

}  // namespace

void append_histogram_text(std::string& out, const nx_histogram& histogram) {
  HistogramText(out, histogram).write();
}

}  // namespace narthex::transfer
