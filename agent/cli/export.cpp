// SPDX-License-Identifier: Apache-2.0
// narthex export
#include "cli/cli.hpp"
#include "cli/local_store.hpp"
#include "cli/progress_line.hpp"
#include "cli/time_option.hpp"
#include "cli/tool.hpp"
#include "document/document.hpp"
#include "transfer/exporter.hpp"
#include "transfer/selectors.hpp"

#include <cstdio>

namespace narthex::cli {

namespace {

int refuse_export(int code, const Status& status) {
  std::fprintf(stderr, "narthex: %s\n", status.message().c_str());
  return code;
}

Result<transfer::ExportOptions> what_to_export(const ExportOptions& options) {
  transfer::ExportOptions out;
  Result<Pick> pick = parse_pick(options.pick);
  if (!pick.ok()) return pick.status();
  out.range = pick->range;
  out.selectors = std::move(pick->selectors);
  const Result<std::int64_t> block_ms = document::parse_duration_ms(options.block_duration);
  if (!block_ms.ok()) return block_ms.status().with_prefix("--block-duration");
  if (*block_ms <= 0) return invalid_argument("--block-duration must be longer than nothing");
  out.block_ms = *block_ms;
  out.out = options.out;
  return out;
}

}  // namespace

int export_samples(const ExportOptions& options) {
  Result<transfer::ExportOptions> what = what_to_export(options);
  if (!what.ok()) return refuse_export(kUsage, what.status());
  const Result<std::unique_ptr<LocalStore>> local = LocalStore::open(options.data, false);
  if (!local.ok()) return refuse_export(kFailure, local.status());
  const runtime::Clock& clock = (*local)->host().clock();
  what->now_ms = clock.now_ms();
  ProgressLine progress(clock, 0);
  const auto show = [&](const transfer::ExportCounts& counts) {
    progress.show(counts.samples, counts.bytes);
  };
  store::Store& store = (*local)->store();
  const Result<transfer::ExportCounts> counts =
      options.format == "blocks" ? transfer::export_blocks(store, *what, show)
                                 : transfer::export_open_metrics(store, *what, show);
  const double seconds = progress.seconds();
  progress.clear();
  if (!counts.ok()) return refuse_export(kFailure, counts.status());
  // The data may be on the standard output: talk goes to stderr.
  for (const std::string& block : counts->blocks)
    std::fprintf(stderr, "block       %s\n", block.c_str());
  std::fprintf(stderr, "series      %s\n", grouped(counts->series).c_str());
  std::fprintf(stderr, "samples     %s (%s histograms) in %.1f s\n",
               grouped(counts->samples).c_str(), grouped(counts->histograms).c_str(), seconds);
  if (counts->left_out == 0) return kGood;
  std::fprintf(stderr, "left out    %s native histograms: use --format blocks\n",
               grouped(counts->left_out).c_str());
  return kFindings;
}

}  // namespace narthex::cli
