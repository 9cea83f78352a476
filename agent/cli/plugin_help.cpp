// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_help.hpp"

namespace narthex::cli {

namespace {

constexpr std::string_view kCheckHelp =
    R"(Every check runs in a process of its own with a time limit, so a plugin that crashes, hangs,
exits or prints is found like any other. What a plugin is lent lies in memory that is taken away
afterwards: it needs no sanitizers and no debug build. Groups: file, descriptor, config, lifecycle,
ownership, skew, threads, faults, cost; and one suite for each kind of interface that it offers.
Each finding names a rule: plugin-api/docs/conformance.md, or --rules.

Options of a component are made up from its schema; give required ones an example there
("examples"), or a table of them in --config:

  [lines]
  path = "/etc/hosts"

Exit status: 0 nothing found, 1 failure, 2 usage, 3 findings.

  narthex plugin check build/lines.so
  narthex plugin check build/lines.so --suite ownership --seed 17 --in-process
  narthex plugin check build/*.so --quiet --junit report.xml
  narthex plugin check build/pairs.so --corpus bodies/ --fuzz 10m
)";

constexpr std::string_view kNewHelp =
    R"(Writes a small project that builds, with a README, a configuration that uses the plugin, and a test
that runs `narthex plugin check`. It builds against the installed headers (narthex-dev): CMake finds
them by find_package(narthex), others by pkg-config. Nothing is overwritten.

  narthex plugin new exporter queue
  narthex plugin new protocol pairs --lang rust --id org.acme.pairs
  narthex plugin new function cubes --lang c --folder ~/src/cubes
)";

constexpr std::string_view kSchemaHelp =
    R"(  narthex plugin schema discovery.dns
  narthex plugin schema build/lines.so --output reference > lines.md
)";

}  // namespace

std::string plugin_help(std::string_view verb) {
  return std::string(verb == "check" ? kCheckHelp : verb == "new" ? kNewHelp : kSchemaHelp);
}

}  // namespace narthex::cli
