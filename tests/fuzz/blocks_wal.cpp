// SPDX-License-Identifier: Apache-2.0
// blocks_wal.cpp - the first byte says what the rest is: a segment as it is, records whose
// fragments get good checksums, or one record.
#include "blocks/bytes.hpp"
#include "blocks/crc32c.hpp"
#include "blocks/wal_reader.hpp"
#include "blocks/wal_records.hpp"

#include <algorithm>
#include <cstdlib>

namespace narthex::blocks {
namespace {

// Touches everything it gets.
class Touch final : public RecordVisitor {
 public:
  void series(std::uint64_t, std::span<const nx_label> labels) override { touch(labels); }
  void sample(std::uint64_t, std::int64_t t, double) override { sum += static_cast<unsigned>(t); }
  void histogram(std::uint64_t, std::int64_t t, const nx_histogram& histogram) override {
    rows.add_copy(t, histogram);
    std::uint64_t buckets = 0;
    for (std::uint32_t i = 0; i < histogram.pos_span_count; ++i) {
      buckets += histogram.pos_spans[i].length;
    }
    if (buckets != histogram.pos_bucket_count) std::abort();
  }
  void tombstone(std::uint64_t, std::int64_t, std::int64_t) override { ++sum; }
  void exemplar(std::uint64_t, const nx_exemplar& exemplar) override {
    touch({exemplar.labels, exemplar.label_count});
  }
  void metadata(std::uint64_t, std::uint32_t type, std::string_view unit,
                std::string_view help) override {
    if (type > NX_TYPE_STATESET) std::abort();
    sum += unit.size() + help.size();
  }
  std::uint64_t sum = 0;
  Samples rows;

 private:
  void touch(std::span<const nx_label> labels) {
    for (const nx_label& label : labels) {
      for (std::size_t i = 0; i < label.name.len; ++i)
        sum += static_cast<unsigned char>(label.name.ptr[i]);
      for (std::size_t i = 0; i < label.value.len; ++i)
        sum += static_cast<unsigned char>(label.value.ptr[i]);
    }
  }
};

void walk_segment(std::string_view bytes) {
  WalSegmentReader reader(bytes, "segment", [](const Damage&) {});
  Touch touch;
  while (reader.next()) (void)visit_record(reader.record(), ~0u, touch).ok();
}

// Each fragment: type, length, so many bytes.
std::string with_fragment_checksums(std::string_view parts) {
  std::string out;
  while (parts.size() > 2) {
    const char type = parts[0];
    const std::size_t size =
        std::min<std::size_t>(static_cast<unsigned char>(parts[1]), parts.size() - 2);
    const std::string_view data = parts.substr(2, size);
    out += type;
    put_be(out, data.size(), 2);
    put_be32(out, crc32c(data));
    out += data;
    parts.remove_prefix(2 + size);
  }
  return out;
}

void run_wal(std::uint8_t what, std::string_view rest) {
  if (what % 3 == 0) return walk_segment(rest);
  if (what % 3 == 1) return walk_segment(with_fragment_checksums(rest));
  Touch touch;
  (void)visit_record(rest, ~0u, touch).ok();
}

}  // namespace
}  // namespace narthex::blocks

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  narthex::blocks::run_wal(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
