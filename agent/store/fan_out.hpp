// SPDX-License-Identifier: Apache-2.0
// fan_out.hpp - selects from the storage and from the endpoints of remote_read at once, and makes
// one walk of it. Private to the room.
#pragma once

#include "store/querier.hpp"

namespace narthex::store {

// What of a select an endpoint is asked for; nothing when it has nothing to add.
struct RemoteQuestion {
  bool asked = false;
  std::vector<Matcher> matchers;
  nx_scan_opts opts{};
  std::vector<std::string> added;  // labels to take off the answer, sorted
};
// local_from: times from here on the storage has itself.
Result<RemoteQuestion> question_for(const RemoteRead& read, std::span<const Matcher> matchers,
                                    const nx_scan_opts& opts, std::int64_t local_from);

}  // namespace narthex::store
