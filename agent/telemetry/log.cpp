// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log.hpp"

#include "telemetry/log_line.hpp"
#include "telemetry/rate_limit.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <chrono>
#include <mutex>

namespace narthex::telemetry {
namespace {

// Where lines go. Lives as long as the process: threads may log while statics are destroyed.
class LogOutput {
 public:
  LogOutput() : logger_("narthex", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_pattern("%v");
    logger_.set_level(spdlog::level::trace);
    logger_.flush_on(spdlog::level::trace);  // a line that was written is a line that was seen
  }

  void configure(const LogOptions& options) {
    level_.store(options.level, std::memory_order_relaxed);
    format_.store(options.format, std::memory_order_relaxed);
  }
  void capture(std::string* lines) {
    const std::lock_guard lock(mutex_);
    captured_ = lines;
    limit_ = RateLimit();
  }
  std::string captured() {
    const std::lock_guard lock(mutex_);
    return captured_ == nullptr ? std::string() : *captured_;
  }
  bool wants(Level level) const { return level >= level_.load(std::memory_order_relaxed); }
  void write(LogRecord record);

 private:
  std::atomic<Level> level_{Level::kInfo};
  std::atomic<LogFormat> format_{LogFormat::kLogfmt};
  spdlog::logger logger_;
  std::mutex mutex_;
  // Guarded by mutex_.
  RateLimit limit_;
  std::string kind_;
  std::string line_;
  std::string* captured_ = nullptr;
};

std::int64_t since_epoch_ms(auto time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

void LogOutput::write(LogRecord record) {
  const std::int64_t mono_ms = since_epoch_ms(std::chrono::steady_clock::now());
  const std::lock_guard lock(mutex_);
  ((kind_ = record.component) += '\n') += record.text;
  const std::optional<std::uint64_t> suppressed = limit_.admit(kind_, mono_ms);
  if (!suppressed) return;
  record.suppressed = *suppressed;
  record.t_ms = since_epoch_ms(std::chrono::system_clock::now());
  line_.clear();
  append_log_line(line_, format_.load(std::memory_order_relaxed), record);
  if (captured_ != nullptr) {
    (*captured_ += line_) += '\n';
  } else {
    logger_.log(spdlog::level::info, spdlog::string_view_t(line_.data(), line_.size()));
  }
}

LogOutput& output() {
  static auto* const instance = new LogOutput;  // never destroyed, see above
  return *instance;
}

}  // namespace

void Log::write(Level level, std::string_view text, std::span<const Field> fields) const {
  LogOutput& out = output();
  if (!out.wants(level)) return;
  LogRecord record;
  record.level = level;
  record.component = component_;
  record.text = text;
  record.fields = fields;
  out.write(record);
}

void configure_log(const LogOptions& options) { output().configure(options); }

void capture_log(std::string* lines) { output().capture(lines); }

std::string captured_log() { return output().captured(); }

}  // namespace narthex::telemetry
