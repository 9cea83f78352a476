// SPDX-License-Identifier: Apache-2.0
#include "check/process_state.hpp"

#include <chrono>
#include <clocale>
#include <cstring>
#include <filesystem>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

extern char** environ;

namespace narthex::check {
namespace {

namespace fs = std::filesystem;

std::vector<std::uintptr_t> signal_handlers() {
  std::vector<std::uintptr_t> handlers;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) != 0) {
      handlers.push_back(0);
    } else if ((action.sa_flags & SA_SIGINFO) != 0) {
      handlers.push_back(reinterpret_cast<std::uintptr_t>(action.sa_sigaction));
    } else {
      handlers.push_back(reinterpret_cast<std::uintptr_t>(action.sa_handler));
    }
  }
  return handlers;
}

std::map<int, std::string> open_files() {
  std::map<int, std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd", error)) {
    std::error_code gone;
    const std::string to = fs::read_symlink(entry.path(), gone).string();
    // The listing itself.
    if (!gone && to.find("/fd") == std::string::npos) {
      files.emplace(std::atoi(entry.path().filename().c_str()), to);
    }
  }
  return files;
}

std::set<std::string> thread_ids() {
  std::set<std::string> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc/self/task", error)) {
    ids.insert(entry.path().filename());
  }
  return ids;
}

std::string whole_environment() {
  std::string text;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    (text += *each) += '\n';
  }
  return text;
}

}  // namespace

ProcessState ProcessState::now() {
  ProcessState state;
  state.handlers_ = signal_handlers();
  std::error_code error;
  state.folder_ = fs::current_path(error).string();
  const char* const locale = std::setlocale(LC_ALL, nullptr);
  state.locale_ = locale != nullptr ? locale : "";
  state.environment_ = whole_environment();
  state.mask_ = ::umask(0);
  ::umask(state.mask_);
  state.files_ = open_files();
  state.threads_ = thread_ids();
  return state;
}

std::string ProcessState::new_files(const ProcessState& before) const {
  std::string text;
  for (const auto& [fd, to] : files_) {
    if (before.files_.contains(fd)) continue;
    if (!text.empty()) text += ", ";
    text += "fd " + std::to_string(fd) + " (" + to + ')';
  }
  return text;
}

void ProcessState::compare(const ProcessState& before, const std::string& who, bool all,
                           const char* files_rule, Reporter& report) const {
  for (std::size_t i = 0; i < handlers_.size() && i < before.handlers_.size(); ++i) {
    if (handlers_[i] == before.handlers_[i]) continue;
    const char* const name = ::sigabbrev_np(static_cast<int>(i) + 1);
    report.find("NXR-ERR-3", who + " installs a handler for SIG" +
                                 (name != nullptr ? std::string(name) : std::to_string(i + 1)));
  }
  if (folder_ != before.folder_) report.find("NXR-ERR-3", who + " changes the working directory");
  if (locale_ != before.locale_) report.find("NXR-ERR-3", who + " changes the locale");
  if (mask_ != before.mask_) report.find("NXR-ERR-3", who + " changes the umask");
  if (environment_ != before.environment_) {
    report.find("NXR-ERR-3", who + " changes the environment");
  }
  if (!all) return;
  if (const std::string files = new_files(before); !files.empty()) {
    report.find(files_rule, who + " leaves files open: " + files);
  }
  if (threads_.size() > before.threads_.size()) {
    report.find(files_rule, who + " leaves threads running");
  }
}

void start_runtime_threads() {
  static const bool done = [] {
    std::string id;
    std::thread([&] { id = std::to_string(::gettid()); }).join();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (thread_ids().contains(id) && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    return true;
  }();
  (void)done;
}

std::size_t thread_count() { return thread_ids().size(); }

bool threads_come_down_to(std::size_t count) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (thread_ids().size() > count) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace narthex::check
