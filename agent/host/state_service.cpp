// SPDX-License-Identifier: Apache-2.0
#include "host/state_service.hpp"

#include "host/plugin_instance.hpp"
#include "host/value_codec.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/text.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace narthex::host {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeyMax = 100;

Status failed(const std::string& what, const std::string& path) {
  const int error = errno;
  return {error == ENOSPC ? NX_ERR_EXHAUSTED : NX_ERR_IO,
          what + ' ' + path + ": " + std::strerror(error)};
}

Status sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed("cannot open", path);
  const bool ok = ::fsync(fd) == 0;
  Status status = ok ? Status() : failed("cannot sync", path);
  ::close(fd);
  return status;
}

Status write_synced(const std::string& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed("cannot create", path);
  Status status;
  while (!bytes.empty() && status.ok()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      status = failed("cannot write", path);
    }
  }
  if (status.ok() && ::fsync(fd) != 0) status = failed("cannot sync", path);
  ::close(fd);
  return status;
}

}  // namespace

std::string as_file_name(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string name;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !name.empty());
    if (plain) {
      name += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    ((name += '%') += kDigits[byte >> 4]) += kDigits[byte & 15];
  }
  return name;
}

StateFolder::StateFolder(const std::string& data_dir, std::string_view instance)
    : state_((fs::path(data_dir) / "state").string()),
      folder_((fs::path(state_) / as_file_name(instance)).string()) {}

std::string StateFolder::path_of(std::string_view key) const {
  return (fs::path(folder_) / as_file_name(key)).string();
}

Result<std::string> StateFolder::read(std::string_view key) const {
  std::ifstream in(path_of(key), std::ios::binary);
  if (!in) return not_found("no state is stored under " + std::string(key));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Status StateFolder::make_room(std::string_view key, std::uint64_t bytes) const {
  std::uint64_t sum = bytes;
  std::error_code error;
  const std::string own = path_of(key);
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path() == own || entry.path().extension() == ".new") continue;
    const std::uint64_t size = entry.file_size(error);
    if (!error) sum += size;
  }
  if (sum <= kBytesMax) return Status();
  return {NX_ERR_EXHAUSTED, "the state of an instance may have 1 MiB in all"};
}

Status StateFolder::write(std::string_view key, std::string_view bytes) const {
  std::error_code error;
  const bool made = fs::create_directories(folder_, error);
  if (error) return io_error("cannot create " + folder_ + ": " + error.message());
  if (Status status = make_room(key, bytes.size()); !status.ok()) return status;
  const std::string path = path_of(key);
  const std::string fresh = path + ".new";
  Status status = write_synced(fresh, bytes);
  if (status.ok() && ::rename(fresh.c_str(), path.c_str()) != 0) {
    status = failed("cannot rename to", path);
  }
  if (!status.ok()) {
    ::unlink(fresh.c_str());
    return status;
  }
  // A new folder is durable once its parent is.
  if (made) {
    if (Status parent = sync_folder(state_); !parent.ok()) return parent;
  }
  return sync_folder(folder_);
}

namespace {

StateFolder folder_of(const nx_host* host) {
  auto& instance = static_cast<PluginInstance&>(Instance::of(host));
  return {instance.context().options.data_dir, instance.name()};
}

Status check_key(nx_str key) {
  if (key.len != 0 && key.len <= kKeyMax && key.ptr != nullptr) return Status();
  return invalid_argument("a state key has 1 to 100 bytes");
}

nx_status get(const nx_host* host, nx_str key, nx_value_sink sink, void* sink_ctx, nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    if (Status status = check_key(key); !status.ok()) return status;
    const Result<std::string> bytes = folder_of(host).read(view(key));
    if (!bytes.ok()) return bytes.status();
    sdk::TreeArena arena;
    const Result<nx_value> value = decode_value(*bytes, arena);
    if (!value.ok()) return value.status();
    sink(sink_ctx, &*value);
    return Status();
  });
}

nx_status put(const nx_host* host, nx_str key, const nx_value* value, nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    if (Status status = check_key(key); !status.ok()) return status;
    if (value == nullptr) return invalid_argument("put needs a value");
    const Result<std::string> bytes = encode_value(*value);
    if (!bytes.ok()) return bytes.status();
    return folder_of(host).write(view(key), *bytes);
  });
}

}  // namespace

const nx_ext_state kStateService = {sizeof(nx_ext_state), 0, &get, &put};

}  // namespace narthex::host
