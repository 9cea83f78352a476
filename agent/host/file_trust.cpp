// SPDX-License-Identifier: Apache-2.0
#include "host/file_trust.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace narthex::host {
namespace {

Status check_one(const std::string& path, const char* what) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return io_error("cannot look at " + path + ": " + std::strerror(errno));
  }
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
    return {NX_ERR_PERMISSION,
            std::string(what) + " " + path + " belongs to user " + std::to_string(info.st_uid) +
                ", neither to root nor to the agent; mend it with: chown root " + path};
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    const bool anybody = (info.st_mode & S_IWOTH) != 0;
    return {NX_ERR_PERMISSION, std::string(what) + " " + path + " is writable by " +
                                   (anybody ? "everybody" : "its group") +
                                   "; mend it with: chmod go-w " + path};
  }
  return Status();
}

}  // namespace

Status check_file_trust(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error) return io_error("cannot find " + path + ": " + error.message());
  if (Status status = check_one(real.parent_path().string(), "the folder"); !status.ok()) {
    return status;
  }
  return check_one(real.string(), "the file");
}

}  // namespace narthex::host
