// SPDX-License-Identifier: Apache-2.0
#include "telemetry/process_metrics.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <string>

namespace narthex::telemetry {
namespace {

std::string read_file(const char* path) {
  std::string text;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  std::array<char, 4096> buffer;
  for (ssize_t n = 0; (n = read(fd, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  close(fd);
  return text;
}

// The next word of text, which is shortened by it.
std::string_view next_word(std::string_view& text) {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  const std::size_t end = std::min(text.find(' ', begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

std::uint64_t to_integer(std::string_view word) {
  std::uint64_t number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::optional<std::uint64_t> open_descriptors() {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return std::nullopt;
  std::uint64_t count = 0;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(folder);
  return count - 1;  // without the one that reads the folder
}

double limit_of(__rlimit_resource_t resource) {
  rlimit limit{};
  getrlimit(resource, &limit);
  return static_cast<double>(limit.rlim_cur);
}

// The value under a name of a "Group: names" / "Group: values" pair of lines.
std::optional<std::uint64_t> netstat_value(std::string_view text, std::string_view group,
                                           std::string_view name) {
  const std::size_t names_at = text.find(group);
  if (names_at == std::string_view::npos) return std::nullopt;
  const std::size_t names_end = text.find('\n', names_at);
  if (names_end == std::string_view::npos) return std::nullopt;
  std::string_view names = text.substr(names_at, names_end - names_at);
  std::string_view values = text.substr(names_end + 1);
  values = values.substr(0, values.find('\n'));
  while (!names.empty()) {
    const std::string_view value = next_word(values);
    if (next_word(names) == name) return to_integer(value);
  }
  return std::nullopt;
}

class ProcessMetrics {
 public:
  void gather(Gathering& out) const {
    gather_stat(out);
    if (const auto count = open_descriptors()) {
      out.gauge("process_open_fds", "Number of open file descriptors.", {},
                static_cast<double>(*count));
    }
    out.gauge("process_max_fds", "Maximum number of open file descriptors.", {},
              limit_of(RLIMIT_NOFILE));
    out.gauge("process_virtual_memory_max_bytes",
              "Maximum amount of virtual memory available in bytes.", {}, limit_of(RLIMIT_AS));
    gather_network(out);
  }

 private:
  void gather_stat(Gathering& out) const {
    const auto stat = parse_process_stat(read_file("/proc/self/stat"));
    if (!stat) return;
    out.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {},
                static_cast<double>(stat->cpu_ticks) / ticks_per_second_);
    out.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", {},
              static_cast<double>(stat->resident_pages) * page_bytes_);
    out.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", {},
              static_cast<double>(stat->virtual_bytes));
    out.gauge("process_start_time_seconds",
              "Start time of the process since unix epoch in seconds.", {},
              boot_time_s_ + static_cast<double>(stat->start_ticks) / ticks_per_second_);
    out.gauge("narthex_process_threads", "Number of threads of the process.", {},
              static_cast<double>(stat->threads));
  }

  void gather_network(Gathering& out) const {
    const std::string text = read_file("/proc/self/net/netstat");
    if (const auto bytes = netstat_value(text, "IpExt:", "InOctets")) {
      out.counter("process_network_receive_bytes_total",
                  "Number of bytes received by the process over the network.", {},
                  static_cast<double>(*bytes));
    }
    if (const auto bytes = netstat_value(text, "IpExt:", "OutOctets")) {
      out.counter("process_network_transmit_bytes_total",
                  "Number of bytes sent by the process over the network.", {},
                  static_cast<double>(*bytes));
    }
  }

  const double ticks_per_second_ = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page_bytes_ = static_cast<double>(sysconf(_SC_PAGESIZE));
  // Once: the start time must not move when the wall clock does.
  const double boot_time_s_ = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME);
};

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  // The second field is the program's name in parentheses and may hold anything.
  const std::size_t name_end = text.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(name_end + 2);
  std::array<std::string_view, 22> fields;  // from "state", the third of proc(5)
  for (std::string_view& field : fields) field = next_word(text);
  if (fields.back().empty()) return std::nullopt;
  ProcessStat stat;
  stat.cpu_ticks = to_integer(fields[11]) + to_integer(fields[12]);
  stat.threads = to_integer(fields[17]);
  stat.start_ticks = to_integer(fields[19]);
  stat.virtual_bytes = to_integer(fields[20]);
  stat.resident_pages = to_integer(fields[21]);
  return stat;
}

std::shared_ptr<void> register_process_metrics(Registry& registry) {
  return registry.on_gather([metrics = std::make_shared<const ProcessMetrics>()](Gathering& out) {
    metrics->gather(out);
  });
}

}  // namespace narthex::telemetry
