// SPDX-License-Identifier: Apache-2.0
// sampler.hpp - stores what the groups show, as scraping the gateway at an interval would: every
// series at one time, and a staleness marker for those that are gone since the time before.
//
// As long as nothing is pushed, a sampling is one append of columns that are there already. Used by
// one thread at a time.
#pragma once

#include "plugins/ingest/pushgateway/groups.hpp"
#include "plugins/ingest/pushgateway/sample_columns.hpp"

#include <narthex/sdk/host.hpp>

#include <cstdint>
#include <vector>

namespace narthex::ingest::pushgateway {

class Sampler {
 public:
  // Both outlive it.
  Sampler(sdk::Host host, const Groups& groups);

  // Everything or nothing; a failure leaves the next sampling to say what is gone. Rows that the
  // storage refuses are counted, and the first such time is logged.
  Status sample(std::int64_t now_ms);

 private:
  Status append_all(nx_appender* appender, std::int64_t now_ms);
  Status append(nx_appender* appender, nx_sample_batch batch, bool& forgotten);
  Status resolve(nx_appender* appender);
  Status append_stale(nx_appender* appender, std::int64_t now_ms);

  const sdk::Host host_;
  const nx_ext_append& service_;
  const Groups& groups_;
  const sdk::Cell refused_;
  SampleColumns columns_;
  std::uint64_t generation_ = 0;
  bool has_columns_ = false;
  std::vector<std::uint64_t> refs_;    // [columns_.rows()]; 0: not stored
  std::vector<std::uint64_t> stored_;  // sorted: had a sample the time before
  bool told_ = false;
};

}  // namespace narthex::ingest::pushgateway
