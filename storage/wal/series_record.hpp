// SPDX-License-Identifier: Apache-2.0
// series_record.hpp - which label set a ref stands for, for many refs. A label set is written as
// what differs from the one before; texts stand once a record. Used by one thread at a time.
#pragma once

#include "storage/wal/record_types.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::storage::wal {

class SeriesEncoder {
 public:
  // Labels sorted by name, names unique. They are copied.
  void add(std::uint32_t ref, std::span<const LabelView> labels);
  bool empty() const { return body_.empty(); }
  // What the payload has grown to: a record may have kRecordBytesMax.
  std::size_t size_bytes() const { return body_.size(); }
  // Appends the payload of a kSeries record and begins the next.
  void finish(Bytes& out);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  void put_symbol(std::string_view text);
  void put_edit(std::size_t kept, unsigned what);

  Bytes body_;
  std::uint32_t ref_ = 0;
  std::uint32_t symbols_ = 0;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> known_;
  std::vector<std::pair<std::string, std::string>> before_;
};

// Layout: the refs that stand in the slots. REQUIRES: refs.size() <= kRefsMax.
void encode_layout(std::uint64_t layout, std::span<const std::uint32_t> refs, Bytes& out);

// Tells each series in turn; the views are valid during the call. False, and nothing is told, when
// the bytes are no such record.
bool read_series(ByteView payload,
                 const std::function<void(std::uint32_t, std::span<const LabelView>)>& take);
bool read_layout(ByteView payload, std::uint64_t& layout, std::vector<std::uint32_t>& refs);

}  // namespace narthex::storage::wal
