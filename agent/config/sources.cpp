// SPDX-License-Identifier: Apache-2.0
#include "config/sources.hpp"

#include "config/expand.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace narthex::config {

namespace {

constexpr std::size_t kFileMaxBytes = std::size_t{16} << 20;

// A descriptor that closes itself.
class File {
 public:
  explicit File(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Status system_error(const std::string& file) {
  return io_error("cannot read " + file + ": " + std::strerror(errno));
}

// Reads at most one byte more than is allowed: also from pipes and from files that lie.
Result<std::string> read_bytes(const std::string& path) {
  const File file(path);
  if (file.fd() < 0) return system_error(path);
  struct stat about {};
  if (::fstat(file.fd(), &about) != 0) return system_error(path);
  if (S_ISDIR(about.st_mode)) return io_error("cannot read " + path + ": it is a directory");
  if (S_ISREG(about.st_mode) && static_cast<std::size_t>(about.st_size) > kFileMaxBytes) {
    return io_error("cannot read " + path + ": larger than 16 MiB");
  }
  std::string text;
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t got = ::read(file.fd(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(path);
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > kFileMaxBytes)
      return io_error("cannot read " + path + ": larger than 16 MiB");
  }
}

document::Format format_of(const std::string& file) {
  return file.ends_with(".yml") || file.ends_with(".yaml") ? document::Format::kYaml
                                                           : document::Format::kToml;
}

}  // namespace

DocumentRef read_text(document::Format format, const std::string& name, std::string_view text,
                      const Environment& environment, Diagnostics& diagnostics) {
  std::vector<document::Finding> findings;
  const std::string folder = std::filesystem::path(name).parent_path().string();
  const document::ScalarRewrite rewrite = config_rewrite(format, folder, environment, diagnostics);
  DocumentRef document = document::Document::parse(format, name, text, findings, rewrite);
  for (document::Finding& finding : findings) {
    auto& list = finding.warning ? diagnostics.warnings() : diagnostics.errors();
    list.push_back(std::move(finding));
  }
  return document;
}

DocumentRef read_file(const std::string& file, const Environment& environment,
                      Diagnostics& diagnostics) {
  Result<std::string> text = read_bytes(file);
  if (!text.ok()) {
    diagnostics.file_error("", text.status().message());
    return nullptr;
  }
  return read_text(format_of(file), file, *text, environment, diagnostics);
}

std::vector<DocumentRef> read_main(const std::string& file, const Environment& environment,
                                   Diagnostics& diagnostics) {
  std::vector<std::string> files = {file};
  std::error_code ignored;
  const auto folder = std::filesystem::path(file).parent_path() / "conf.d";
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
  }
  std::sort(files.begin() + 1, files.end());
  std::vector<DocumentRef> documents;
  for (const std::string& each : files) {
    DocumentRef document = read_file(each, environment, diagnostics);
    if (document) documents.push_back(std::move(document));
  }
  return documents;
}

std::vector<std::string> expand_glob(const Part& pattern, Diagnostics& diagnostics) {
  const std::string text(pattern.document->text(pattern.value));
  std::vector<std::string> files;
  const std::size_t open = text.rfind('[');
  if (open != std::string::npos && text.find(']', open) == std::string::npos) {
    diagnostics.error(pattern, "syntax error in pattern \"" + text + '"');
    return files;
  }
  glob_t found{};
  if (::glob(text.c_str(), 0, nullptr, &found) == 0) {
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return files;
}

}  // namespace narthex::config
