// SPDX-License-Identifier: Apache-2.0
// Answers that the handler's thread writes itself.
#include "net/direct_answer.hpp"
#include "support/manual_executor.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

using namespace narthex;

namespace {

struct SocketEnds {
  SocketEnds() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0); }
  ~SocketEnds() {
    close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
  }
  // All that came.
  std::string read() const {
    std::string all;
    char bytes[4096];
    for (;;) {
      const ssize_t got = recv(ends[1], bytes, sizeof bytes, 0);
      if (got <= 0) return all;
      all.append(bytes, static_cast<std::size_t>(got));
    }
  }
  // Until the socket takes nothing more.
  std::size_t fill() const {
    const std::string some(1 << 10, 'x');
    std::size_t sent = 0;
    for (;;) {
      const ssize_t took = send(ends[0], some.data(), some.size(), MSG_NOSIGNAL);
      if (took <= 0) return sent;
      sent += static_cast<std::size_t>(took);
    }
  }
  int ends[2];
};

net::Answer finished_answer(std::string head, std::string body) {
  net::Answer answer;
  answer.head = std::move(head);
  answer.body = std::move(body);
  return answer;
}

}  // namespace

TEST_CASE("an answer is written where it was made, and found given", "[net]") {
  SocketEnds socket;
  test::ManualClock clock(0);
  net::DirectAnswer direct(socket.ends[0], clock, {});
  net::Answer answer = finished_answer("head ", "body");
  CHECK(direct.give(answer));
  CHECK(socket.read() == "head body");
  CHECK(direct.take_back());
  CHECK_FALSE(direct.take_back());
}

TEST_CASE("after it was taken back an answer goes the other way, untouched", "[net]") {
  SocketEnds socket;
  test::ManualClock clock(0);
  net::DirectAnswer direct(socket.ends[0], clock, {});
  CHECK_FALSE(direct.take_back());
  net::Answer answer = finished_answer("head ", "body");
  CHECK_FALSE(direct.give(answer));
  CHECK(socket.read().empty());
  CHECK(answer.head == "head ");
  CHECK(answer.body == "body");
  CHECK_FALSE(answer.counted);
}

TEST_CASE("answers that end their connection, or are large, go the other way", "[net]") {
  SocketEnds socket;
  test::ManualClock clock(0);
  net::DirectAnswer direct(socket.ends[0], clock, {});
  net::Answer last = finished_answer("head", "");
  last.close = true;
  CHECK_FALSE(direct.give(last));
  net::Answer large = finished_answer("head", std::string(1 << 20, 'x'));
  CHECK_FALSE(direct.give(large));
  CHECK(socket.read().empty());
  CHECK(large.body.size() == 1 << 20);
}

TEST_CASE("of an answer that a full socket did not take the rest is left", "[net]") {
  SocketEnds socket;
  test::ManualClock clock(0);
  net::DirectAnswer direct(socket.ends[0], clock, {});
  const std::size_t before = socket.fill();
  net::Answer answer = finished_answer("head ", "body");
  CHECK_FALSE(direct.give(answer));
  CHECK_FALSE(direct.take_back());
  const std::string came = socket.read().substr(before);
  CHECK(came + answer.head + answer.body == "head body");
  CHECK(answer.counted);
}

TEST_CASE("an answer to somebody who has left is no failure of the thread", "[net]") {
  SocketEnds socket;
  close(std::exchange(socket.ends[1], -1));
  test::ManualClock clock(0);
  net::DirectAnswer direct(socket.ends[0], clock, {});
  net::Answer answer = finished_answer("head ", "body");
  CHECK_FALSE(direct.give(answer));
  CHECK_FALSE(direct.take_back());
}
