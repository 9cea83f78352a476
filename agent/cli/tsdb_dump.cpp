// SPDX-License-Identifier: Apache-2.0
// narthex tsdb dump
#include "cli/cli.hpp"
#include "cli/local_store.hpp"
#include "cli/time_option.hpp"
#include "cli/tool.hpp"
#include "transfer/dump.hpp"
#include "transfer/selectors.hpp"

#include <cstdio>

namespace narthex::cli {

namespace {

int refuse_dump(int code, const Status& status) {
  std::fprintf(stderr, "narthex: %s\n", status.message().c_str());
  return code;
}

}  // namespace

int tsdb_dump(const TsdbOptions& options) {
  transfer::DumpOptions what;
  const Result<blocks::TimeRange> range = parse_range(options.pick);
  if (!range.ok()) return refuse_dump(kUsage, range.status());
  what.range = *range;
  Result<std::vector<transfer::Selector>> selectors =
      transfer::parse_selectors(options.pick.matchers);
  if (!selectors.ok()) return refuse_dump(kUsage, selectors.status().with_prefix("--match"));
  what.selectors = *std::move(selectors);
  const Result<std::unique_ptr<LocalStore>> local = LocalStore::open(options.data, false);
  if (!local.ok()) return refuse_dump(kFailure, local.status());
  const Result<std::uint64_t> dumped = transfer::dump_samples((*local)->store(), what);
  return dumped.ok() ? kGood : refuse_dump(kFailure, dumped.status());
}

}  // namespace narthex::cli
