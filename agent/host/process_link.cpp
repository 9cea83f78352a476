// SPDX-License-Identifier: Apache-2.0
#include "host/process_link.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace narthex::host {
namespace {

using LinkClock = std::chrono::steady_clock;

struct MessageHead {
  std::uint64_t size;
  std::uint32_t kind;
  std::uint32_t reserved;
};

// Until when a message must have passed; the kernel's time, not the agent's: nobody moves it.
class TimeLimit {
 public:
  explicit TimeLimit(std::int64_t timeout_ms)
      : endless_(timeout_ms < 0), end_(LinkClock::now() + std::chrono::milliseconds(timeout_ms)) {}
  // For poll(); 0: over.
  int left_ms() const {
    if (endless_) return -1;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end_ - LinkClock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
  }

 private:
  const bool endless_;
  const LinkClock::time_point end_;
};

Status wait_for(int descriptor, short events, const TimeLimit& limit) {
  for (;;) {
    pollfd waited{descriptor, events, 0};
    const int ready = ::poll(&waited, 1, limit.left_ms());
    if (ready > 0) return Status();
    if (ready == 0) return {NX_ERR_DEADLINE, "the plugin's process does not answer"};
    if (errno != EINTR) return unavailable(std::string("poll: ") + std::strerror(errno));
  }
}

Status gone() { return unavailable("the plugin's process has ended"); }

Status read_all(int descriptor, char* to, std::size_t size, const TimeLimit& limit) {
  while (size != 0) {
    const ssize_t got = ::recv(descriptor, to, size, MSG_DONTWAIT);
    if (got > 0) {
      to += got;
      size -= static_cast<std::size_t>(got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      return gone();
    } else if (Status status = wait_for(descriptor, POLLIN, limit); !status.ok()) {
      return status;
    }
  }
  return Status();
}

Status write_all(int descriptor, std::array<iovec, 3> parts, const TimeLimit& limit) {
  std::size_t first = 0;
  while (first < parts.size()) {
    if (parts[first].iov_len == 0) {
      ++first;
      continue;
    }
    msghdr message{};
    message.msg_iov = &parts[first];
    message.msg_iovlen = parts.size() - first;
    const ssize_t sent = ::sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return gone();
    if (sent < 0) {
      if (Status status = wait_for(descriptor, POLLOUT, limit); !status.ok()) return status;
      continue;
    }
    for (auto left = static_cast<std::size_t>(sent); left != 0;) {
      iovec& part = parts[first];
      const std::size_t done = std::min(left, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + done;
      part.iov_len -= done;
      left -= done;
      if (part.iov_len == 0) ++first;
    }
  }
  return Status();
}

}  // namespace

ProcessLink::ProcessLink(ProcessLink&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), ahead_(std::move(other.ahead_)) {}

ProcessLink& ProcessLink::operator=(ProcessLink&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(ahead_, other.ahead_);
  return *this;
}

ProcessLink::~ProcessLink() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool ProcessLink::hung_up() const {
  pollfd looked{descriptor_, POLLRDHUP, 0};
  return ::poll(&looked, 1, 0) > 0;
}

Status ProcessLink::send(Message kind, std::string_view body, std::int64_t timeout_ms,
                         std::string_view more) {
  MessageHead head{body.size() + more.size(), static_cast<std::uint32_t>(kind), 0};
  const std::array<iovec, 3> parts = {
      iovec{&head, sizeof head},
      iovec{const_cast<char*>(body.data()), body.size()},   // NOLINT: sendmsg only reads
      iovec{const_cast<char*>(more.data()), more.size()}};  // NOLINT
  return write_all(descriptor_, parts, TimeLimit(timeout_ms));
}

// A message and mostly all of it comes with one call of the system, which waits itself where there
// is no limit.
Result<Envelope> ProcessLink::receive(std::int64_t timeout_ms) {
  const TimeLimit limit(timeout_ms);
  MessageHead head{};
  while (ahead_.size() < sizeof head) {
    if (timeout_ms >= 0) {
      if (Status status = wait_for(descriptor_, POLLIN, limit); !status.ok()) return status;
    }
    std::array<char, 32 << 10> bytes;
    const ssize_t got =
        ::recv(descriptor_, bytes.data(), bytes.size(), timeout_ms >= 0 ? MSG_DONTWAIT : 0);
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) return gone();
    if (got > 0) ahead_.append(bytes.data(), static_cast<std::size_t>(got));
  }
  std::memcpy(&head, ahead_.data(), sizeof head);
  if (head.size > kBodyMax) return invalid_data("the plugin's process sent what is no message");
  const std::size_t there = std::min<std::size_t>(head.size, ahead_.size() - sizeof head);
  Envelope envelope{static_cast<Message>(head.kind), ahead_.substr(sizeof head, there)};
  ahead_.erase(0, sizeof head + there);
  envelope.body.resize(head.size);
  Status status = read_all(descriptor_, envelope.body.data() + there, head.size - there, limit);
  if (!status.ok()) return status;
  return envelope;
}

Result<LinkPair> make_link_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Status(NX_ERR_EXHAUSTED, std::string("socketpair: ") + std::strerror(errno));
  }
  return LinkPair{ProcessLink(ends[0]), ProcessLink(ends[1])};
}

}  // namespace narthex::host
