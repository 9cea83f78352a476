// SPDX-License-Identifier: Apache-2.0
// heap_room.hpp - memory for much that is about to be allocated in small pieces: has the kernel
// give it to the heap in a few calls instead of a fault a page, each of which costs what packing a
// thousand samples does.
//
// No more than a hint. What is not used stays free memory of the heap, and goes back as such does.
#pragma once

#include <cstddef>

namespace narthex::storage::tsdb {

class HeapRoom {
 public:
  // At most 32 MiB.
  explicit HeapRoom(std::size_t bytes);
  ~HeapRoom();
  HeapRoom(const HeapRoom&) = delete;
  HeapRoom& operator=(const HeapRoom&) = delete;

 private:
  // Stands behind the room while it is used: else it would be the end of the heap, of which glibc
  // gives back what is more than some MiB.
  void* end_ = nullptr;
};

}  // namespace narthex::storage::tsdb
