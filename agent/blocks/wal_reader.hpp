// SPDX-License-Identifier: Apache-2.0
// wal_reader.hpp - the records of one segment of Prometheus's write-ahead log (wal/, wbl/ and
// checkpoints). Pure. Thread: one at a time.
//
// A segment is pages of 32 KiB; a record lies in one fragment or several, each with a checksum.
// Damage costs the record it is in and what else its page holds: reading goes on with the next page
// at the next first fragment. A torn end is normal for a server that was killed, and told as such.
#pragma once

#include "blocks/damage.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::blocks {

inline constexpr std::size_t kWalPage = 32 << 10;
inline constexpr std::size_t kWalFragmentHead = 7;  // type, length, checksum
inline constexpr std::size_t kWalRecordMax = std::size_t{256} << 20;

class WalSegmentReader {
 public:
  // `bytes` outlive the reader; `name` is the file, for messages.
  WalSegmentReader(std::string_view bytes, std::string name, DamageSink damage)
      : bytes_(bytes), name_(std::move(name)), damage_(std::move(damage)) {}

  // Moves to the next good record.
  bool next();
  // Decompressed; valid until the next next().
  std::string_view record() const { return record_; }
  std::uint64_t offset() const { return record_at_; }  // of its first fragment

 private:
  enum class Step { kRecord, kMore, kEnd };
  Step read_fragment();
  Step skip_page(const char* why);
  Step finish_record();

  std::string_view bytes_;
  std::string name_;
  DamageSink damage_;
  std::uint64_t at_ = 0;
  std::uint64_t record_at_ = 0;
  bool inside_ = false;  // of a record whose first fragment was seen
  std::uint8_t packing_ = 0;
  std::string packed_;  // of several fragments
  std::string_view whole_;
  std::string unpacked_;
  std::string_view record_;
};

}  // namespace narthex::blocks
