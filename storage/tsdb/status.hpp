// SPDX-License-Identifier: Apache-2.0
// status.hpp - what a failure of the files means to a caller of the backend.
#pragma once

#include "storage/fs/status.hpp"

#include <narthex/sdk/result.hpp>

namespace narthex::storage::tsdb {

// A full or failing disk may work again later: senders are told to come back.
inline Status to_status(const fs::Status& status) {
  constexpr std::uint32_t kRetryAfterMs = 5'000;
  return status.ok() ? Status() : Status(NX_ERR_UNAVAILABLE, status.message(), kRetryAfterMs);
}

}  // namespace narthex::storage::tsdb
