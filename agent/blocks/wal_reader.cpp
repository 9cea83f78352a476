// SPDX-License-Identifier: Apache-2.0
#include "blocks/wal_reader.hpp"

#include "blocks/bytes.hpp"
#include "blocks/crc32c.hpp"
#include "blocks/snappy_text.hpp"
#include "net/compression.hpp"

#include <algorithm>

namespace narthex::blocks {

namespace {

enum Fragment : std::uint8_t { kPageEnd = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };
constexpr std::uint8_t kFragmentMask = 0x07;
constexpr std::uint8_t kSnappyBit = 0x08;
constexpr std::uint8_t kZstdBit = 0x10;

}  // namespace

bool WalSegmentReader::next() {
  while (at_ < bytes_.size()) {
    if (read_fragment() == Step::kRecord) return true;
  }
  if (inside_) {
    damage_({name_, record_at_, "the last record is cut off: left out"});
    inside_ = false;
  }
  return false;
}

WalSegmentReader::Step WalSegmentReader::skip_page(const char* why) {
  damage_({name_, at_, std::string(why) + ": the rest of the page is left out"});
  inside_ = false;
  at_ = (at_ / kWalPage + 1) * kWalPage;
  return Step::kMore;
}

WalSegmentReader::Step WalSegmentReader::read_fragment() {
  const std::uint64_t page_end =
      std::min<std::uint64_t>((at_ / kWalPage + 1) * kWalPage, bytes_.size());
  ByteReader in(bytes_.substr(at_, page_end - at_));
  const std::uint8_t head = in.byte();
  if (head == kPageEnd) {
    at_ = page_end;
    return Step::kMore;
  }
  const std::uint8_t type = head & kFragmentMask;
  const std::uint16_t size = in.be16();
  const std::uint32_t sum = in.be32();
  const std::string_view data = in.take(size);
  if (in.failed()) {
    // The very end of what was written, or nonsense.
    return skip_page(page_end == bytes_.size() ? "the segment ends within a fragment"
                                               : "a fragment passes the end of its page");
  }
  if (type > kLast || (head & ~(kFragmentMask | kSnappyBit | kZstdBit)) != 0) {
    return skip_page("a fragment of unknown type");
  }
  if (sum != crc32c(data)) return skip_page("checksum of a fragment is wrong");
  const bool begins = type == kFull || type == kFirst;
  if (begins && inside_) {
    damage_({name_, record_at_, "a record has no end: left out"});
  }
  if (begins) {
    record_at_ = at_;
    packing_ = head & (kSnappyBit | kZstdBit);
    packed_.clear();
  }
  at_ += in.offset();
  if (!begins && !inside_) return Step::kMore;  // the rest of a record that was lost: told already
  inside_ = type == kFirst || type == kMiddle;
  if (type == kFull) {
    whole_ = data;
    return finish_record();
  }
  packed_ += data;
  if (packed_.size() > kWalRecordMax) return skip_page("a record is too large");
  if (inside_) return Step::kMore;
  whole_ = packed_;
  return finish_record();
}

WalSegmentReader::Step WalSegmentReader::finish_record() {
  Status unpacked;
  if ((packing_ & kSnappyBit) != 0) {
    unpacked = snappy_decompress(whole_, kWalRecordMax, unpacked_);
    record_ = unpacked_;
  } else if ((packing_ & kZstdBit) != 0) {
    Result<std::string> text = net::decompress("zstd", whole_, kWalRecordMax);
    unpacked = text.status();
    if (text.ok()) unpacked_ = *std::move(text);
    record_ = unpacked_;
  } else {
    record_ = whole_;
  }
  if (unpacked.ok() && !record_.empty()) return Step::kRecord;
  damage_({name_, record_at_,
           "a record cannot be decompressed (" + unpacked.message() + "): left out"});
  return Step::kMore;
}

}  // namespace narthex::blocks
