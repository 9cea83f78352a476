// SPDX-License-Identifier: Apache-2.0
// naive_decoder.hpp - the slow twin of the column decoders: bit by bit and value by value, written
// from storage/docs/columns.md and sharing no code with the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace narthex::storage::column {

// All values of a well-formed value column, as bit patterns; `reference` as bit patterns too.
std::vector<std::uint64_t> naive_values(const std::vector<std::uint8_t>& bytes, std::size_t rows,
                                        const std::vector<std::uint64_t>& reference);

// All integers of a well-formed integer (or time) column.
std::vector<std::uint64_t> naive_integers(const std::vector<std::uint8_t>& bytes, std::size_t rows);

}  // namespace narthex::storage::column
