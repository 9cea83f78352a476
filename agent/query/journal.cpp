// SPDX-License-Identifier: Apache-2.0
#include "query/journal.hpp"

#include <narthex/sdk/json.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace narthex::query {

namespace {

constexpr std::size_t kSlotsMax = 16'384;

Status failure(const std::string& what, const std::string& path, int error) {
  return io_error(what + " " + path + ": " + std::strerror(error));
}

// The object of one slot, cut so that it fits.
std::string entry_of(std::string_view text, std::int64_t now_ms) {
  const std::string tail = ",\"timestamp_sec\":" + std::to_string(now_ms / 1000) + '}';
  std::string out = "{\"query\":";
  std::size_t size = std::min(text.size(), Journal::kSlotBytes);
  for (;;) {
    std::string quoted;
    // A cut in the middle of a character shows as a replacement character, never as a bad file.
    sdk::append_json_text(quoted, text.substr(0, size));
    if (out.size() + quoted.size() + tail.size() < Journal::kSlotBytes) return out + quoted + tail;
    size -= std::max<std::size_t>(size / 8, 1);
  }
}

// As much of the file as can be slots. Read piece by piece: there are few, and each start waits.
std::string begin_of(const std::string& path) {
  constexpr std::size_t kPieceBytes = 64 * Journal::kSlotBytes;
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  while (file && bytes.size() < kSlotsMax * Journal::kSlotBytes) {
    const std::size_t size = bytes.size();
    bytes.resize(size + kPieceBytes);
    file.read(bytes.data() + size, static_cast<std::streamsize>(kPieceBytes));
    bytes.resize(size + static_cast<std::size_t>(file.gcount()));
  }
  return bytes;
}

}  // namespace

std::vector<std::string> read_journal(std::string_view bytes) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < bytes.size(); at += Journal::kSlotBytes) {
    std::string_view slot = bytes.substr(at, Journal::kSlotBytes);
    slot = slot.substr(0, slot.find('\0'));
    if (!slot.starts_with("{\"query\":\"") || !slot.ends_with('}')) continue;
    found.emplace_back(slot);
  }
  return found;
}

Status Journal::open(const std::string& path, std::size_t slots,
                     std::vector<std::string>& unfinished) {
  unfinished = read_journal(begin_of(path));
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (file < 0) return failure("cannot make", path, errno);
  slots = std::clamp<std::size_t>(slots, 1, kSlotsMax);
  const std::size_t size = slots * kSlotBytes;
  // Blocks that are there already: a write into the mapping never meets a full disk.
  const int short_of = ::posix_fallocate(file, 0, static_cast<off_t>(size));
  void* memory = MAP_FAILED;
  if (short_of == 0) memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  const int error = short_of != 0 ? short_of : errno;
  ::close(file);
  if (memory == MAP_FAILED) return failure("cannot map", path, error);
  memory_ = static_cast<char*>(memory);
  size_ = size;
  for (std::size_t i = slots; i > 0; --i) free_.push_back(static_cast<int>(i - 1));
  return Status();
}

Journal::~Journal() {
  if (memory_ != nullptr) ::munmap(memory_, size_);
}

int Journal::begin(std::string_view text, std::int64_t now_ms) {
  int slot = -1;
  {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return -1;
    slot = free_.back();
    free_.pop_back();
  }
  const std::string entry = entry_of(text, now_ms);
  char* const to = memory_ + static_cast<std::size_t>(slot) * kSlotBytes;
  std::memcpy(to + 1, entry.data() + 1, entry.size() - 1);
  std::memset(to + entry.size(), 0, kSlotBytes - entry.size());
  // The byte that makes it count comes last.
  std::atomic_ref<char>(*to).store(entry[0], std::memory_order_release);
  return slot;
}

void Journal::end(int slot) {
  if (slot < 0) return;
  std::atomic_ref<char>(memory_[static_cast<std::size_t>(slot) * kSlotBytes])
      .store(0, std::memory_order_release);
  const std::lock_guard lock(mutex_);
  free_.push_back(slot);
}

}  // namespace narthex::query
