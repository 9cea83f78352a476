// SPDX-License-Identifier: Apache-2.0
// tombstones.hpp - which samples of a table are deleted: ranges of time a series, in a small file
// beside the table. Format: storage/docs/tables.md. A value type.
#pragma once

#include "storage/fs/file_system.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace narthex::storage::partition {

struct DeletedRange {
  std::int64_t min_t;  // both inclusive
  std::int64_t max_t;
};

class Tombstones {
 public:
  // Ranges of one series are kept sorted and merged where they touch. An empty range adds nothing.
  void add(std::uint32_t ordinal, DeletedRange range);
  bool empty() const { return ranges_.empty(); }
  std::size_t series_count() const { return ranges_.size(); }
  // Sorted; none where nothing of the series is deleted.
  std::span<const DeletedRange> of(std::uint32_t ordinal) const;

  // Replaces the file; every crash leaves the old content or the new. An empty set removes it.
  fs::Status save(fs::FileSystem& files, const std::string& path) const;
  // None where there is no file; EBADMSG where it is damaged.
  static fs::Result<Tombstones> load(fs::FileSystem& files, const std::string& path);

  // The bytes of the file, and back from whatever bytes there are: none where they are damaged.
  std::vector<std::uint8_t> encode() const;
  static std::optional<Tombstones> decode(std::span<const std::uint8_t> file);

 private:
  std::unordered_map<std::uint32_t, std::vector<DeletedRange>> ranges_;
};

// Whether t is in one of the ranges, which are sorted.
bool is_deleted(std::span<const DeletedRange> ranges, std::int64_t t);

}  // namespace narthex::storage::partition
