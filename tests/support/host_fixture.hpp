// SPDX-License-Identifier: Apache-2.0
// host_fixture.hpp - a plugin host over an executor that the test moves by hand, with folders of
// its own. One thread.
#pragma once

#include "bus/bus.hpp"
#include "host/plugin_host.hpp"
#include "support/manual_executor.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::test {

// A folder under the system's one for temporary files; gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "narthex-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

// Everything that a line of the log says while it lives.
class CapturedLog {
 public:
  CapturedLog() { telemetry::capture_log(&lines_); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  ~CapturedLog() { telemetry::capture_log(nullptr); }
  std::string lines() const { return telemetry::captured_log(); }
  bool has(std::string_view text) const { return lines().find(text) != std::string::npos; }

 private:
  std::string lines_;
};

struct HostFixture {
  explicit HostFixture(std::vector<std::string> folders = {}) {
    host::HostOptions options;
    options.plugin_dirs = std::move(folders);
    // Whatever the umask of the build was: the agent refuses what others could write to.
    for (const std::string& folder : options.plugin_dirs) close_to_others(folder);
    options.data_dir = data.path().string();
    options.agent_version = "0.1.0-test";
    plugins = std::make_unique<host::PluginHost>(
        std::move(options), host::HostServices{executor, registry, bus, nullptr});
  }

  static void close_to_others(const std::filesystem::path& folder) {
    namespace fs = std::filesystem;
    const auto others = fs::perms::group_write | fs::perms::others_write;
    std::error_code ignored;
    fs::permissions(folder, others, fs::perm_options::remove, ignored);
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      if (entry.path().extension() == ".so") {
        fs::permissions(entry.path(), others, fs::perm_options::remove, ignored);
      }
    }
  }

  Result<std::shared_ptr<host::Instance>> create(std::string_view interface_id,
                                                 std::string_view component,
                                                 const nx_value* config = nullptr,
                                                 std::string name = {}) {
    host::InstanceRequest request;
    request.interface_id = interface_id;
    request.kind = "example";
    request.component = component;
    request.name = name.empty() ? "example." + std::string(component) : std::move(name);
    request.config = config;
    return plugins->create(request);
  }

  std::int64_t soon_ns() { return executor.clock().mono_ns() + 1'000'000'000; }

  CapturedLog log;
  TemporaryFolder data;
  ManualExecutor executor;
  telemetry::Registry registry;
  bus::Bus bus{executor, registry};
  std::unique_ptr<host::PluginHost> plugins;
};

}  // namespace narthex::test
