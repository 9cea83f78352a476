// SPDX-License-Identifier: Apache-2.0
#include "cli/tsdb_help.hpp"

namespace narthex::cli {

namespace {

constexpr const char* kAlone =
    "\nNo agent must run on --data: the lock file of the directory is taken, and made where it is "
    "missing.\n";

constexpr const char* kAnalyze =
    R"(Reads the tables' lists of series and the whole log, no samples of tables. Series are counted once,
however many tables have them. Churning ones have samples in one partition (a day) only, although
there are several. Compression is against 16 bytes a sample. Nothing is changed.

  narthex tsdb analyze --data /var/lib/narthex --limit 5
)";

constexpr const char* kDump =
    R"(One line a sample, as promtool tsdb dump: {__name__="up", job="node"} 1 1700000000000, the time in
milliseconds. Series in label order. Marks of staleness are NaN. Opens the directory as export does.

  narthex tsdb dump --data /var/lib/narthex --match 'up{job="node"}' --min-time 2026-01-01T00:00:00Z
)";

constexpr const char* kVerify =
    R"(Reads every page of every table, all deletions, the whole log and the inventory, and names each
damaged place with what is lost there. Changes nothing. Exit status: 0 good, 1 failure, 2 usage, 3
something is damaged.

  narthex tsdb verify --data /var/lib/narthex
)";

constexpr const char* kRepair =
    R"(Verifies; where something is damaged, writes what can be read of damaged tables to new ones, puts the
damaged files into partitions/quarantine and wal/quarantine, recovers the log into tables, writes
the inventory again, and verifies once more. A folder in order is left as it is. Needs room for
the new tables. Exit status: 0 the directory is whole now, 1 failure, 2 usage, 3 something is
still damaged.

  narthex tsdb repair --data /var/lib/narthex
)";

}  // namespace

std::string tsdb_help(const std::string& verb) {
  const char* text = verb == "analyze"  ? kAnalyze
                     : verb == "dump"   ? kDump
                     : verb == "verify" ? kVerify
                                        : kRepair;
  return std::string(text) + kAlone;
}

}  // namespace narthex::cli
