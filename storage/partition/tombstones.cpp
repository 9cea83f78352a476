// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/tombstones.hpp"

#include "storage/checksum/crc32c.hpp"
#include "storage/bytes/bytes.hpp"
#include "storage/fs/replace_file.hpp"

#include <algorithm>
#include <array>

namespace narthex::storage::partition {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {'N', 'X', 'T', 'O', 'M', 'B', 0, 1};
constexpr std::size_t kHeadBytes = kMagic.size() + sizeof(std::uint32_t);
constexpr std::size_t kFileBytesMax = std::size_t{256} << 20;

bool touches(const DeletedRange& earlier, const DeletedRange& later) {
  return earlier.max_t == INT64_MAX || later.min_t <= earlier.max_t + 1;
}

void put_ranges(std::span<const DeletedRange> ranges, Bytes& out) {
  put_varint(out, ranges.size());
  std::uint64_t before = 0;
  for (const DeletedRange& range : ranges) {
    const auto min_t = static_cast<std::uint64_t>(range.min_t);
    const auto max_t = static_cast<std::uint64_t>(range.max_t);
    put_difference(out, min_t, before);
    put_varint(out, max_t - min_t);
    before = max_t;
  }
}

// False when they are not as put_ranges() writes them: sorted, apart, not empty.
bool take_ranges(ByteReader& in, std::vector<DeletedRange>& ranges) {
  const std::uint64_t count = in.varint();
  if (count == 0 || count > in.left() / 2) return false;
  ranges.reserve(static_cast<std::size_t>(count));
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t min_t = in.difference(before);
    const std::uint64_t max_t = min_t + in.varint();
    const DeletedRange range{static_cast<std::int64_t>(min_t), static_cast<std::int64_t>(max_t)};
    if (!in.ok() || range.min_t > range.max_t) return false;
    if (!ranges.empty() && touches(ranges.back(), range)) return false;
    ranges.push_back(range);
    before = max_t;
  }
  return true;
}

}  // namespace

void Tombstones::add(std::uint32_t ordinal, DeletedRange range) {
  if (range.min_t > range.max_t) return;
  std::vector<DeletedRange>& ranges = ranges_[ordinal];
  // [first, last): those that the new one touches.
  const auto first =
      std::partition_point(ranges.begin(), ranges.end(), [&](const DeletedRange& earlier) {
        return earlier.max_t < range.min_t && !touches(earlier, range);
      });
  auto last = first;
  for (; last != ranges.end() && touches(range, *last); ++last) {
    range.min_t = std::min(range.min_t, last->min_t);
    range.max_t = std::max(range.max_t, last->max_t);
  }
  ranges.insert(ranges.erase(first, last), range);
}

std::span<const DeletedRange> Tombstones::of(std::uint32_t ordinal) const {
  const auto at = ranges_.find(ordinal);
  if (at == ranges_.end()) return {};
  return at->second;
}

std::vector<std::uint8_t> Tombstones::encode() const {
  std::vector<std::uint32_t> ordinals;
  ordinals.reserve(ranges_.size());
  for (const auto& [ordinal, ranges] : ranges_) ordinals.push_back(ordinal);
  std::sort(ordinals.begin(), ordinals.end());

  Bytes body;
  put_varint(body, ordinals.size());
  std::uint32_t next = 0;
  for (const std::uint32_t ordinal : ordinals) {
    put_varint(body, ordinal - next);
    put_ranges(ranges_.at(ordinal), body);
    next = ordinal + 1;
  }
  Bytes file(kMagic.begin(), kMagic.end());
  put_word(file, crc32c(body));
  put_bytes(file, body);
  return file;
}

std::optional<Tombstones> Tombstones::decode(std::span<const std::uint8_t> file) {
  if (file.size() < kHeadBytes || !std::equal(kMagic.begin(), kMagic.end(), file.begin())) {
    return std::nullopt;
  }
  ByteReader in(file.subspan(kMagic.size()));
  const auto checksum = in.word<std::uint32_t>();
  if (crc32c(in.ahead(in.left())) != checksum) return std::nullopt;

  Tombstones result;
  const std::uint64_t count = in.varint();
  if (count > in.left() / 4) return std::nullopt;  // the least a series takes
  result.ranges_.reserve(static_cast<std::size_t>(count));
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t skipped = in.varint();
    if (!in.ok() || skipped > UINT32_MAX || next + skipped > UINT32_MAX) return std::nullopt;
    const auto ordinal = static_cast<std::uint32_t>(next + skipped);
    if (!take_ranges(in, result.ranges_[ordinal])) return std::nullopt;
    next = std::uint64_t{ordinal} + 1;
  }
  if (!in.ok() || in.left() != 0) return std::nullopt;
  return result;
}

fs::Status Tombstones::save(fs::FileSystem& files, const std::string& path) const {
  if (empty()) {
    // Also where it is gone already: an earlier removal may not be durable yet.
    fs::Status removed = files.unlink(path);
    if (!removed.ok() && removed.error() != ENOENT) return removed;
    return files.sync_directory(fs::folder_of(path));
  }
  const std::vector<std::uint8_t> content = encode();
  if (content.size() > kFileBytesMax) return {EFBIG, "write", path};
  return fs::replace_file(files, path, content);
}

fs::Result<Tombstones> Tombstones::load(fs::FileSystem& files, const std::string& path) {
  const auto content = fs::read_file(files, path, kFileBytesMax);
  if (!content.ok()) {
    if (content.status().error() == ENOENT) return Tombstones();
    if (content.status().error() == EFBIG) return fs::Status(EBADMSG, "read tombstones", path);
    return content.status();
  }
  std::optional<Tombstones> tombstones = decode(*content);
  if (!tombstones) return fs::Status(EBADMSG, "read tombstones", path);
  return *std::move(tombstones);
}

bool is_deleted(std::span<const DeletedRange> ranges, std::int64_t t) {
  const auto at = std::partition_point(ranges.begin(), ranges.end(),
                                       [&](const DeletedRange& range) { return range.max_t < t; });
  return at != ranges.end() && at->min_t <= t;
}

}  // namespace narthex::storage::partition
