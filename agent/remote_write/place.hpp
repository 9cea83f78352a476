// SPDX-License-Identifier: Apache-2.0
// place.hpp - where a row lies in the log: its segment, and its number among the segment's rows.
// Ordered as rows were written.
#pragma once

#include <compare>
#include <cstdint>

namespace narthex::remote_write {

struct Place {
  std::uint32_t segment = 0;  // segments count from 1: a Place of 0 is before all rows
  std::uint32_t row = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

}  // namespace narthex::remote_write
