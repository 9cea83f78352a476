// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/dns/resolver.hpp"

#include <ares.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace narthex::dns_discovery {
namespace {

constexpr int kTryMs = 2'000;  // doubles with each round of servers
constexpr int kTries = 2;
constexpr int kClassInternet = 1;

using Clock = std::chrono::steady_clock;

struct Channel {
  ares_channel raw = nullptr;
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() {
    if (raw != nullptr) ares_destroy(raw);
  }
};

// One name on its way through the full names it may stand for.
class Lookup {
 public:
  Lookup(ares_channel channel, std::string name, std::vector<std::string> full_names,
         RecordType type)
      : channel_(channel),
        name_(std::move(name)),
        full_names_(std::move(full_names)),
        type_(type) {}

  void ask_next() {
    const std::string& full_name = full_names_[next_++];
    ares_query(channel_, full_name.c_str(), kClassInternet, static_cast<int>(type_),
               &Lookup::answered, this);
  }
  bool done() const { return result_.has_value(); }
  Result<std::vector<Record>> take_result() { return *std::move(result_); }

 private:
  static void answered(void* user, int status, int, unsigned char* data, int size) {
    static_cast<Lookup*>(user)->take(status, {data, static_cast<std::size_t>(std::max(size, 0))});
  }

  // The first full name that exists decides. When none does, the name has no records, provided that
  // somebody said so of every one.
  void take(int status, std::span<const std::uint8_t> message) {
    if (status == ARES_SUCCESS) {
      result_ = read_answer(message);
    } else if (status == ARES_ENODATA) {
      result_ = std::vector<Record>();
    } else if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) {
      result_ = failure("no answer in time");
    } else {
      if (status != ARES_ENOTFOUND) why_ = ares_strerror(status);
      if (next_ < full_names_.size()) return ask_next();
      if (why_.empty()) {
        result_ = std::vector<Record>();
      } else {
        result_ = failure(why_);
      }
    }
  }
  Status failure(const std::string& why) const {
    return unavailable("could not resolve \"" + name_ + "\": " + why);
  }

  ares_channel channel_;
  std::string name_;
  std::vector<std::string> full_names_;
  RecordType type_;
  std::size_t next_ = 0;
  std::string why_;  // the last failure that was not "no such name"
  std::optional<Result<std::vector<Record>>> result_;
};

Status open_channel(const ResolverOptions& options, Channel& channel) {
  ares_options settings{};
  settings.timeout = kTryMs;
  settings.tries = kTries;
  settings.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS;
  settings.ednspsz = 1232;
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ;
  std::string path = options.resolv_conf;
  settings.resolvconf_path = path.data();
  mask |= ARES_OPT_RESOLVCONF;
  int status = ares_init_options(&channel.raw, &settings, mask);
  if (status == ARES_SUCCESS && !options.servers.empty()) {
    std::string list;
    for (const std::string& server : options.servers) (list += server) += ',';
    list.pop_back();
    status = ares_set_servers_ports_csv(channel.raw, list.c_str());
  }
  if (status == ARES_SUCCESS) return {};
  return unavailable(std::string("set up the resolver: ") + ares_strerror(status));
}

// Waits for the sockets of the channel, or for its next timeout, and lets it work.
void work(ares_channel channel, std::chrono::milliseconds most) {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const int wanted = ares_getsock(channel, sockets.data(), static_cast<int>(sockets.size()));
  std::array<pollfd, ARES_GETSOCK_MAXNUM> polled{};
  nfds_t count = 0;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    const bool read = ARES_GETSOCK_READABLE(wanted, i) != 0;
    const bool write = ARES_GETSOCK_WRITABLE(wanted, i) != 0;
    if (!read && !write) continue;
    polled[count++] = {sockets[i], static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0)),
                       0};
  }
  timeval limit{most.count() / 1000, (most.count() % 1000) * 1000};
  timeval next{};
  const timeval* wait = ares_timeout(channel, &limit, &next);
  const auto wait_ms = static_cast<int>(wait->tv_sec * 1000 + wait->tv_usec / 1000);
  ::poll(polled.data(), count, std::max(1, wait_ms));
  bool any = false;
  for (nfds_t i = 0; i < count; ++i) {
    const short events = polled[i].revents;
    if (events == 0) continue;
    any = true;
    ares_process_fd(channel, (events & POLLOUT) == 0 ? polled[i].fd : ARES_SOCKET_BAD,
                    (events & POLLOUT) != 0 ? polled[i].fd : ARES_SOCKET_BAD);
  }
  if (!any) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // timeouts
}

SearchList read_search_list(const std::string& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return parse_resolv_conf(text);
}

}  // namespace

Lookups AresResolver::look_up(std::span<const std::string> names, RecordType type) {
  // Declared before the channel: its destruction still answers what is open.
  std::deque<Lookup> lookups;
  Channel channel;
  const Status opened = open_channel(options_, channel);
  if (!opened.ok()) return Lookups(names.size(), Result<std::vector<Record>>(opened));
  const SearchList search = read_search_list(options_.resolv_conf);
  for (const std::string& name : names) {
    lookups.emplace_back(channel.raw, name, names_of(search, name), type);
  }
  for (Lookup& lookup : lookups) lookup.ask_next();
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(options_.timeout_ms);
  const auto open = [&] {
    return std::any_of(lookups.begin(), lookups.end(), [](const Lookup& l) { return !l.done(); });
  };
  while (open() && Clock::now() < end) {
    work(channel.raw, std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()));
  }
  ares_cancel(channel.raw);
  Lookups results;
  for (Lookup& lookup : lookups) results.push_back(lookup.take_result());
  return results;
}

}  // namespace narthex::dns_discovery
