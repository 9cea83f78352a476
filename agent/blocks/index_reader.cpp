// SPDX-License-Identifier: Apache-2.0
#include "blocks/index_reader.hpp"

#include "blocks/bytes.hpp"
#include "blocks/crc32c.hpp"
#include "blocks/index_format.hpp"

#include <algorithm>
#include <array>

namespace narthex::blocks {

namespace {

// The bytes of a section that has its length in front (4 bytes) and its checksum behind.
Result<std::string_view> checked_section(std::string_view bytes, std::uint64_t at,
                                         const char* what) {
  const auto bad = [&](const char* why) {
    return invalid_data(std::string(what) + " at byte " + std::to_string(at) + " " + why);
  };
  if (at > bytes.size()) return bad("is beyond the end of the file");
  ByteReader in(bytes.substr(at));
  const std::string_view body = in.take(in.be32());
  const std::uint32_t sum = in.be32();
  if (in.failed()) return bad("is cut off");
  if (sum != crc32c(body)) return bad("has a wrong checksum");
  return body;
}

}  // namespace

Result<IndexReader> IndexReader::open(std::string_view bytes, std::string name, DamageSink damage) {
  IndexReader out;
  out.bytes_ = bytes;
  out.name_ = std::move(name);
  out.damage_ = std::move(damage);
  ByteReader head(bytes);
  if (head.be32() != kIndexMagic) return invalid_data(out.name_ + " is not an index file");
  out.version_ = head.byte();
  if (out.version_ != 1 && out.version_ != 2) {
    return Status(NX_ERR_UNSUPPORTED,
                  out.name_ + " has index version " + std::to_string(out.version_));
  }
  if (bytes.size() < kIndexHead + kIndexContents) return invalid_data(out.name_ + " is cut off");
  const std::uint64_t contents_at = bytes.size() - kIndexContents;
  const std::string_view contents = bytes.substr(contents_at, kIndexContents - 4);
  if (ByteReader(bytes.substr(bytes.size() - 4)).be32() != crc32c(contents)) {
    return invalid_data(out.name_ + ": checksum of the table of contents is wrong");
  }
  ByteReader in(contents);
  std::array<std::uint64_t, 6> offsets{};
  for (std::uint64_t& offset : offsets) offset = in.be64();
  if (Status read = out.read_symbols(offsets[0]); !read.ok()) return read.with_prefix(out.name_);
  // The series end where the next section begins.
  out.at_ = offsets[1];
  out.end_ = contents_at;
  for (const std::uint64_t offset : offsets) {
    if (offset > out.at_) out.end_ = std::min(out.end_, offset);
  }
  if (out.at_ == 0 || out.at_ > out.end_) out.at_ = out.end_;
  return out;
}

Status IndexReader::read_symbols(std::uint64_t at) {
  const Result<std::string_view> section = checked_section(bytes_, at, "the symbol table");
  if (!section.ok()) return section.status();
  ByteReader in(*section);
  const std::uint64_t count = in.count(in.be32(), 1);
  symbols_.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (version_ == 1) symbol_offsets_.push_back(static_cast<std::uint32_t>(at + 4 + in.offset()));
    const std::string_view text = in.text();
    symbols_.push_back({text.data(), text.size()});
  }
  return in.failed() ? invalid_data("the symbol table is cut off") : Status();
}

bool IndexReader::symbol(std::uint64_t ref, nx_str& out) const {
  if (version_ == 1) {
    const auto at = std::lower_bound(symbol_offsets_.begin(), symbol_offsets_.end(), ref);
    if (at == symbol_offsets_.end() || *at != ref) return false;
    out = symbols_[static_cast<std::size_t>(at - symbol_offsets_.begin())];
    return true;
  }
  if (ref >= symbols_.size()) return false;
  out = symbols_[ref];
  return true;
}

bool IndexReader::next() {
  // Version 1 has no alignment: its entries follow each other, and damage ends the walk.
  const std::uint64_t step = version_ == 1 ? 1 : kSeriesAlignment;
  while (at_ < end_) {
    if (version_ == 2) at_ = (at_ + step - 1) / step * step;
    if (at_ >= end_) return false;
    if (bytes_[at_] == 0) {  // padding
      at_ += step;
      continue;
    }
    ByteReader in(bytes_.substr(at_, end_ - at_));
    const std::string_view entry = in.take(in.uvarint());
    const std::uint32_t sum = in.be32();
    const bool good = !in.failed() && sum == crc32c(entry) && read_entry(entry);
    entry_at_ = at_;
    series_ref_ = version_ == 1 ? at_ : at_ / kSeriesAlignment;
    if (good) {
      lost_ = false;
      at_ += in.offset();
      return true;
    }
    if (!lost_) damage_({name_, at_, "a series entry is damaged: left out"});
    lost_ = true;
    at_ += step;
  }
  return false;
}

bool IndexReader::read_entry(std::string_view entry) {
  ByteReader in(entry);
  return read_labels(in) && read_chunks(in);
}

bool IndexReader::read_labels(ByteReader& in) {
  labels_.clear();
  const std::uint64_t count = in.count(in.uvarint(), 2);
  for (std::uint64_t i = 0; i < count; ++i) {
    nx_label label{};
    if (!symbol(in.uvarint(), label.name) || !symbol(in.uvarint(), label.value)) return false;
    labels_.push_back(label);
  }
  return !in.failed() && count > 0;
}

bool IndexReader::read_chunks(ByteReader& in) {
  chunks_.clear();
  const std::uint64_t count = in.count(in.uvarint(), 3);
  std::uint64_t time = 0, ref = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    ChunkPlace chunk{};
    time = i == 0 ? static_cast<std::uint64_t>(in.varint()) : time + in.uvarint();
    chunk.min_t = static_cast<std::int64_t>(time);
    time += in.uvarint();
    chunk.max_t = static_cast<std::int64_t>(time);
    ref = i == 0 ? in.uvarint() : ref + static_cast<std::uint64_t>(in.varint());
    chunk.ref = ref;
    chunks_.push_back(chunk);
  }
  return !in.failed();
}

}  // namespace narthex::blocks
