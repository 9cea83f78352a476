// SPDX-License-Identifier: Apache-2.0
#include "scrape/failure_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace narthex::scrape {
namespace {

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned char>(c));
      out += escape.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string rfc3339(std::int64_t now_ms) {
  const std::time_t seconds = now_ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(now_ms % 1000));
  return text.data();
}

}  // namespace

Result<std::shared_ptr<FailureLog>> FailureLog::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) {
    return io_error("cannot open scrape_failure_log_file " + path + ": " + std::strerror(errno));
  }
  return std::shared_ptr<FailureLog>(new FailureLog(file));
}

FailureLog::~FailureLog() { ::close(file_); }

void FailureLog::write(std::int64_t now_ms, std::string_view job, std::string_view target,
                       std::string_view error) {
  std::string line = "{\"time\":\"" + rfc3339(now_ms) + "\",\"level\":\"ERROR\",\"msg\":";
  append_json(line, error);
  line += ",\"job_name\":";
  append_json(line, job);
  line += ",\"target\":";
  append_json(line, target);
  line += "}\n";
  const std::lock_guard lock(mutex_);
  [[maybe_unused]] const ssize_t written = ::write(file_, line.data(), line.size());
}

}  // namespace narthex::scrape
