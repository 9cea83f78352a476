// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_checks.hpp"

#include <narthex/sdk/size_text.hpp>

#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace narthex::cli {

namespace {

constexpr std::uint64_t kRoomFault = 100ULL << 20;
constexpr std::uint64_t kRoomWarning = 1ULL << 30;
// Of linux/magic.h.
constexpr long kNfs = 0x6969, kTmpfs = 0x01021994, kSmb2 = 0xFE534D42;

std::string system_words() { return std::strerror(errno); }

std::string read_small(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string link_of(const std::string& path) {
  std::error_code failed;
  const auto target = std::filesystem::read_symlink(path, failed);
  return failed ? std::string() : target.string();
}

void check_room(const std::string& data_dir, Diagnoses& out) {
  struct statvfs room {};
  if (statvfs(data_dir.c_str(), &room) != 0) return;
  const std::uint64_t free = std::uint64_t{room.f_bavail} * room.f_frsize;
  const std::string text = sdk::size_text(free) + " free in " + data_dir;
  if (free < kRoomWarning) {
    out.push_back({free < kRoomFault ? Health::kFault : Health::kWarning, "disk", text,
                   "make room, or keep less: [storage] retention, or a size with "
                   "--storage.tsdb.retention.size"});
  } else {
    out.push_back({Health::kHealthy, "disk", text, ""});
  }
  struct statfs kind {};
  if (statfs(data_dir.c_str(), &kind) != 0) return;
  const long type = static_cast<long>(kind.f_type);
  if (type == kTmpfs) {
    out.push_back({Health::kWarning, "disk", data_dir + " is in memory (tmpfs)",
                   "data goes with a restart of the machine: choose a folder on a disk"});
  } else if (type == kNfs || type == (kSmb2 & 0xFFFFFFFF)) {
    out.push_back({Health::kWarning, "disk", data_dir + " is on a network filesystem",
                   "its locks and syncs are not a disk's: choose a local one"});
  }
}

// Where an address cannot be bound, the words say why.
std::string bind_failure(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_words();
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  std::string failure;
  if (bind(fd, address.ai_addr, address.ai_addrlen) != 0 || listen(fd, 1) != 0) {
    failure = system_words();
  }
  close(fd);
  return failure;
}

}  // namespace

void check_data_directory(const std::string& data_dir, bool agent_runs, Diagnoses& out) {
  struct stat about {};
  if (stat(data_dir.c_str(), &about) != 0) {
    const auto parent = std::filesystem::absolute(data_dir).parent_path();
    if (errno == ENOENT && access(parent.c_str(), W_OK) == 0) {
      out.push_back(
          {Health::kHealthy, "data", data_dir + " does not exist yet and can be made", ""});
      return check_room(parent, out);
    }
    out.push_back({Health::kFault, "data", "cannot use " + data_dir + ": " + system_words(),
                   "install -d -o narthex -g narthex -m 0750 " + data_dir});
    return;
  }
  if (!S_ISDIR(about.st_mode) || access(data_dir.c_str(), R_OK | W_OK | X_OK) != 0) {
    out.push_back(
        {Health::kFault, "data", data_dir + " is not a folder this user can write to",
         "run this as the agent's user, or give the folder to it: chown narthex:narthex"});
  } else if ((about.st_mode & S_IWOTH) != 0) {
    out.push_back({Health::kFault, "data", data_dir + " may be written by everybody",
                   "chmod o-w " + data_dir});
  } else {
    out.push_back({Health::kHealthy, "data",
                   data_dir + (agent_runs ? " is held by the agent that runs" : " can be used"),
                   ""});
  }
  check_room(data_dir, out);
}

void check_port(const std::string& listen, Diagnoses& out) {
  const std::size_t colon = listen.rfind(':');
  std::string host = colon == std::string::npos ? listen : listen.substr(0, colon);
  const std::string port = colon == std::string::npos ? "" : listen.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed =
      getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) {
    out.push_back({Health::kFault, "port",
                   "cannot listen on " + listen + ": " + gai_strerror(failed),
                   "write ADDRESS:PORT, such as 127.0.0.1:9090"});
    return;
  }
  const std::string failure = bind_failure(*found);
  freeaddrinfo(found);
  if (failure.empty()) {
    out.push_back({Health::kHealthy, "port", listen + " is free", ""});
  } else {
    out.push_back({Health::kFault, "port", "cannot listen on " + listen + ": " + failure,
                   "`ss -ltnp` shows who has it; [http] listen or --listen names another"});
  }
}

