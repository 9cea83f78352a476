// SPDX-License-Identifier: Apache-2.0
// The memory that the agent and the process of a plugin share: two threads here.
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

// The other side of a box: answers everything with its text, until it is told to end.
std::thread answering(CallBox& box, ProcessLink& link) {
  return std::thread([&box, &link] {
    for (;;) {
      const auto question = box.next_question(link);
      REQUIRE(question.ok());
      const std::string_view later = box.was_put_for_later() ? "later " : "now ";
      REQUIRE(box.answer(link, Message::kReply, later, question->body).ok());
      if (question->kind == Message::kDestroy) return;
    }
  });
}

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kFar = 3'600'000 * kMs;

}  // namespace

TEST_CASE("questions and answers of any size pass the box", "[process]") {
  auto pair = make_link_pair();
  auto mine = CallBox::make();
  REQUIRE(pair.ok());
  REQUIRE(mine.ok());
  const std::string large(2 * CallBox::kBytes, 'x');
  const std::string full(CallBox::kBodyMax - 1, 'y');
  std::thread other([&] {
    auto box = CallBox::open(::dup(mine->descriptor()));
    REQUIRE(box.ok());
    for (;;) {
      const auto question = box->next_question(pair->child);
      REQUIRE(question.ok());
      REQUIRE(box->answer(pair->child, Message::kReply, "<", question->body).ok());
      if (question->kind == Message::kDestroy) return;
    }
  });
  for (const std::string& body : {std::string("small"), large, full, std::string()}) {
    const auto back = mine->ask(pair->agent, Message::kCollect, body, 10'000);
    REQUIRE(back.status().message() == "");
    CHECK(back->kind == Message::kReply);
    CHECK(back->body == "<" + body);
  }
  CHECK(mine->ask(pair->agent, Message::kDestroy, "end", 10'000)->body == "<end");
  other.join();
  // Nobody answers any more; then nobody is there.
  CHECK(mine->ask(pair->agent, Message::kProbe, {}, 1).status().code() == NX_ERR_DEADLINE);
  { const ProcessLink gone = std::move(pair->child); }
  auto next = CallBox::make();
  REQUIRE(next.ok());
  CHECK(next->ask(pair->agent, Message::kProbe, {}, 10'000).status().code() == NX_ERR_UNAVAILABLE);
}

TEST_CASE("a box keeps its size, and an answer to another question is none", "[process]") {
  auto pair = make_link_pair();
  auto mine = CallBox::make();
  REQUIRE(pair.ok());
  REQUIRE(mine.ok());
  CHECK(::ftruncate(mine->descriptor(), 0) != 0);
  auto theirs = CallBox::open(::dup(mine->descriptor()));
  REQUIRE(theirs.ok());
  std::thread other([&] {
    (void)theirs->next_question(pair->child).ok();
    // Its own questions make it forget whose number it answers.
    (void)theirs->ask(pair->child, Message::kProbe, {}, 0).ok();
    (void)theirs->answer(pair->child, Message::kReply, "late", {}).ok();
  });
  CHECK(mine->ask(pair->agent, Message::kProbe, {}, 10'000).status().code() == NX_ERR_INVALID_DATA);
  other.join();
  const int empty = ::memfd_create("empty", MFD_CLOEXEC);
  CHECK_FALSE(CallBox::open(empty).ok());
  ::close(empty);
}

TEST_CASE("a question that is put for later is begun at its time", "[process]") {
  auto pair = make_link_pair();
  auto mine = CallBox::make();
  REQUIRE(pair.ok());
  REQUIRE(mine.ok());
  auto theirs = CallBox::open(::dup(mine->descriptor()));
  REQUIRE(theirs.ok());
  std::thread other = answering(*theirs, pair->child);
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
  other.join();
}

TEST_CASE("a question that is put for later can be withdrawn until it is begun", "[process]") {
  auto pair = make_link_pair();
  auto mine = CallBox::make();
  REQUIRE(pair.ok());
  REQUIRE(mine.ok());
  auto theirs = CallBox::open(::dup(mine->descriptor()));
  REQUIRE(theirs.ok());
  std::thread other = answering(*theirs, pair->child);
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
  other.join();
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
