// SPDX-License-Identifier: Apache-2.0
#include "cli/event_stream.hpp"

#include "cli/cli.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace narthex::cli {

void EventParser::feed(std::string_view piece) { text_ += piece; }

std::optional<ServerEvent> EventParser::next() {
  for (;;) {
    const std::size_t end = text_.find("\n\n");
    if (end == std::string::npos) return std::nullopt;
    ServerEvent event;
    std::string_view rest = std::string_view(text_).substr(0, end);
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (line.starts_with("event: ")) event.name = line.substr(7);
      if (line.starts_with("id: ")) event.id = line.substr(4);
      if (line.starts_with("data: ")) event.data += line.substr(6);
    }
    text_.erase(0, end + 2);
    if (!event.data.empty()) return event;  // comments and heartbeats have none
  }
}

bool ChunkParser::feed(std::string_view piece, std::string& out) {
  while (!piece.empty()) {
    if (in_chunk_) {
      const std::size_t taken = std::min(left_, piece.size());
      const std::size_t content = left_ > 2 ? std::min(taken, left_ - 2) : 0;
      out += piece.substr(0, content);
      piece.remove_prefix(taken);
      left_ -= taken;
      in_chunk_ = left_ > 0;
      continue;
    }
    const std::size_t end = piece.find('\n');
    line_ += piece.substr(0, end);
    if (end == std::string_view::npos) return line_.size() < 100;
    piece.remove_prefix(end + 1);
    std::size_t size = 0;
    const auto parsed = std::from_chars(line_.data(), line_.data() + line_.size(), size, 16);
    line_.clear();
    if (parsed.ec != std::errc() || size == 0 || size > (std::size_t{1} << 30)) return false;
    left_ = size + 2;
    in_chunk_ = true;
  }
  return true;
}

namespace {

// A connected socket that closes itself; -1 when there is none.
class Connection {
 public:
  Connection(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
      reason_ = ::gai_strerror(error);
      return;
    }
    for (const addrinfo* each = found; each != nullptr && fd_ < 0; each = each->ai_next) {
      fd_ = ::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
      if (fd_ >= 0 && ::connect(fd_, each->ai_addr, each->ai_addrlen) == 0) break;
      reason_ = std::strerror(errno);
      if (fd_ >= 0) ::close(fd_);
      fd_ = -1;
    }
    ::freeaddrinfo(found);
  }
  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool open() const { return fd_ >= 0; }
  const std::string& reason() const { return reason_; }

  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Empty: the end.
  std::string_view receive() {
    const ssize_t got = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
    return {buffer_.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }

 private:
  int fd_ = -1;
  std::string reason_;
  std::array<char, 16384> buffer_{};
};

struct Address {
  std::string host, port, prefix;
};

std::optional<Address> address_of(std::string url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.erase(0, kScheme.size());
  Address address;
  if (const std::size_t slash = url.find('/'); slash != std::string::npos) {
    address.prefix = url.substr(slash);
    url.erase(slash);
  }
  while (address.prefix.ends_with('/')) address.prefix.pop_back();
  const std::size_t colon = url.rfind(':');
  const bool has_port = colon != std::string::npos && url.find(']', colon) == std::string::npos;
  address.host = has_port ? url.substr(0, colon) : url;
  address.port = has_port ? url.substr(colon + 1) : "80";
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  return address;
}

// The head of the answer, and what of the body came with it.
struct Head {
  int status = 0;
  bool chunked = false;
  std::string rest;
};

Head read_head(Connection& connection) {
  Head head;
  std::string text;
  std::size_t end = std::string::npos;
  while (end == std::string::npos && text.size() < 65536) {
    const std::string_view piece = connection.receive();
    if (piece.empty()) return head;
    text += piece;
    end = text.find("\r\n\r\n");
  }
  if (end == std::string::npos || text.size() < 12) return head;
  std::from_chars(text.data() + 9, text.data() + 12, head.status);
  std::string lowered = text.substr(0, end);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  head.chunked = lowered.find("\r\ntransfer-encoding: chunked") != std::string::npos;
  head.rest = text.substr(end + 4);
  return head;
}

int failed(int exit_code, const std::string& text) {
  std::fprintf(stderr, "narthex: %s\n", text.c_str());
  return exit_code;
}

}  // namespace

int follow_events(const std::string& url, const std::string& path,
                  const std::function<bool(const ServerEvent&)>& use) {
  const std::optional<Address> address = address_of(url);
  if (!address) return failed(kUsage, "events are followed over http:// only, not " + url);
  Connection connection(address->host, address->port);
  if (!connection.open()) {
    return failed(kNoConnection, "cannot reach " + url + ": " + connection.reason());
  }
  const std::string host =
      address->host.find(':') == std::string::npos ? address->host : '[' + address->host + ']';
  if (!connection.send("GET " + address->prefix + path + " HTTP/1.1\r\nHost: " + host + ':' +
                       address->port + "\r\nAccept: text/event-stream\r\n\r\n")) {
    return failed(kNoConnection, "cannot reach " + url);
  }
  const Head head = read_head(connection);
  if (head.status == 204) return failed(kFailure, "the server has all the followers it takes");
  if (head.status != 200) {
    return failed(kFailure, "HTTP status " + std::to_string(head.status) + ": " + head.rest);
  }
  ChunkParser chunks;
  EventParser events;
  std::string body = head.rest;
  for (std::string_view piece = body; !piece.empty();) {
    std::string content;
    const bool more = !head.chunked || chunks.feed(piece, content);
    events.feed(head.chunked ? std::string_view(content) : piece);
    while (const std::optional<ServerEvent> event = events.next()) {
      if (!use(*event)) return kGood;
    }
    if (!more) break;
    piece = connection.receive();
  }
  return failed(kFailure, "the server ended the stream");
}

}  // namespace narthex::cli
