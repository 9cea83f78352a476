// SPDX-License-Identifier: Apache-2.0
#include "cli/transfer_help.hpp"

namespace narthex::cli {

std::string import_help() {
  return R"(What a path is, is seen from its content:
  a folder with meta.json, index and chunks/   one block
  a folder with blocks, wal/ or chunks_head/   a Prometheus data directory, or a snapshot of one;
                                               blocks, head and write-ahead log are read
  a file that ends with "# EOF"                OpenMetrics, timestamps in seconds
  any other file                               Prometheus text, timestamps in milliseconds

Samples may be of any age and come in any order; the same sample twice is one sample. Stop
Prometheus before its data directory is read, or take a snapshot. An agent must not run on --data:
push to it with --url then (it needs --web.enable-remote-write-receiver).

Damaged parts of blocks and logs are named on stderr and left out. Exit status: 0 all taken, 1
failure, 2 usage, 3 something was damaged or refused, 4 no connection.

  narthex import /var/lib/prometheus/metrics2 --data /var/lib/narthex
  narthex import dump.om --url http://127.0.0.1:9090 --label site=oslo
  narthex import snapshot/ --match '{job="node"}' --min-time 2026-01-01T00:00:00Z --dry-run
)";
}

std::string export_help() {
  return R"(Formats:
  openmetrics   one text with timestamps and "# EOF" at its end. Native histograms have no text in
                OpenMetrics 1.0: they are left out and counted. Marks of staleness are left out.
  blocks        a folder of Prometheus TSDB blocks, aligned to --block-duration, with native
                histograms. promtool tsdb list|analyze|dump, Prometheus, Thanos and Mimir read them.

No agent must run on --data. Exit status: 0 good, 1 failure, 2 usage, 3 something was left out.

  narthex export --data /var/lib/narthex --format blocks --out blocks/
  narthex export --data /var/lib/narthex --out - --match 'up{job="node"}' | zstd > up.om.zst
)";
}

}  // namespace narthex::cli
