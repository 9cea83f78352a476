// SPDX-License-Identifier: Apache-2.0
#include "host/path_watcher.hpp"

#include "runtime/thread.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::host {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
                                IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

struct PathWatcher::Impl : std::enable_shared_from_this<PathWatcher::Impl> {
  struct Watch {
    int descriptor = -1;
    std::string name;  // of the file in its folder; empty: the whole folder
    std::function<void()> changed;
    bool pending = false;  // guarded by Impl::mutex
    runtime::Timer timer;  // guarded by Impl::mutex
  };
  using Watches = std::map<std::uint64_t, std::shared_ptr<Watch>>;

  explicit Impl(runtime::Executor& e) : executor(e) {}
  ~Impl() {
    if (inotify_fd >= 0) ::close(inotify_fd);
    if (wake_fd >= 0) ::close(wake_fd);
  }

  // REQUIRES: mutex held.
  Status begin() {
    if (inotify_fd >= 0) return Status();
    inotify_fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (inotify_fd < 0) return io_error("inotify: " + std::string(std::strerror(errno)));
    wake_fd = ::eventfd(0, EFD_CLOEXEC);
    thread = runtime::Thread::start({.name = "watch"}, [this] { loop(); });
    if (wake_fd >= 0 && thread) return Status();
    return io_error("cannot start a thread that watches files");
  }

  void loop() {
    std::array<pollfd, 2> wanted = {pollfd{inotify_fd, POLLIN, 0}, pollfd{wake_fd, POLLIN, 0}};
    while (true) {
      if (::poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR) return;
      if ((wanted[1].revents & POLLIN) != 0) return;
      read_events();
    }
  }

  void read_events() {
    alignas(inotify_event) std::array<char, 16 * 1024> buffer;
    const ssize_t size = ::read(inotify_fd, buffer.data(), buffer.size());
    const std::lock_guard lock(mutex);
    for (ssize_t at = 0; at + static_cast<ssize_t>(sizeof(inotify_event)) <= size;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      take(event, event.len != 0 ? std::string_view(name) : std::string_view());
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }

  // REQUIRES: mutex held.
  void take(const inotify_event& event, std::string_view name) {
    const bool about_all = (event.mask & IN_Q_OVERFLOW) != 0;
    // Mounted Kubernetes volumes swap the link "..data" beside the file.
    const bool about_folder = name.empty() || name.starts_with("..");
    for (auto& [id, watch] : watches) {
      if (!about_all && watch->descriptor != event.wd) continue;
      if (about_all || about_folder || watch->name.empty() || watch->name == name) schedule(watch);
    }
  }

  // REQUIRES: mutex held.
  void schedule(const std::shared_ptr<Watch>& watch) {
    if (std::exchange(watch->pending, true)) return;
    watch->timer =
        executor.after(kBurstMs, runtime::Pool::kWorker,
                       [weak_watch = std::weak_ptr<Watch>(watch), weak = weak_from_this()] {
                         const auto self = weak.lock();
                         const auto due = weak_watch.lock();
                         if (self == nullptr || due == nullptr) return;
                         {
                           const std::lock_guard lock(self->mutex);
                           due->pending = false;
                         }
                         due->changed();
                       });
  }

  void remove(std::uint64_t id) {
    std::shared_ptr<Watch> gone;  // dies after the lock
    const std::lock_guard lock(mutex);
    const auto at = watches.find(id);
    if (at == watches.end()) return;
    gone = at->second;
    gone->timer.cancel();
    watches.erase(at);
    for (const auto& [other_id, other] : watches) {
      if (other->descriptor == gone->descriptor) return;
    }
    ::inotify_rm_watch(inotify_fd, gone->descriptor);
  }

  void stop() {
    runtime::Thread ending;
    {
      const std::lock_guard lock(mutex);
      watches.clear();
      ending = std::move(thread);
      if (wake_fd >= 0) (void)!::eventfd_write(wake_fd, 1);
    }
    ending.join();
  }

  runtime::Executor& executor;
  std::mutex mutex;
  // Guarded by mutex; the descriptors are constant once the thread runs.
  int inotify_fd = -1;
  int wake_fd = -1;
  runtime::Thread thread;
  Watches watches;
  std::uint64_t next_id = 0;
};

PathWatcher::PathWatcher(runtime::Executor& executor) : impl_(std::make_shared<Impl>(executor)) {}
PathWatcher::~PathWatcher() { impl_->stop(); }

Result<std::shared_ptr<void>> PathWatcher::watch(const std::string& path,
                                                 std::function<void()> changed) {
  std::error_code error;
  const bool whole = fs::is_directory(path, error);
  fs::path folder = whole ? fs::path(path) : fs::path(path).parent_path();
  if (folder.empty()) folder = ".";
  auto watch = std::make_shared<Impl::Watch>();
  if (!whole) watch->name = fs::path(path).filename().string();
  watch->changed = std::move(changed);

  const std::lock_guard lock(impl_->mutex);
  if (Status status = impl_->begin(); !status.ok()) return status;
  watch->descriptor = ::inotify_add_watch(impl_->inotify_fd, folder.c_str(), kMask);
  if (watch->descriptor < 0) {
    const std::string why = std::strerror(errno);
    return Status(errno == ENOENT ? NX_ERR_NOT_FOUND : NX_ERR_IO,
                  "cannot watch " + folder.string() + ": " + why);
  }
  const std::uint64_t id = ++impl_->next_id;
  impl_->watches.emplace(id, std::move(watch));
  return std::shared_ptr<void>(nullptr, [weak = std::weak_ptr<Impl>(impl_), id](void*) {
    if (const auto impl = weak.lock()) impl->remove(id);
  });
}

}  // namespace narthex::host
