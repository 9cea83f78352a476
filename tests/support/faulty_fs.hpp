// SPDX-License-Identifier: Apache-2.0
// faulty_fs.hpp - the fault-injecting twin of storage/fs: a file system in memory that knows what
// is durable. Any call can be made to fail, space can run out, writes can stop half-way, and the
// power can be cut: what was not synced, names of files included, is gone then. Thread-safe.
#pragma once

#include "storage/fs/file_system.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace narthex::test {

enum class Call {
  kOpen,
  kRead,
  kAppend,
  kSync,
  kTruncate,
  kAllocate,
  kRename,
  kLink,
  kUnlink,
  kList,
  kMakeDirectory,
  kSyncDirectory,
  kCount
};

// What of the unsynced content a power cut leaves.
enum class Cut { kDropAll, kKeepPrefix, kZeroHoles };

class FaultyFileSystem final : public storage::fs::FileSystem {
 public:
  using Status = storage::fs::Status;
  template <class T>
  using Result = storage::fs::Result<T>;

  // The n-th call (from 1) of the kind from now on fails; with `sticky` all after it do as well.
  void fail(Call kind, int n, int error, bool sticky = false) {
    const std::lock_guard lock(mutex_);
    faults_[static_cast<std::size_t>(kind)] = {n, error, sticky};
  }
  // The n-th call of any kind that can write fails.
  void fail_any(int n, int error, bool sticky = false) {
    const std::lock_guard lock(mutex_);
    any_ = {n, error, sticky};
  }
  void heal() {
    const std::lock_guard lock(mutex_);
    faults_ = {};
    any_ = {};
  }
  bool fired() const {
    const std::lock_guard lock(mutex_);
    return fired_ != 0;
  }
  void forget_fired() {
    const std::lock_guard lock(mutex_);
    fired_ = 0;
  }
  void set_capacity(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    capacity_ = bytes;
  }
  std::uint64_t calls(Call kind) const {
    const std::lock_guard lock(mutex_);
    return counts_[static_cast<std::size_t>(kind)];
  }

  // Open handles go on writing into files that nobody sees: let go of them first.
  void power_cut(Cut cut = Cut::kDropAll, std::uint32_t seed = 1) {
    const std::lock_guard lock(mutex_);
    std::mt19937 random(seed);
    names_ = durable_names_;
    for (auto& [path, node] : names_) lose(*node, cut, random);
  }

  std::vector<std::uint8_t>& content(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return names_.at(path)->bytes;
  }
  bool exists(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    return names_.count(path) != 0;
  }
  // A copy of what is there, all of it durable.
  std::unique_ptr<FaultyFileSystem> copy() const {
    const std::lock_guard lock(mutex_);
    auto other = std::make_unique<FaultyFileSystem>();
    other->folders_ = folders_;
    for (const auto& [path, node] : names_) {
      auto twin = std::make_shared<Node>(*node);
      twin->durable = twin->bytes;
      other->names_[path] = other->durable_names_[path] = twin;
    }
    return other;
  }

