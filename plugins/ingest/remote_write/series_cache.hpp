// SPDX-License-Identifier: Apache-2.0
// series_cache.hpp - the references of series by the bytes that name them in requests, so that a
// known series costs one hash and one look instead of parsing, checking and resolving its labels.
//
// A key is a seeded 128-bit hash of those bytes: two label sets with one key would have to be found
// without knowing the seed. XXH3 instead of the SDK's own hash: label bytes are long. Thread-safe;
// a request locks the cache once.
#pragma once

#include <narthex/sdk/series_cache.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace narthex::ingest::remote_write {

using sdk::SeriesKey;

SeriesKey key_of(std::string_view label_bytes);
// The key of what is named by several keys in their order, as the words of these; never that of
// plain bytes.
SeriesKey key_of_parts(std::span<const std::uint64_t> words);

struct KnownSeries {
  std::uint64_t ref = 0;    // 0: not known
  std::uint64_t stamp = 0;  // of the metadata that was last kept for it
  friend bool operator==(const KnownSeries&, const KnownSeries&) = default;
};
using SeriesCache = sdk::SeriesValues<KnownSeries>;

}  // namespace narthex::ingest::remote_write
