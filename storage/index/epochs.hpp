// SPDX-License-Identifier: Apache-2.0
// epochs.hpp - when memory that readers may still look at can be given back.
//
// A reader (an open querier or transaction) enters and later leaves. What is unlinked from the
// structures goes to retire() and is freed once every reader that had entered before is gone. So
// readers follow plain pointers, without a lock and without counting references.
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace narthex::storage::index {

class Epochs {
 public:
  Epochs() = default;
  Epochs(const Epochs&) = delete;
  Epochs& operator=(const Epochs&) = delete;
  ~Epochs();  // frees what is left. REQUIRES: no reader.

  std::uint64_t enter();
  void leave(std::uint64_t entered);

  // Takes over `object`; free(object) is called later, never inside this call.
  // REQUIRES: no new reader can reach it.
  // Returns the epoch for passed().
  std::uint64_t retire(void* object, void (*free)(void*), std::size_t bytes);
  // Whether every reader that could see what was retired in that epoch is gone.
  bool passed(std::uint64_t epoch) const;
  template <class T>
  void retire(const T* object, std::size_t bytes) {
    retire(
        const_cast<T*>(object), [](void* p) { delete static_cast<T*>(p); }, bytes);
  }

  // Frees what no reader can see any more; the second one where much waits.
  void collect();
  void collect_much();
  // Bytes that wait for readers.
  std::size_t waiting_bytes() const;

 private:
  struct Retired {
    std::uint64_t epoch;
    void* object;
    void (*free)(void*);
    std::size_t bytes;
  };
  std::uint64_t oldest_reader() const;

  mutable std::mutex mutex_;
  std::uint64_t epoch_ = 1;             // guarded by mutex_, as all below
  std::vector<std::uint64_t> readers_;  // few: one an open query or transaction
  std::deque<Retired> retired_;         // ascending epoch
  std::size_t waiting_bytes_ = 0;
};

// Keeps an epoch entered as long as anyone holds it.
class EpochHold {
 public:
  explicit EpochHold(Epochs& epochs) : epochs_(epochs), epoch_(epochs.enter()) {}
  EpochHold(const EpochHold&) = delete;
  EpochHold& operator=(const EpochHold&) = delete;
  ~EpochHold() { epochs_.leave(epoch_); }

 private:
  Epochs& epochs_;
  const std::uint64_t epoch_;
};

}  // namespace narthex::storage::index
