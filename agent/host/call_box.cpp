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
#include <string>

namespace narthex::host {
namespace {

using BoxClock = std::chrono::steady_clock;

constexpr std::size_t kPlace = 128;  // where bodies begin
// The first look whether the other side still lives, and the longest time between two of them.
constexpr std::int64_t kFirstLookMs = 20;
constexpr std::int64_t kLookMaxMs = 250;

using Word = std::atomic<std::uint32_t>;
static_assert(sizeof(Word) == sizeof(std::uint32_t) && Word::is_always_lock_free);

// Until the word is another than `seen`, it is woken, or the time is over; below 0: no time.
void wait_on(const Word& word, std::uint32_t seen, std::int64_t timeout_ms) {
  timespec time{};
  time.tv_sec = static_cast<std::time_t>(timeout_ms / 1000);
  time.tv_nsec = static_cast<long>(timeout_ms % 1000 * 1'000'000);
  ::syscall(SYS_futex, &word, FUTEX_WAIT, seen, timeout_ms < 0 ? nullptr : &time, nullptr, 0);
}

void say(Word& word, std::uint32_t number) {
  word.store(number);
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

std::int64_t ms_until(BoxClock::time_point end) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(end - BoxClock::now()).count();
}

Status no_box(const char* what) {
  return {NX_ERR_EXHAUSTED, std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

// Each side's word on a cache line of its own.
struct CallBox::Head {
  alignas(64) Word question;
  alignas(64) Word answer;
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
  if (!box.ok()) ::close(descriptor);
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
      number_(other.number_) {}

CallBox& CallBox::operator=(CallBox&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(memory_, other.memory_);
  std::swap(number_, other.number_);
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
                              std::int64_t timeout_ms) {
  const auto end = BoxClock::now() + std::chrono::milliseconds(timeout_ms);
  put(kind, body, {});
  const std::uint32_t before = number_++;
  say(head().question, number_);
  if (body.size() > kBodyMax) {
    if (Status sent = link.send(kind, body, timeout_ms); !sent.ok()) return sent;
  }
  std::int64_t look_ms = kFirstLookMs;
  for (std::uint32_t said = head().answer.load(); said != number_; said = head().answer.load()) {
    if (said != before) return invalid_data("the plugin's process answered what was not asked");
    wait_on(head().answer, before, std::min(look_ms, std::max<std::int64_t>(0, ms_until(end))));
    if (head().answer.load() == number_) break;
    if (link.hung_up()) return unavailable("the plugin's process has ended");
    if (ms_until(end) <= 0) return Status(NX_ERR_DEADLINE, "the plugin's process does not answer");
    look_ms = std::min(2 * look_ms, kLookMaxMs);
  }
  const std::uint64_t size = const_cast<const volatile std::uint64_t&>(head().size);
  if (size > kBodyMax) return link.receive(std::max<std::int64_t>(0, ms_until(end)));
  return Envelope{static_cast<Message>(head().kind), std::string(place(), size)};
}

Result<Envelope> CallBox::next_question(ProcessLink& link) {
  while (head().question.load() == number_) wait_on(head().question, number_, -1);
  number_ = head().question.load();
  if (head().size > kBodyMax) return link.receive();
  return Envelope{static_cast<Message>(head().kind), std::string(place(), head().size)};
}

Status CallBox::answer(ProcessLink& link, Message kind, std::string_view first,
                       std::string_view second) {
  put(kind, first, second);
  say(head().answer, number_);
  if (first.size() + second.size() <= kBodyMax) return Status();
  return link.send(kind, std::string(first).append(second));
}

}  // namespace narthex::host
