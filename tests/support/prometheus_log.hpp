// SPDX-License-Identifier: Apache-2.0
// prometheus_log.hpp - writes segments of Prometheus's write-ahead log, for tests of their reader.
//
//   PrometheusLog log;
//   log.record(series_record(7, {{"__name__", "up"}}));
//   write_file(folder + "/wal/00000000", log.bytes());
#pragma once

#include "blocks/bytes.hpp"
#include "blocks/crc32c.hpp"
#include "blocks/snappy_text.hpp"
#include "blocks/wal_reader.hpp"

#include <narthex/sdk/labels.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::test {

class PrometheusLog {
 public:
  // packing: 0 none, 0x08 snappy, 0x10 zstd (the caller's bytes are packed already then).
  void record(std::string_view bytes, std::uint8_t packing = 0) {
    const std::string packed =
        packing == 0x08 ? blocks::snappy_compress(bytes) : std::string(bytes);
    std::string_view left = packed;
    bool first = true;
    do {
      const std::size_t room = blocks::kWalPage - out_.size() % blocks::kWalPage;
      if (room <= blocks::kWalFragmentHead) {
        out_.append(room, '\0');
        continue;
      }
      const std::string_view part = left.substr(0, room - blocks::kWalFragmentHead);
      left.remove_prefix(part.size());
      const int type = first ? (left.empty() ? 1 : 2) : (left.empty() ? 4 : 3);
      out_ += static_cast<char>(type | packing);
      blocks::put_be(out_, part.size(), 2);
      blocks::put_be32(out_, blocks::crc32c(part));
      out_ += part;
      first = false;
    } while (first || !left.empty());
  }
  const std::string& bytes() const { return out_; }

 private:
  std::string out_;
};

inline std::string series_record(std::uint64_t ref, const Labels& labels) {
  std::string out = "\1";
  blocks::put_be64(out, ref);
  blocks::put_uvarint(out, labels.size());
  for (const auto& [name, value] : labels) {
    blocks::put_text(out, name);
    blocks::put_text(out, value);
  }
  return out;
}

inline std::string samples_record(std::uint64_t ref,
                                  const std::vector<std::pair<std::int64_t, double>>& samples) {
  std::string out = "\2";
  blocks::put_be64(out, ref);
  blocks::put_be64(out, static_cast<std::uint64_t>(samples.front().first));
  for (const auto& [t, value] : samples) {
    blocks::put_varint(out, 0);
    blocks::put_varint(out, t - samples.front().first);
    blocks::put_be64(out, std::bit_cast<std::uint64_t>(value));
  }
  return out;
}

inline std::string tombstone_record(std::uint64_t ref, std::int64_t min_t, std::int64_t max_t) {
  std::string out = "\3";
  blocks::put_be64(out, ref);
  blocks::put_varint(out, min_t);
  blocks::put_varint(out, max_t);
  return out;
}

inline std::string exemplar_record(std::uint64_t ref, std::int64_t t, double value,
                                   const Labels& labels) {
  std::string out = "\4";
  blocks::put_be64(out, ref);
  blocks::put_be64(out, static_cast<std::uint64_t>(t));
  blocks::put_varint(out, 0);
  blocks::put_varint(out, 0);
  blocks::put_be64(out, std::bit_cast<std::uint64_t>(value));
  blocks::put_uvarint(out, labels.size());
  for (const auto& [name, text] : labels) {
    blocks::put_text(out, name);
    blocks::put_text(out, text);
  }
  return out;
}

inline std::string metadata_record(std::uint64_t ref, std::uint8_t type, std::string_view unit,
                                   std::string_view help) {
  std::string out = "\6";
  blocks::put_uvarint(out, ref);
  out += static_cast<char>(type);
  blocks::put_uvarint(out, 2);
  blocks::put_text(out, "UNIT");
  blocks::put_text(out, unit);
  blocks::put_text(out, "HELP");
  blocks::put_text(out, help);
  return out;
}

}  // namespace narthex::test
