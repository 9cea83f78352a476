// SPDX-License-Identifier: Apache-2.0
// Questions that are put for later, in the memory that the agent and the process of a plugin share:
// two threads here. Those that are answered at once: process_test.cpp.
#include "host/call_box.hpp"

#include <catch2/catch.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string>
#include <thread>

using namespace narthex;
using namespace narthex::host;

namespace {

std::int64_t mono_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The other side of a box: answers everything with its text until it is told to end. It asserts
// nothing on its own thread.
class OtherSide {
 public:
  OtherSide(CallBox& box, ProcessLink& link) : thread_([this, &box, &link] { run(box, link); }) {}
  // What it ended with.
  Status join() {
    thread_.join();
    return ended_;
  }

 private:
  void run(CallBox& box, ProcessLink& link) {
    for (bool last = false; !last && ended_.ok();) {
      const auto question = box.next_question(link);
      if (!question.ok()) {
        ended_ = question.status();
        return;
      }
      last = question->kind == Message::kDestroy;
      const std::string_view when = box.was_put_for_later() ? "later " : "now ";
      ended_ = box.answer(link, Message::kReply, when, question->body);
    }
  }

  Status ended_;
  std::thread thread_;
};

// Both ends of a link and of a box.
struct Sides {
  decltype(make_link_pair()) pair = make_link_pair();
  decltype(CallBox::make()) mine = CallBox::make();
  decltype(CallBox::open(-1)) theirs = CallBox::open(mine.ok() ? ::dup(mine->descriptor()) : -1);
};

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kFar = 3'600'000 * kMs;

}  // namespace

TEST_CASE("a question that is put for later is begun at its time", "[process]") {
  Sides sides;
  REQUIRE(sides.pair.ok());
  REQUIRE(sides.theirs.ok());
  auto& [pair, mine, theirs] = sides;
  OtherSide other(*theirs, pair->child);
  // The first one wakes the other side; it has foretold the second, the third comes at once.
  std::int64_t at_ns = mono_ns() + 30 * kMs;
  for (const std::string body : {"a", "b", "c"}) {
    mine->ask_at(Message::kCollect, body, at_ns, at_ns + 20 * kMs);
    const auto answer = mine->take_answer(pair->agent, 10'000);
    REQUIRE(answer.status().message() == "");
    CHECK(answer->body == "later " + body);
    CHECK(mine->answered());
    CHECK(mine->begun_ns() >= at_ns);
    CHECK(mine->begun_ns() <= mono_ns());
    CHECK_FALSE(mine->withdraw());
    at_ns = body == "a" ? at_ns + 20 * kMs : 1;
  }
  CHECK(mine->ask(pair->agent, Message::kDestroy, "end", 10'000)->body == "now end");
  CHECK(other.join().message() == "");
}

TEST_CASE("a question that is put for later can be withdrawn until it is begun", "[process]") {
  Sides sides;
  REQUIRE(sides.pair.ok());
  REQUIRE(sides.theirs.ok());
  auto& [pair, mine, theirs] = sides;
  OtherSide other(*theirs, pair->child);
  for (int round = 0; round < 200; ++round) {
    const bool far = round % 2 == 0;
    mine->ask_at(Message::kCollect, "later", far ? mono_ns() + kFar : mono_ns() + round * 1'000,
                 mono_ns() + kFar);
    const bool withdrawn = mine->withdraw();
    if (far) CHECK(withdrawn);
    CHECK_FALSE(mine->withdraw());
    if (!withdrawn) {
      CHECK(mine->take_answer(pair->agent, 10'000)->body == "later later");
    }
    if (round % 4 < 2) CHECK(mine->ask(pair->agent, Message::kProbe, "x", 10'000)->body == "now x");
  }
  CHECK(mine->ask(pair->agent, Message::kDestroy, "end", 10'000)->body == "now end");
  CHECK(other.join().message() == "");
}

TEST_CASE("an answer that is never given is late, whatever else the other side writes",
          "[process]") {
  auto pair = make_link_pair();
  auto mine = CallBox::make();
  REQUIRE(pair.ok());
  REQUIRE(mine.ok());
  const int descriptor = ::dup(mine->descriptor());
  void* const memory =
      ::mmap(nullptr, CallBox::kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  REQUIRE(memory != MAP_FAILED);
  // Only the word of the answer counts; it says the number of none that was asked, and then none.
  constexpr std::size_t kAnswerAt = 64;
  mine->ask_at(Message::kCollect, "x", 1, 2);
  std::memset(memory, 0xa5, 128);
  CHECK_FALSE(mine->answered());
  CHECK_FALSE(mine->withdraw());
  CHECK(mine->take_answer(pair->agent, 0).status().code() == NX_ERR_INVALID_DATA);
  std::memset(static_cast<char*>(memory) + kAnswerAt, 0, 4);
  CHECK(mine->take_answer(pair->agent, 1).status().code() == NX_ERR_DEADLINE);
  ::munmap(memory, CallBox::kBytes);
  ::close(descriptor);
}
