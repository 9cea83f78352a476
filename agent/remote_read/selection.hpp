// SPDX-License-Identifier: Apache-2.0
// selection.hpp - a query of a ReadRequest as the store understands it. Pure.
#pragma once

#include "remote_read/block_series.hpp"
#include "remote_read/read_request.hpp"
#include "store/matcher.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <vector>

namespace narthex::remote_read {

struct Selection {
  std::vector<store::Matcher> matchers;
  std::int64_t min_t = 0;  // inclusive, as max_t
  std::int64_t max_t = 0;
  nx_scan_opts hints{};
  bool labels_only = false;  // the asker wants to know which series there are

  // Nothing can match: Prometheus answers a query without matchers with nothing, too.
  bool empty() const { return matchers.empty() || min_t > max_t; }

  // `name = "value"` on an external label selects series that have no such label of their own,
  // since those are what it is added to. Fails for expressions and types of matchers that do not
  // exist.
  static Result<Selection> make(const RequestQuery& query, const ExternalLabels& external);
};

}  // namespace narthex::remote_read
