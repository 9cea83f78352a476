// SPDX-License-Identifier: Apache-2.0
// wal_records.hpp - what the records of a Prometheus log say. Pure.
#pragma once

#include "blocks/samples.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::blocks {

enum class RecordKind : std::uint8_t {
  kSeries = 1,
  kSamples = 2,
  kTombstones = 3,
  kExemplars = 4,
  kMmapMarkers = 5,
  kMetadata = 6,
  kHistograms = 7,
  kFloatHistograms = 8,
  kCustomHistograms = 9,
  kCustomFloatHistograms = 10
};

// Gets what a record holds, in its order; everything is borrowed for the call.
class RecordVisitor {
 public:
  virtual ~RecordVisitor() = default;
  virtual void series(std::uint64_t ref, std::span<const nx_label> labels) = 0;
  virtual void sample(std::uint64_t ref, std::int64_t t, double value) = 0;
  virtual void histogram(std::uint64_t ref, std::int64_t t, const nx_histogram& histogram) = 0;
  virtual void tombstone(std::uint64_t ref, std::int64_t min_t, std::int64_t max_t) = 0;
  virtual void exemplar(std::uint64_t ref, const nx_exemplar& exemplar) = 0;
  virtual void metadata(std::uint64_t ref, std::uint32_t type, std::string_view unit,
                        std::string_view help) = 0;
};

// Which kinds a caller wants: bit k for kind k.
inline constexpr std::uint32_t record_bit(RecordKind kind) {
  return 1u << static_cast<unsigned>(kind);
}

// Decodes one record. A kind that `wanted` has no bit for, and mmap markers, are passed over.
// Unknown kinds are NX_ERR_UNSUPPORTED. On failure what was good before the damage has been
// visited.
Status visit_record(std::string_view record, std::uint32_t wanted, RecordVisitor& visitor);

}  // namespace narthex::blocks