void check_descriptors(int connections_max, Diagnoses& out) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  // One each for clients and targets, and some for files.
  const rlim_t wanted = static_cast<rlim_t>(connections_max) * 2 + 1024;
  const bool enough = limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= wanted;
  const std::string most =
      limit.rlim_max == RLIM_INFINITY ? "any number of" : std::to_string(limit.rlim_max);
  out.push_back(
      {enough ? Health::kHealthy : Health::kWarning, "descriptors", most + " files may be open",
       enough
           ? ""
           : "raise LimitNOFILE= of the service, or `ulimit -Hn`, to " + std::to_string(wanted)});
}

void check_clock(Diagnoses& out) {
  timex state{};
  const int kind = adjtimex(&state);
  if (kind < 0) return;
  if (kind == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
    out.push_back(
        {Health::kWarning, "clock",
         "nothing keeps the clock right (the kernel calls it unsynchronised)",
         "run systemd-timesyncd or chrony; samples more than 10 minutes ahead are refused"});
  } else {
    out.push_back({Health::kHealthy, "clock", "synchronised", ""});
  }
}

void check_secrecy(const std::string& file, bool has_secrets, Diagnoses& out) {
  struct stat about {};
  if (!has_secrets || stat(file.c_str(), &about) != 0) return;
  if ((about.st_mode & S_IROTH) != 0) {
    out.push_back({Health::kWarning, "secrets",
                   file + " has secrets in it, and everybody may read it",
                   "chmod 640 and chgrp narthex, or move them to *_file keys and "
                   "/etc/narthex/credentials"});
  }
}

namespace {

struct Falsehood {
  std::string what;     // "its own mount namespace"
  std::string metrics;  // that lie or lack
};

// By what the namespaces of process 1 are, where we may see them.
void compare_namespaces(const std::string& proc, std::vector<Falsehood>& out) {
  static const std::map<std::string, std::string> kMetrics = {
      {"mnt", "node_filesystem_* may lack mounts of the host"},
      {"net", "node_network_*, node_netstat_* and node_sockstat_* are those of the container"},
      {"pid", "node_processes_* count the container's only"},
      {"uts", "node_uname_info has another name"},
      {"cgroup", "control groups are seen from inside"}};
  for (const auto& [kind, metrics] : kMetrics) {
    const std::string own = link_of(proc + "/ns/" + kind);
    const std::string first = link_of("/proc/1/ns/" + kind);
    if (!own.empty() && !first.empty() && own != first) {
      out.push_back({"another " + kind + " namespace than process 1", metrics});
    }
  }
}

}  // namespace

void check_view_of_host(pid_t pid, bool exporter, Diagnoses& out) {
  const std::string proc = pid != 0 ? "/proc/" + std::to_string(pid) : "/proc/self";
  std::vector<Falsehood> found;
  compare_namespaces(proc, found);
  const std::string users = read_small(proc + "/uid_map");
  if (!users.empty() && users.find("4294967295") == std::string::npos) {
    found.push_back({"a user namespace of its own", "files of other users cannot be read"});
  }
  const std::string mounts = read_small(proc + "/mountinfo");
  const auto mounted = [&](const std::string& text) {
    return mounts.find(text) != std::string::npos;
  };
  if (mounted(" /proc ") && mounted("hidepid=")) {
    found.push_back({"processes of others are hidden", "node_processes_* lack them"});
  }
  if (mounted("subset=pid")) {
    found.push_back({"/proc has processes only", "nearly all of node_* is missing"});
  }
  if (std::filesystem::exists("/.dockerenv") || std::filesystem::exists("/run/.containerenv")) {
    found.push_back({"a container", "node_filesystem_* and node_network_* are the container's"});
  }
  const std::string who = pid != 0 ? "the agent (pid " + std::to_string(pid) + ")" : "this process";
  if (found.empty()) {
    out.push_back({Health::kHealthy, "host", who + " sees the machine as it is", ""});
    return;
  }
  for (const Falsehood& each : found) {
    out.push_back({exporter ? Health::kWarning : Health::kHealthy, "host",
                   who + " has " + each.what,
                   exporter ? each.metrics + "; without server-only.conf, or with the host's "
                                             "namespaces, they are true"
                            : ""});
  }
}

}  // namespace narthex::cli
