// SPDX-License-Identifier: Apache-2.0
// request_counts.hpp - the gateway's own metrics about requests, under the names that its
// dashboards know. Thread-safe.
#pragma once

#include <narthex/sdk/host.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace narthex::ingest::pushgateway {

class RequestCounts {
 public:
  explicit RequestCounts(sdk::Host host);
  // One answered request. `method` in upper case, as sent.
  void count(std::string_view handler, std::string_view method, int code) const;
  // Of a push, beside count().
  void push(std::string_view method, std::size_t body_bytes, std::int64_t duration_ns) const;

 private:
  const nx_ext_metrics* const service_;
  std::map<std::string, nx_cell*, std::less<>> cells_;
};

}  // namespace narthex::ingest::pushgateway
