// SPDX-License-Identifier: Apache-2.0
#include "check/child.hpp"

#include "check/fault.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <csignal>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace narthex::check {
namespace {

using Clock = std::chrono::steady_clock;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "narthex-check-XXXXXX";
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Running {
  pid_t pid = -1;
  int lines = -1;    // the pipe's end to read from
  int printed = -1;  // what it wrote to stdout and stderr
};

void run_body(Reporter& report, const std::function<void(Reporter&)>& body) {
  try {
    body(report);
  } catch (const std::exception& e) {
    report.find("NXR-ERR-2", current_entry() + " let an exception through: " + e.what());
  } catch (...) {
    report.find("NXR-ERR-2", current_entry() + " let an exception through");
  }
  report.end();
}

[[noreturn]] void be_the_child(int lines, int printed, const std::string& folder,
                               const std::function<void(Reporter&)>& body) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::dup2(printed, STDOUT_FILENO);
  ::dup2(printed, STDERR_FILENO);
  if (::chdir(folder.c_str()) != 0) ::_exit(2);
  listen_for_faults(lines);
  Reporter report(lines);
  run_body(report, body);
  std::fflush(nullptr);
  ::_exit(0);
}

Running start_child(const std::string& folder, const std::function<void(Reporter&)>& body) {
  Running child;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return child;
  child.printed = ::memfd_create("printed", MFD_CLOEXEC);
  std::fflush(nullptr);  // else the child would write what is buffered here once more
  child.pid = ::fork();
  if (child.pid == 0) {
    ::close(ends[0]);
    be_the_child(ends[1], child.printed, folder, body);
  }
  ::close(ends[1]);
  child.lines = ends[0];
  return child;
}

// Everything the child says, until it has ended or the time is up; false then.
bool listen_to(const Running& child, std::int64_t timeout_ms, std::string& lines) {
  const auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
  char part[4096];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    pollfd waiting{child.lines, POLLIN, 0};
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready == 0) return false;
    if (ready < 0 && errno == EINTR) continue;
    const ssize_t size = ::read(child.lines, part, sizeof part);
    if (size <= 0) return true;
    lines.append(part, static_cast<std::size_t>(size));
  }
}

std::string printed_by(const Running& child) {
  char text[200];
  const ssize_t size = ::pread(child.printed, text, sizeof text, 0);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

void judge_end(int status, bool ended, const std::string& lines, Outcome& outcome) {
  const std::string where = last_entry();
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGABRT) {
      outcome.findings.push_back({"NXR-ERR-3", where + " aborts the process"});
    } else {
      const char* const name = ::sigabbrev_np(signal);
      outcome.findings.push_back(
          {"NXR-ERR-4", where + " crashed with SIG" + (name != nullptr ? name : "?")});
    }
  } else if (!ended && lines.find("F\t") == std::string::npos) {
    outcome.findings.push_back({"NXR-ERR-3", where + " ends the process with status " +
                                                 std::to_string(WEXITSTATUS(status))});
  }
}

}  // namespace

void run_in_child(const ChildOptions& options, Outcome& outcome,
                  const std::function<void(Reporter&)>& body) {
  const auto begin = Clock::now();
  const TemporaryFolder folder;
  share_current_entry();
  set_current_entry("loading");
  if (options.in_process) {
    const int printed = ::memfd_create("lines", MFD_CLOEXEC);
    const std::filesystem::path back = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    Reporter report(printed);
    run_body(report, body);
    std::filesystem::current_path(back);
    std::string lines(static_cast<std::size_t>(::lseek(printed, 0, SEEK_END)), '\0');
    if (::pread(printed, lines.data(), lines.size(), 0) < 0) lines.clear();
    ::close(printed);
    (void)Reporter::read(lines, outcome);
  } else {
    const Running child = start_child(folder.path(), body);
    std::string lines;
    const bool in_time = listen_to(child, options.timeout_ms, lines);
    if (!in_time) ::kill(-child.pid, SIGKILL);
    int status = 0;
    while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    const bool ended = Reporter::read(lines, outcome);
    if (!in_time) {
      outcome.findings.push_back({"NXR-ERR-5", last_entry() + " did not return within " +
                                                   std::to_string(options.timeout_ms / 1000) +
                                                   " s"});
    } else {
      judge_end(status, ended, lines, outcome);
    }
    if (const std::string text = printed_by(child); !text.empty()) {
      outcome.findings.push_back({"NXR-ERR-3", last_entry() + " or a call before prints: " + text});
    }
    ::close(child.lines);
    ::close(child.printed);
  }
  outcome.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace narthex::check
