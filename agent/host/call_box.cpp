// SPDX-License-Identifier: Apache-2.0
#include "host/call_box.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <ctime>
#include <limits>
#include <string>

namespace narthex::host {
namespace {

using BoxClock = std::chrono::steady_clock;

constexpr std::size_t kPlace = 128;  // where bodies begin
// The first look whether the other side still lives, and the longest time between two of them.
constexpr std::int64_t kFirstLookMs = 20;
constexpr std::int64_t kLookMaxMs = 250;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

using Word = std::atomic<std::uint32_t>;
using Time = std::atomic<std::int64_t>;
static_assert(sizeof(Word) == sizeof(std::uint32_t) && Word::is_always_lock_free);
static_assert(sizeof(Time) == sizeof(std::int64_t) && Time::is_always_lock_free);

// What stands in the claim of a question besides its number.
enum Claim : std::uint32_t { kOpen = 0, kTaken = 1, kWithdrawn = 2 };
constexpr std::uint32_t claim_of(std::uint32_t number, Claim claim) { return number << 2 | claim; }

// Until the word is another than `seen`, it is woken, or the clock has reached the time.
void wait_until(const Word& word, std::uint32_t seen, std::int64_t mono_ns) {
  const std::int64_t from_ns = std::max<std::int64_t>(0, mono_ns);
  timespec time{};
  time.tv_sec = static_cast<std::time_t>(from_ns / 1'000'000'000);
  time.tv_nsec = static_cast<long>(from_ns % 1'000'000'000);
  ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, seen, mono_ns == kNever ? nullptr : &time, nullptr,
            FUTEX_BITSET_MATCH_ANY);
}

void wake(Word& word) { ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

std::int64_t now_ns() {
  const auto now = BoxClock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

std::int64_t ms_until(BoxClock::time_point end) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(end - BoxClock::now()).count();
}

Status no_box(const char* what) {
  return {NX_ERR_EXHAUSTED, std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

// What each side writes on a cache line of its own, but for the claim, kind and size.
struct CallBox::Head {
  alignas(64) Word question;
  Word claim;
  Time at_ns, next_ns;
  alignas(64) Word answer;
  Time looks_ns, begun_ns;
  std::uint32_t kind;
  std::uint64_t size;
};

Result<CallBox> CallBox::map(int descriptor) {
  static_assert(sizeof(Head) <= kPlace && kPlace + kBodyMax == kBytes);
  void* const memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return no_box("mmap");
  return CallBox(descriptor, memory);
}

Result<CallBox> CallBox::make() {
  const int descriptor = ::memfd_create("narthex-calls", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor < 0) return no_box("memfd_create");
  // Sealed, since a child that shortened it would end the agent with SIGBUS.
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (::ftruncate(descriptor, static_cast<off_t>(kBytes)) != 0 ||
      ::fcntl(descriptor, F_ADD_SEALS, kSeals) != 0) {
    Status status = no_box("memfd");
    ::close(descriptor);
    return status;
  }
  Result<CallBox> box = map(descriptor);
  if (!box.ok()) {
    ::close(descriptor);
  } else {
    box->head().looks_ns.store(kNever);
  }
  return box;
}

Result<CallBox> CallBox::open(int descriptor) {
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0) return no_box("fstat");
  if (facts.st_size != static_cast<off_t>(kBytes)) return invalid_data("no box for calls");
  return map(descriptor);
}

CallBox::CallBox(CallBox&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      memory_(std::exchange(other.memory_, nullptr)),
      number_(other.number_),
      answered_(other.answered_),
      for_later_(other.for_later_) {}

CallBox& CallBox::operator=(CallBox&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(memory_, other.memory_);
  std::swap(number_, other.number_);
  std::swap(answered_, other.answered_);
  std::swap(for_later_, other.for_later_);
  return *this;
}

CallBox::~CallBox() {
  if (memory_ != nullptr) ::munmap(memory_, kBytes);
  if (descriptor_ >= 0) ::close(descriptor_);
}

char* CallBox::place() const { return static_cast<char*>(memory_) + kPlace; }

// REQUIRES: both fit, or the size alone is to be said.
void CallBox::put(Message kind, std::string_view first, std::string_view second) {
  head().kind = static_cast<std::uint32_t>(kind);
  head().size = first.size() + second.size();
  if (first.size() + second.size() > kBodyMax) return;
  std::copy(first.begin(), first.end(), place());
  std::copy(second.begin(), second.end(), place() + first.size());
}

Result<Envelope> CallBox::ask(ProcessLink& link, Message kind, std::string_view body,
                              std::int64_t timeout_ms, std::string_view more) {
  const auto end = BoxClock::now() + std::chrono::milliseconds(timeout_ms);
  put(kind, body, more);
  head().at_ns.store(0);
  head().claim.store(claim_of(++number_, kOpen));
  head().question.store(number_);
  wake(head().question);
  if (body.size() + more.size() > kBodyMax) {
    if (Status sent = link.send(kind, body, timeout_ms, more); !sent.ok()) return sent;
  }
  return await(link, end);
}

void CallBox::ask_at(Message kind, std::string_view body, std::int64_t at_ns,
                     std::int64_t next_ns) {
  put(kind, body, {});
  head().at_ns.store(at_ns);
  head().next_ns.store(next_ns);
  head().claim.store(claim_of(++number_, kOpen));
  head().question.store(number_);
  // In this order, and the child's in the other one: either it sees the question when it looks for
  // the last time, or its next look is seen here to be too late. What it lies about it is late for.
  if (head().looks_ns.load() > at_ns) wake(head().question);
}

bool CallBox::withdraw() {
  std::uint32_t open = claim_of(number_, kOpen);
  return head().claim.compare_exchange_strong(open, claim_of(number_, kWithdrawn));
}

bool CallBox::answered() const { return head().answer.load() == number_; }

std::int64_t CallBox::begun_ns() const { return head().begun_ns.load(); }

Result<Envelope> CallBox::take_answer(ProcessLink& link, std::int64_t timeout_ms) {
  return await(link, BoxClock::now() + std::chrono::milliseconds(timeout_ms));
}

Result<Envelope> CallBox::await(ProcessLink& link, BoxClock::time_point end) {
  const std::uint32_t before = answered_;
  std::int64_t look_ms = kFirstLookMs;
  for (std::uint32_t said = head().answer.load(); said != number_; said = head().answer.load()) {
    if (said != before) return invalid_data("the plugin's process answered what was not asked");
    const std::int64_t wait_ms = std::min(look_ms, std::max<std::int64_t>(0, ms_until(end)));
    wait_until(head().answer, before, now_ns() + wait_ms * 1'000'000);
    if (head().answer.load() == number_) break;
    if (link.hung_up()) return unavailable("the plugin's process has ended");
    if (ms_until(end) <= 0) return Status(NX_ERR_DEADLINE, "the plugin's process does not answer");
    look_ms = std::min(2 * look_ms, kLookMaxMs);
  }
  answered_ = number_;
  const std::uint64_t size = const_cast<const volatile std::uint64_t&>(head().size);
  if (size > kBodyMax) return link.receive(std::max<std::int64_t>(0, ms_until(end)));
  return Envelope{static_cast<Message>(head().kind), std::string(place(), size)};
}

// False: the agent has withdrawn it.
bool CallBox::take(std::uint32_t number) {
  std::uint32_t open = claim_of(number, kOpen);
  return head().claim.compare_exchange_strong(open, claim_of(number, kTaken));
}

Result<Envelope> CallBox::next_question(ProcessLink& link) {
  for (;;) {
    const std::uint32_t asked = head().question.load();
    if (asked == number_) {
      const std::int64_t looks_ns = head().looks_ns.load();
      wait_until(head().question, asked, looks_ns);
      if (looks_ns <= now_ns()) head().looks_ns.store(kNever);  // and once more, as ask_at() says
      continue;
    }
    const std::int64_t at_ns = head().at_ns.load();
    const std::int64_t now = now_ns();
    if (at_ns > now) {
      wait_until(head().question, asked, at_ns);
      continue;
    }
    number_ = asked;
    if (!take(asked)) continue;
    for_later_ = at_ns != 0;
    head().looks_ns.store(for_later_ ? head().next_ns.load() : kNever);
    head().begun_ns.store(now);
    break;
  }
  if (head().size > kBodyMax) return link.receive();
  return Envelope{static_cast<Message>(head().kind), std::string(place(), head().size)};
}

Status CallBox::answer(ProcessLink& link, Message kind, std::string_view first,
                       std::string_view second, const std::function<void()>& said) {
  put(kind, first, second);
  head().answer.store(number_);
  wake(head().answer);
  if (said) said();
  if (first.size() + second.size() <= kBodyMax) return Status();
  return link.send(kind, first, -1, second);
}

}  // namespace narthex::host