  Result<std::unique_ptr<storage::fs::AppendFile>> open_append(
      const std::string& path, storage::fs::OpenMode mode) override {
    const std::lock_guard lock(mutex_);
    if (const int e = fault(Call::kOpen)) return Status(e, "open", path);
    auto& node = names_[path];
    if (node != nullptr && mode == storage::fs::OpenMode::kCreate) {
      return Status(EEXIST, "open", path);
    }
    if (node == nullptr) node = std::make_shared<Node>();
    if (mode == storage::fs::OpenMode::kTruncate) node->bytes.clear();
    return std::unique_ptr<storage::fs::AppendFile>(std::make_unique<Writer>(*this, node, path));
  }
  Result<std::unique_ptr<storage::fs::ReadableFile>> open_read(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (const int e = fault(Call::kRead)) return Status(e, "open", path);
    const auto at = names_.find(path);
    if (at == names_.end()) return Status(ENOENT, "open", path);
    return std::unique_ptr<storage::fs::ReadableFile>(
        std::make_unique<Reader>(*this, at->second, path));
  }
  Status rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    if (const int e = fault(Call::kRename)) return {e, "rename", from};
    const auto at = names_.find(from);
    if (at == names_.end()) return {ENOENT, "rename", from};
    names_[to] = at->second;
    names_.erase(from);
    return {};
  }
  Status link(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    if (const int e = fault(Call::kLink)) return {e, "link", to};
    if (names_.count(from) == 0) return {ENOENT, "link", to};
    if (!names_.emplace(to, names_[from]).second) return {EEXIST, "link", to};
    return {};
  }
  Status unlink(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (const int e = fault(Call::kUnlink)) return {e, "remove", path};
    return names_.erase(path) != 0 ? Status() : Status(ENOENT, "remove", path);
  }
  Result<std::vector<std::string>> list(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (const int e = fault(Call::kList)) return Status(e, "list", path);
    std::vector<std::string> names;
    for (const auto& [name, node] : names_) {
      if (is_in(name, path)) names.push_back(name.substr(path.size() + 1));
    }
    return names;
  }
  Status make_directory(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (const int e = fault(Call::kMakeDirectory)) return {e, "make folder", path};
    folders_.push_back(path);
    return {};
  }
  Status sync_directory(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (const int e = fault(Call::kSyncDirectory)) return {e, "sync folder", path};
    std::erase_if(durable_names_, [&](const auto& entry) { return is_in(entry.first, path); });
    for (const auto& [name, node] : names_) {
      if (is_in(name, path)) durable_names_[name] = node;
    }
    return {};
  }
  Result<std::uint64_t> free_bytes(const std::string&) override {
    const std::lock_guard lock(mutex_);
    const std::uint64_t used_now = used();
    return used_now < capacity_ ? capacity_ - used_now : 0;
  }
  Result<std::uint64_t> total_bytes(const std::string&) override {
    const std::lock_guard lock(mutex_);
    return capacity_;
  }
  Result<std::unique_ptr<storage::fs::FileLock>> lock(const std::string& path) override {
    const std::lock_guard guard(mutex_);
    std::weak_ptr<int>& holder = locks_[path];
    if (!holder.expired()) return Status(EWOULDBLOCK, "lock (held by process 1)", path);
    auto token = std::make_shared<int>(0);
    holder = token;
    return std::unique_ptr<storage::fs::FileLock>(std::make_unique<Lock>(token));
  }

 private:
  struct Fault {
    int n = 0;
    int error = 0;
    bool sticky = false;
  };
  struct Node {
    std::vector<std::uint8_t> bytes;
    std::vector<std::uint8_t> durable;
    std::uint64_t allocated = 0;
    std::size_t suspect = std::numeric_limits<std::size_t>::max();  // first byte a failed sync lost
  };
  struct Lock final : storage::fs::FileLock {
    explicit Lock(std::shared_ptr<int> t) : token(std::move(t)) {}
    std::shared_ptr<int> token;
  };

  class Writer final : public storage::fs::AppendFile {
   public:
    Writer(FaultyFileSystem& files, std::shared_ptr<Node> node, std::string path)
        : files_(files), node_(std::move(node)), path_(std::move(path)) {}
    Status append(storage::fs::ByteView bytes) override {
      const std::lock_guard lock(files_.mutex_);
      int e = files_.fault(Call::kAppend);
      std::size_t take = e != 0 ? bytes.size() / 2 : bytes.size();
      const std::uint64_t room = files_.room_for(*node_);
      if (take > room) {
        take = room;
        e = ENOSPC;
      }
      node_->bytes.insert(node_->bytes.end(), bytes.begin(),
                          bytes.begin() + static_cast<std::ptrdiff_t>(take));
      return e != 0 ? Status(e, "write", path_) : Status();
    }
    // A failed sync loses the pages for good: a later one succeeds without having written them.
    Status sync() override {
      const std::lock_guard lock(files_.mutex_);
      const int e = files_.fault(Call::kSync);
      if (e != 0) {
        node_->suspect = std::min(node_->suspect, node_->durable.size());
        return {e, "sync", path_};
      }
      std::vector<std::uint8_t> now = node_->bytes;
      for (std::size_t i = node_->suspect; i < now.size(); ++i) now[i] = 0;
      node_->durable = std::move(now);
      return {};
    }
    Status truncate(std::uint64_t bytes) override {
      const std::lock_guard lock(files_.mutex_);
      if (const int e = files_.fault(Call::kTruncate)) return {e, "truncate", path_};
      node_->bytes.resize(bytes);
      node_->allocated = 0;
      return {};
    }
    Status allocate(std::uint64_t bytes) override {
      const std::lock_guard lock(files_.mutex_);
      if (const int e = files_.fault(Call::kAllocate)) return {e, "allocate", path_};
      const std::uint64_t has = std::max<std::uint64_t>(node_->bytes.size(), node_->allocated);
      if (bytes > has && files_.used() + (bytes - has) > files_.capacity_) {
        return {ENOSPC, "allocate", path_};
      }
      node_->allocated = std::max(node_->allocated, bytes);
      return {};
    }

   private:
    FaultyFileSystem& files_;
    const std::shared_ptr<Node> node_;
    const std::string path_;
  };

  class Reader final : public storage::fs::ReadableFile {
   public:
    Reader(FaultyFileSystem& files, std::shared_ptr<Node> node, std::string path)
        : files_(files), node_(std::move(node)), path_(std::move(path)) {}
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const override {
      const std::lock_guard lock(files_.mutex_);
      if (const int e = files_.fault(Call::kRead)) return Status(e, "read", path_);
      if (offset >= node_->bytes.size()) return std::size_t{0};
      const std::size_t take = std::min<std::size_t>(out.size(), node_->bytes.size() - offset);
      std::copy_n(node_->bytes.begin() + static_cast<std::ptrdiff_t>(offset), take, out.begin());
      return take;
    }
    Result<std::uint64_t> size() const override {
      const std::lock_guard lock(files_.mutex_);
      return std::uint64_t{node_->bytes.size()};
    }

   private:
    FaultyFileSystem& files_;
    const std::shared_ptr<Node> node_;
    const std::string path_;
  };

  static bool is_in(const std::string& name, const std::string& folder) {
    return name.size() > folder.size() + 1 && name.starts_with(folder) &&
           name[folder.size()] == '/' && name.find('/', folder.size() + 1) == std::string::npos;
  }

  static bool count_down(Fault& fault) {
    if (fault.n <= 0) return false;
    if (fault.n > 1) {
      --fault.n;
      return false;
    }
    if (!fault.sticky) fault.n = 0;
    return true;
  }

  int fault(Call kind) {
    ++counts_[static_cast<std::size_t>(kind)];
    Fault& own = faults_[static_cast<std::size_t>(kind)];
    int error = count_down(own) ? own.error : 0;
    const bool reads = kind == Call::kRead || kind == Call::kList;
    if (!reads && count_down(any_)) error = any_.error;
    if (error != 0) ++fired_;
    return error;
  }

  std::uint64_t used() const {
    std::uint64_t sum = 0;
    for (const auto& [path, node] : names_) {
      sum += std::max<std::uint64_t>(node->bytes.size(), node->allocated);
    }
    return sum;
  }
  std::uint64_t room_for(const Node& node) const {
    const std::uint64_t used_now = used();
    const std::uint64_t free = used_now < capacity_ ? capacity_ - used_now : 0;
    const std::uint64_t ahead =
        node.allocated > node.bytes.size() ? node.allocated - node.bytes.size() : 0;
    return free + ahead;
  }

  static void lose(Node& node, Cut cut, std::mt19937& random) {
    std::vector<std::uint8_t> kept = node.durable;
    if (cut != Cut::kDropAll && node.bytes.size() > kept.size()) {
      const std::size_t first = kept.size();
      const std::size_t more = random() % (node.bytes.size() - first + 1);
      kept.insert(kept.end(), node.bytes.begin() + static_cast<std::ptrdiff_t>(first),
                  node.bytes.begin() + static_cast<std::ptrdiff_t>(first + more));
      if (cut == Cut::kZeroHoles && more > 0) {
        const std::size_t hole = first + random() % more;
        const std::size_t end = std::min(kept.size(), hole + 1 + random() % 64);
        std::fill(kept.begin() + static_cast<std::ptrdiff_t>(hole),
                  kept.begin() + static_cast<std::ptrdiff_t>(end), std::uint8_t{0});
      }
    }
    node.bytes = node.durable = std::move(kept);
    node.allocated = 0;
  }

  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, std::shared_ptr<Node>> names_;
  std::map<std::string, std::shared_ptr<Node>> durable_names_;
  std::map<std::string, std::weak_ptr<int>> locks_;
  std::vector<std::string> folders_;
  std::array<Fault, static_cast<std::size_t>(Call::kCount)> faults_{};
  std::array<std::uint64_t, static_cast<std::size_t>(Call::kCount)> counts_{};
  Fault any_;
  int fired_ = 0;
  std::uint64_t capacity_ = std::numeric_limits<std::uint64_t>::max() / 2;
};

}  // namespace narthex::test
