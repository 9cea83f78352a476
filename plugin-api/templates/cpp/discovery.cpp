// SPDX-License-Identifier: Apache-2.0
// A discovery plugin: one "host" or "host:port" per line of a file becomes a target.
#include <narthex/sdk/discovery.hpp>

#include <fstream>
#include <string>
#include <utility>

namespace sdk = narthex::sdk;

class @CLASS@ {
 public:
  static constexpr std::string_view kName = "@NAME@";
  static constexpr std::string_view kSummary = "Targets from a text file, one per line";
  static constexpr std::uint32_t kDefaultIntervalMs = 30'000;

  struct Options {
    std::string path;
    std::int64_t port = 0;
  };
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"path", &Options::path, sdk::required, "The file to read.", "path"},
      {"port",
       &Options::port,
       "9100",
       "Port of lines without one.",
       {},
       R"("minimum": 1, "maximum": 65535)"},
  };

  @CLASS@(sdk::Host, Options options) : options_(std::move(options)) {}

  // The host calls this every interval, on a worker; an exception leaves the targets as they were.
  narthex::Status refresh(sdk::DiscoverySink& sink) {
    std::ifstream in(options_.path);
    if (!in) return {NX_ERR_UNAVAILABLE, "cannot open " + options_.path, 5000};
    sdk::TargetGroup group{options_.path, {{"__meta_@NAME@_path", options_.path}}, {}};
    for (std::string line; std::getline(in, line);) {
      if (line.empty() || line.front() == '#') continue;
      if (line.find(':') == std::string::npos) line += ':' + std::to_string(options_.port);
      group.targets.push_back({{"__address__", line}});
    }
    return sink.update(group);
  }

 private:
  const Options options_;
};

NARTHEX_PLUGIN("@ID@", "1.0.0", "Targets from a text file",
               sdk::Discovery<@CLASS@>)
