// SPDX-License-Identifier: Apache-2.0
// journal.hpp - which queries run, in a file that outlives a crash, so that the next start can name
// those that may have caused it.
//
// The file is a row of slots of kSlotBytes. The first byte of a slot is 0 (free) or '{' (in use);
// a slot in use holds one JSON object {"query":...,"timestamp_sec":...}, the rest is zeros. It is
// mapped, so taking a slot is a copy in memory, and the kernel writes it out whatever becomes of
// the process. After a power loss it may hold anything: whatever is no such object is skipped, and
// the file is made anew at every start.
// Thread-safe. Where the file cannot be had (a full disk) queries run without it.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::query {

class Journal {
 public:
  static constexpr std::size_t kSlotBytes = 1024;

  Journal() = default;
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Makes the file anew. `unfinished`: what the last process left, as JSON objects.
  Status open(const std::string& path, std::size_t slots, std::vector<std::string>& unfinished);

  // A slot with the query in it; -1 when there is none.
  int begin(std::string_view text, std::int64_t now_ms);
  void end(int slot);

 private:
  std::mutex mutex_;
  std::vector<int> free_;  // guarded by mutex_
  char* memory_ = nullptr;
  std::size_t size_ = 0;
};

// The objects in the bytes of a journal.
std::vector<std::string> read_journal(std::string_view bytes);

}  // namespace narthex::query
