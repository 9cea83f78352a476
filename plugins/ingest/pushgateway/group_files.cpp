// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/group_files.hpp"

#include "plugins/ingest/pushgateway/group_record.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

namespace narthex::ingest::pushgateway {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".group";
constexpr std::string_view kFreshSuffix = ".new";
constexpr std::size_t kIdDigits = 16;

Status disk_failure(const std::string& what, const std::string& path) {
  const int error = errno;
  return {NX_ERR_IO, what + " " + path + ": " + std::strerror(error)};
}

Status write_and_sync(const std::string& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return disk_failure("cannot create", path);
  Status status;
  while (!bytes.empty() && status.ok()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      status = disk_failure("cannot write", path);
    }
  }
  if (status.ok() && ::fsync(fd) != 0) status = disk_failure("cannot sync", path);
  ::close(fd);
  return status;
}

Status sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return disk_failure("cannot open", path);
  Status status;
  if (::fsync(fd) != 0) status = disk_failure("cannot sync", path);
  ::close(fd);
  return status;
}

std::optional<std::uint64_t> id_of(const std::string& file_name) {
  if (file_name.size() != kIdDigits + kSuffix.size() || !file_name.ends_with(kSuffix)) return {};
  std::uint64_t id = 0;
  const char* const end = file_name.data() + kIdDigits;
  const auto [stop, error] = std::from_chars(file_name.data(), end, id, 16);
  return error == std::errc() && stop == end ? std::optional(id) : std::nullopt;
}

Result<Group> read_group_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return disk_failure("cannot open", path);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) return disk_failure("cannot read", path);
  return decode_group(bytes);
}

}  // namespace

std::string GroupFiles::path_of(std::uint64_t id) const {
  char digits[kIdDigits + 1];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(id));
  return folder_ + "/" + digits + std::string(kSuffix);
}

Result<GroupFiles::Loaded> GroupFiles::load() const {
  Loaded loaded;
  std::vector<std::pair<std::uint64_t, std::string>> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kFreshSuffix)) {
      fs::remove(entry.path(), error);  // never acknowledged
    } else if (const std::optional<std::uint64_t> id = id_of(name)) {
      files.emplace_back(*id, entry.path().string());
    }
  }
  if (error) return io_error("cannot read " + folder_ + ": " + error.message());
  std::sort(files.begin(), files.end());
  for (const auto& [id, path] : files) {
    loaded.last_id = std::max(loaded.last_id, id);
    Result<Group> group = read_group_file(path);
    if (group.ok()) {
      auto shared = std::make_shared<Group>(*std::move(group));
      shared->id = id;
      loaded.groups.push_back(std::move(shared));
      continue;
    }
    loaded.damaged.push_back(path + ": " + group.status().message());
    fs::rename(path, path + ".damaged", error);
  }
  return loaded;
}

Status GroupFiles::write(const Group& group) const {
  const std::string path = path_of(group.id);
  const std::string fresh = path + std::string(kFreshSuffix);
  Status status = write_and_sync(fresh, encode_group(group));
  if (status.ok() && ::rename(fresh.c_str(), path.c_str()) != 0) {
    status = disk_failure("cannot rename to", path);
  }
  if (!status.ok()) {
    ::unlink(fresh.c_str());
    return status;
  }
  return sync_directory(folder_);
}

Status GroupFiles::remove(std::uint64_t id) const {
  const std::string path = path_of(id);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return disk_failure("cannot remove", path);
  }
  return sync_directory(folder_);
}

}  // namespace narthex::ingest::pushgateway
