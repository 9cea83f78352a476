// SPDX-License-Identifier: Apache-2.0
#include "remote_write/place_file.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace narthex::remote_write {
namespace {

constexpr std::uint64_t kPlaceMark = 0x31455352574E;  // "NWRSE1"
constexpr std::size_t kSlotBytes = 32 << 10;

struct SlotHead {
  std::uint64_t mark;
  std::uint64_t turn;
  std::uint64_t shards;
  std::uint64_t check;  // of the shards, seeded with turn
};
static_assert(sizeof(SlotHead) + PlaceFile::kShardsMax * sizeof(ShardPlace) <= kSlotBytes);

std::uint64_t check_of(const std::vector<ShardPlace>& shards, std::uint64_t turn) {
  return XXH3_64bits_withSeed(shards.data(), shards.size() * sizeof(ShardPlace), turn);
}

struct Slot {
  std::uint64_t turn = 0;
  std::vector<ShardPlace> shards;
};

std::optional<Slot> read_slot(int file, int number) {
  SlotHead head{};
  const off_t at = static_cast<off_t>(number) * static_cast<off_t>(kSlotBytes);
  if (::pread(file, &head, sizeof head, at) != static_cast<ssize_t>(sizeof head) ||
      head.mark != kPlaceMark || head.shards == 0 || head.shards > PlaceFile::kShardsMax) {
    return std::nullopt;
  }
  Slot slot{head.turn, std::vector<ShardPlace>(head.shards)};
  const std::size_t size = head.shards * sizeof(ShardPlace);
  if (::pread(file, slot.shards.data(), size, at + static_cast<off_t>(sizeof head)) !=
          static_cast<ssize_t>(size) ||
      check_of(slot.shards, head.turn) != head.check) {
    return std::nullopt;
  }
  return slot;
}

}  // namespace

PlaceFile::~PlaceFile() {
  if (file_ >= 0) ::close(file_);
}

Result<std::vector<ShardPlace>> PlaceFile::open() {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) return Status{NX_ERR_IO, "cannot open " + path_ + ": " + std::strerror(errno)};
  std::vector<ShardPlace> found;
  for (const int number : {0, 1}) {
    std::optional<Slot> slot = read_slot(file_, number);
    if (!slot || slot->turn < turn_) continue;
    turn_ = slot->turn;
    found = std::move(slot->shards);
  }
  return found;
}

Status PlaceFile::save(const std::vector<ShardPlace>& shards) {
  ++turn_;
  const SlotHead head{kPlaceMark, turn_, shards.size(), check_of(shards, turn_)};
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
  bytes.append(reinterpret_cast<const char*>(shards.data()), shards.size() * sizeof(ShardPlace));
  const off_t at = static_cast<off_t>(turn_ % 2) * static_cast<off_t>(kSlotBytes);
  if (::pwrite(file_, bytes.data(), bytes.size(), at) != static_cast<ssize_t>(bytes.size())) {
    return {NX_ERR_IO, "cannot write " + path_ + ": " + std::strerror(errno)};
  }
  return Status();
}

}  // namespace narthex::remote_write
