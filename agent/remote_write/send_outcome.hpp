// SPDX-License-Identifier: Apache-2.0
// send_outcome.hpp - what an answer to a write request means for the sender. Pure.
#pragma once

#include "net/client.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::remote_write {

// Rows of a request, or of an answer, by kind.
struct RowCounts {
  std::uint64_t samples = 0;
  std::uint64_t histograms = 0;
  std::uint64_t exemplars = 0;
  std::uint64_t all() const { return samples + histograms + exemplars; }
  RowCounts& operator+=(const RowCounts& other) {
    samples += other.samples;
    histograms += other.histograms;
    exemplars += other.exemplars;
    return *this;
  }
  RowCounts& operator-=(const RowCounts& other) {
    samples -= other.samples;
    histograms -= other.histograms;
    exemplars -= other.exemplars;
    return *this;
  }
};

struct SendOutcome {
  enum class Kind { kSent, kRetry, kFailed };
  Kind kind = Kind::kSent;
  std::string text;                 // why not
  std::int64_t retry_after_ms = 0;  // the receiver's wish; 0: none
  RowCounts written;                // of a request of 2.0, as its answer says
};

// 5xx, and 429 if told so, and whatever did not come to an answer, is tried again; other statuses
// are final. With `counts_told` (2.0) the answer says how much was written, and one that says
// nothing came from who does not understand the request.
SendOutcome outcome_of(const Result<net::FetchResponse>& answer, bool retry_on_429,
                       bool counts_told, const RowCounts& sent, std::int64_t now_ms);

// The value of a Retry-After header: seconds, or a date as HTTP has it. 0: neither, or past.
std::int64_t retry_after_ms(std::string_view value, std::int64_t now_ms);

}  // namespace narthex::remote_write
