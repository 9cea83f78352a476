// SPDX-License-Identifier: Apache-2.0
// file_discovery.hpp - the component "file": target files, looked at when the host says that their
// folder changed and every refresh_interval.
#pragma once

#include "plugins/discovery/file/file_reader.hpp"
#include "plugins/discovery/file/target_files.hpp"

#include <narthex/sdk/discovery.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::file_discovery {

class FileDiscovery {
 public:
  static constexpr std::string_view kName = "file";
  static constexpr std::string_view kSummary = "Target groups in JSON, YAML and TOML files";
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_TASKS), NX_STR(NX_EXT_TEXT)};

  struct Options {
    const nx_value* files = nullptr;
    std::int64_t refresh_interval_ms = 0;
  };
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"files",
       &Options::files,
       {},
       "Paths of target files; the last part of a path may have a '*'.",
       {},
       R"("type": "array", "items": {"type": "string", "format": "path"},
          "examples": [["targets/*.json"]])"},
      {"refresh_interval", &Options::refresh_interval_ms, "\"5m\"",
       "How often files are looked at even when nothing says that they changed.", "duration",
       R"("minimum": 1)"},
  };

  FileDiscovery(sdk::Host host, Options options);
  static Status validate(sdk::Host host, const Options& options, sdk::Value config);

  // Publishes what is there before it returns.
  Status run(sdk::DiscoverySink sink);

 private:
  static void NX_CALL look(void* self) noexcept;
  void poll();
  void watch_folders();
  Result<std::vector<sdk::TargetGroup>> parse(const std::string& path, std::string_view text) const;

  const sdk::Host host_;
  const nx_ext_tasks& tasks_;
  const std::vector<std::string> patterns_;
  const std::int64_t refresh_interval_ms_;
  const sdk::Cell read_errors_;
  const sdk::Cell watcher_errors_;
  const sdk::Cell scan_seconds_;
  const sdk::Cell scans_;
  DiskReader reader_;

  std::mutex mutex_;                    // a timer and a watch may meet
  std::optional<TargetFiles> files_;    // guarded by mutex_
  std::vector<std::string> unwatched_;  // guarded by mutex_: folders without a watch
};

}  // namespace narthex::file_discovery
