// SPDX-License-Identifier: Apache-2.0
#include "app_options.hpp"

#include "runtime/memory_size.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <thread>

namespace narthex {

std::vector<std::string> plugin_folders(const config::Config& config) {
  std::vector<std::string> folders = config.plugin_dirs;
  std::error_code failed;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (!failed) {
    folders.push_back((program.parent_path().parent_path() / "lib/narthex/plugins").string());
  }
  return folders;
}

runtime::ExecutorOptions executor_options(const config::Config& config) {
  runtime::ExecutorOptions options;
  const int cores = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1u));
  options.query_threads_max = cores + config.query.max_concurrency;
  return options;
}

query::Options query_options(const config::Config& config) {
  const std::uint64_t memory = runtime::memory_limit_bytes();
  query::Options options;
  options.max_concurrency = config.query.max_concurrency;
  options.at_once = static_cast<int>(std::max(std::thread::hardware_concurrency(), 2u));
  options.max_memory = config.query.max_memory != 0 ? config.query.max_memory : memory / 8;
  options.max_memory_all =
      config.query.max_memory_all != 0 ? config.query.max_memory_all : memory / 5;
  options.journal_path =
      (std::filesystem::path(config.storage.data_dir) / "queries.active").string();
  return options;
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 && name[0] != 0 ? name : "localhost";
}

}  // namespace narthex
