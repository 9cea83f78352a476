// SPDX-License-Identifier: Apache-2.0
// Starts a program at every collection, which lists the descriptors that it inherited into a file.
#include <narthex/sdk/exporter.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>

extern char** environ;

namespace sdk = narthex::sdk;

class Starter {
 public:
  static constexpr std::string_view kName = "starter";
  static constexpr std::string_view kSummary = "Starts programs";
  struct Options {
    std::string out;
  };
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"out", &Options::out, sdk::required, "Where the list goes, whole at any time."},
  };
  Starter(sdk::Host, Options options) : options_(std::move(options)) {}

  void collect(sdk::Collection&) const {
    const std::string unfinished = options_.out + ".unfinished";
    list_into(unfinished);
    std::filesystem::rename(unfinished, options_.out);
  }

 private:
  static void list_into(const std::string& path) {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    std::string program = "ls", option = "-l", folder = "/proc/self/fd";
    const std::array<char*, 4> arguments = {program.data(), option.data(), folder.data(), nullptr};
    pid_t pid = 0;
    const int failed = ::posix_spawn(&pid, "/bin/ls", &files, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    int status = failed;
    while (failed == 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) {
      throw std::filesystem::filesystem_error("/bin/ls did not run", path, std::error_code());
    }
  }

  const Options options_;
};

NARTHEX_PLUGIN("org.example.starter", "1.0.0", "Starts programs", sdk::Exporter<Starter>)
