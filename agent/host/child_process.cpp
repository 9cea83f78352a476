// SPDX-License-Identifier: Apache-2.0
#include "host/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

extern char** environ;

namespace narthex::host {
namespace {

// Where the child finds its ends of calls, news and the box.
constexpr int kFirstDescriptor = 3;

std::string describe_end(int status) {
  if (!WIFSIGNALED(status)) return "ended with status " + std::to_string(WEXITSTATUS(status));
  const char* const name = ::sigabbrev_np(WTERMSIG(status));
  return std::string("was killed by ") + (name != nullptr
                                              ? "SIG" + std::string(name)
                                              : "signal " + std::to_string(WTERMSIG(status)));
}

// Ends above those that the child will use, so that no dup2 closes the source of another.
Result<ProcessLink> moved_up(int descriptor) {
  const int up = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
  if (up < 0) return Status(NX_ERR_EXHAUSTED, std::string("fcntl: ") + std::strerror(errno));
  return ProcessLink(up);
}

int spawn(const std::string& program, const std::array<int, 3>& ends, pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  // What a plugin prints is nobody's output.
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  for (int i = 0; i < 3; ++i) {
    posix_spawn_file_actions_adddup2(&files, ends[static_cast<std::size_t>(i)],
                                     kFirstDescriptor + i);
  }
  // Libraries open descriptors that exec does not close.
  posix_spawn_file_actions_addclosefrom_np(&files, kFirstDescriptor + 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  // A group of its own: Ctrl-C at a terminal is for the agent, which ends its children in order.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string name = "narthex";
  std::string verb = "plugin-host";
  const std::array<char*, 3> arguments = {name.data(), verb.data(), nullptr};
  const int failed = ::posix_spawn(&pid, program.c_str(), &files, &attributes,
                                   const_cast<char* const*>(arguments.data()), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return failed;
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const std::string& program) {
  Result<LinkPair> calls = make_link_pair();
  if (!calls.ok()) return calls.status();
  Result<LinkPair> news = make_link_pair();
  if (!news.ok()) return news.status();
  Result<CallBox> box = CallBox::make();
  if (!box.ok()) return box.status();
  const Result<ProcessLink> calls_end = moved_up(calls->child.descriptor());
  if (!calls_end.ok()) return calls_end.status();
  const Result<ProcessLink> news_end = moved_up(news->child.descriptor());
  if (!news_end.ok()) return news_end.status();
  const Result<ProcessLink> box_end = moved_up(box->descriptor());
  if (!box_end.ok()) return box_end.status();
  pid_t pid = 0;
  const int failed =
      spawn(program, {calls_end->descriptor(), news_end->descriptor(), box_end->descriptor()}, pid);
  if (failed != 0) {
    return unavailable("cannot run " + program + " plugin-host: " + std::strerror(failed));
  }
  return std::unique_ptr<ChildProcess>(
      new ChildProcess(pid, *std::move(box), std::move(calls->agent), std::move(news->agent)));
}

ChildProcess::~ChildProcess() { (void)end(0); }

std::string ChildProcess::end(std::int64_t grace_ms) {
  if (ended_) return fate_;
  int status = 0;
  for (std::int64_t waited_ms = 0; waited_ms < grace_ms; waited_ms += 2) {
    if (::waitpid(pid_, &status, WNOHANG) != 0) {
      ended_ = true;
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  if (!ended_) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    ended_ = true;
    // It may have died of something else just before.
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) died_of_ = WTERMSIG(status);
  } else if (WIFSIGNALED(status)) {
    died_of_ = WTERMSIG(status);
  }
  fate_ = describe_end(status);
  return fate_;
}

}  // namespace narthex::host
