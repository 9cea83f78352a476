// SPDX-License-Identifier: Apache-2.0
// dns_server.hpp - a small DNS server on 127.0.0.1, UDP and TCP on the same port, for tests. It
// answers from a table; what is not in it does not exist. Its thread ends with the object.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace narthex::test {

// Data of a record, as it stands on the wire.
using DnsData = std::string;

inline std::string dns_number16(unsigned n) {
  return {static_cast<char>(n >> 8), static_cast<char>(n & 0xFF)};
}
inline std::string dns_name(std::string_view name) {
  std::string out;
  while (!name.empty() && name != ".") {
    const std::size_t dot = std::min(name.find('.'), name.size());
    out += static_cast<char>(dot);
    out += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return out + '\0';
}
inline DnsData dns_a(const char* address) {
  in_addr raw{};
  inet_pton(AF_INET, address, &raw);
  return {reinterpret_cast<const char*>(&raw), sizeof raw};
}
inline DnsData dns_aaaa(const char* address) {
  in6_addr raw{};
  inet_pton(AF_INET6, address, &raw);
  return {reinterpret_cast<const char*>(&raw), sizeof raw};
}
inline DnsData dns_srv(std::string_view target, unsigned port) {
  return dns_number16(0) + dns_number16(0) + dns_number16(port) + dns_name(target);
}
inline DnsData dns_mx(std::string_view target) { return dns_number16(10) + dns_name(target); }

struct DnsAnswer {
  int code = 0;                                       // 0 good, 2 server failure, 3 no such name
  std::vector<std::pair<unsigned, DnsData>> records;  // type, data
  bool truncated_over_udp = false;
};

class DnsServer {
 public:
  DnsServer() {
    // The port that UDP gets may be taken for TCP: then another one.
    for (int tries = 0; tries < 20 && tcp_ < 0; ++tries) open();
    if (tcp_ < 0) throw std::runtime_error("no port for a DNS server");
    thread_ = std::thread([this] { serve(); });
  }
  ~DnsServer() {
    stop_ = true;
    thread_.join();
    ::close(udp_);
    ::close(tcp_);
  }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // name with its final dot, in lower case.
  void set(const std::string& name, unsigned type, DnsAnswer answer) {
    const std::lock_guard lock(mutex_);
    answers_[{name, type}] = std::move(answer);
  }
  int questions() const { return questions_; }
  int tcp_questions() const { return tcp_questions_; }

 private:
  void open() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int tcp = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto* raw = reinterpret_cast<sockaddr*>(&at);
    const bool bound = ::bind(udp_, raw, size) == 0 && ::getsockname(udp_, raw, &size) == 0 &&
                       ::bind(tcp, raw, size) == 0 && ::listen(tcp, 16) == 0;
    if (!bound) {
      ::close(udp_);
      ::close(tcp);
      return;
    }
    tcp_ = tcp;
    port_ = ntohs(at.sin_port);
  }

  void serve() {
    while (!stop_) {
      pollfd polled[] = {{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
      if (::poll(polled, 2, 20) <= 0) continue;
      if (polled[0].revents != 0) serve_udp();
      if (polled[1].revents != 0) serve_tcp();
    }
  }
  void serve_udp() {
    char question[1500];
    sockaddr_in from{};
    socklen_t from_size = sizeof from;
    auto* raw = reinterpret_cast<sockaddr*>(&from);
    const ssize_t size = ::recvfrom(udp_, question, sizeof question, 0, raw, &from_size);
    if (size < 12) return;
    const std::string reply = answer({question, static_cast<std::size_t>(size)}, false);
    ::sendto(udp_, reply.data(), reply.size(), 0, raw, from_size);
  }
  void serve_tcp() {
    const int peer = ::accept(tcp_, nullptr, nullptr);
    if (peer < 0) return;
    char question[1500];
    std::size_t got = 0;
    while (got < 2 || got < 2u + (static_cast<unsigned char>(question[0]) << 8 |
                                  static_cast<unsigned char>(question[1]))) {
      const ssize_t size = ::recv(peer, question + got, sizeof question - got, 0);
      if (size <= 0) break;
      got += static_cast<std::size_t>(size);
    }
    if (got >= 14) {
      ++tcp_questions_;
      const std::string reply = answer({question + 2, got - 2}, true);
      const std::string framed = dns_number16(static_cast<unsigned>(reply.size())) + reply;
      (void)!::send(peer, framed.data(), framed.size(), MSG_NOSIGNAL);
    }
    ::close(peer);
  }

  std::string answer(std::string_view question, bool tcp) {
    ++questions_;
    std::size_t at = 12;
    std::string name;
    while (at < question.size() && question[at] != 0) {
      const auto size = static_cast<unsigned char>(question[at]);
      for (const char c : question.substr(at + 1, size)) {
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
      }
      name += '.';
      at += size + 1u;
    }
    const auto byte = [&](std::size_t i) {
      return i < question.size() ? static_cast<unsigned char>(question[i]) : 0u;
    };
    const unsigned type = byte(at + 1) << 8 | byte(at + 2);
    DnsAnswer found;
    found.code = 3;
    {
      const std::lock_guard lock(mutex_);
      const auto known = answers_.find({name, type});
      if (known != answers_.end()) found = known->second;
    }
    const bool cut = found.truncated_over_udp && !tcp;
    std::string out(question.substr(0, 2));
    out += dns_number16(0x8180u | (cut ? 0x200u : 0u) | static_cast<unsigned>(found.code));
    out += dns_number16(1);
    out += dns_number16(cut ? 0 : static_cast<unsigned>(found.records.size()));
    out += dns_number16(0) + dns_number16(0);
    out += question.substr(12, at + 5 - 12);
    if (cut) return out;
    for (const auto& [record_type, data] : found.records) {
      out += dns_number16(0xC00C);  // the question's name
      out += dns_number16(record_type) + dns_number16(1) + dns_number16(0) + dns_number16(60);
      out += dns_number16(static_cast<unsigned>(data.size())) + data;
    }
    return out;
  }

  int udp_ = -1;
  int tcp_ = -1;
  unsigned port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> questions_{0};
  std::atomic<int> tcp_questions_{0};
  std::mutex mutex_;
  std::map<std::pair<std::string, unsigned>, DnsAnswer> answers_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace narthex::test
