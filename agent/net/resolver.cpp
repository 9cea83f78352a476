// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <utility>

namespace narthex::net {
namespace {

constexpr std::int64_t kGoodNs = 30'000'000'000;
// A name that was just missing is asked again soon: things start up.
constexpr std::int64_t kBadNs = 2'000'000'000;
constexpr std::size_t kEntriesMax = 4096;

boost::asio::ip::address to_address(const sockaddr* from) {
  if (from->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, from, sizeof(v6));
    std::array<unsigned char, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return boost::asio::ip::address_v6(bytes, v6.sin6_scope_id);
  }
  sockaddr_in v4{};
  std::memcpy(&v4, from, sizeof(v4));
  return boost::asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
}

// Blocks.
Result<Resolver::Addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    const bool missing = error == EAI_NONAME || error == EAI_NODATA;
    return unavailable("dial tcp: lookup " + host + ": " +
                       (missing ? "no such host" : gai_strerror(error)));
  }
  Resolver::Addresses addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    if (one->ai_family == AF_INET || one->ai_family == AF_INET6) {
      addresses.push_back(to_address(one->ai_addr));
    }
  }
  freeaddrinfo(found);
  if (addresses.empty()) return unavailable("dial tcp: lookup " + host + ": no such host");
  return addresses;
}

}  // namespace

void Resolver::resolve(const std::string& host, Done done) {
  boost::system::error_code not_a_number;
  const auto address = boost::asio::ip::make_address(host, not_a_number);
  if (!not_a_number) return done(Addresses{address});
  if (!entries_.contains(host)) make_room();
  Entry& entry = entries_[host];
  if (entry.good_until_ns > executor_.clock().mono_ns()) {
    const Result<Addresses> known = entry.addresses;
    return done(known);
  }
  entry.waiting.push_back(std::move(done));
  if (!std::exchange(entry.asking, true)) ask(host);
}

void Resolver::ask(const std::string& host) {
  executor_.post(runtime::Pool::kWorker, [self = weak_from_this(), on_strand = on_strand_, host] {
    auto held = std::make_shared<Result<Addresses>>(look_up(host));
    on_strand([self, host, held] {
      if (const auto resolver = self.lock()) {
        resolver->on_answer(host, std::move(*held));
      }
    });
  });
}

void Resolver::on_answer(const std::string& host, Result<Addresses> addresses) {
  const auto at = entries_.find(host);
  if (at == entries_.end()) return;
  Entry& entry = at->second;
  entry.asking = false;
  entry.good_until_ns = executor_.clock().mono_ns() + (addresses.ok() ? kGoodNs : kBadNs);
  entry.addresses = addresses;
  // The callbacks may resolve again and move the entries.
  for (const Done& done : std::exchange(entry.waiting, {})) done(addresses);
}

void Resolver::make_room() {
  if (entries_.size() < kEntriesMax) return;
  std::erase_if(entries_, [](const auto& entry) { return !entry.second.asking; });
}

}  // namespace narthex::net
