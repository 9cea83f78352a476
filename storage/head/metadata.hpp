// SPDX-License-Identifier: Apache-2.0
// metadata.hpp - type, unit and help of metric families, the newest word of each. Bounded: beyond
// the limit new families are not kept. Thread-safe.
#pragma once

#include <narthex/storage.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::storage::head {

struct FamilyMetadata {
  std::string family;
  std::uint32_t type = 0;
  std::string unit;
  std::string help;
};

class Metadata {
 public:
  // Whether that is news.
  bool put(std::string_view family, std::uint32_t type, std::string_view unit,
           std::string_view help);
  void list(std::string_view family, std::uint64_t limit, nx_metadata_sink sink,
            void* sink_ctx) const;
  std::vector<FamilyMetadata> all() const;
  std::size_t bytes() const;

 private:
  static constexpr std::size_t kFamiliesMax = 65'536;
  static constexpr std::size_t kTextMax = 4'096;
  struct Entry {
    std::uint32_t type = 0;
    std::string unit;
    std::string help;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> families_;  // guarded by mutex_
  std::size_t bytes_ = 0;                               // guarded by mutex_
};

}  // namespace narthex::storage::head
