// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>

namespace narthex::runtime {
namespace {

thread_local int thread_kind_of_this_thread = 0;

// Instrumented frames are several times as large.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStackFactor = 8;
#else
constexpr std::size_t kStackFactor = 1;
#endif

// Only what a handler touches of it takes memory.
class SignalStack {
 public:
  SignalStack()
      : memory_(
            ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) return;
    stack_t stack{};
    stack.ss_sp = memory_;
    stack.ss_size = kBytes;
    ::sigaltstack(&stack, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;
  ~SignalStack() {
    if (memory_ == MAP_FAILED) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
    ::munmap(memory_, kBytes);
  }

 private:
  static constexpr std::size_t kBytes = 64 << 10;
  void* const memory_;
};

struct Launch {
  ThreadOptions options;
  std::function<void()> body;
};

void* run(void* argument) {
  const std::unique_ptr<Launch> launch(static_cast<Launch*>(argument));
  pthread_setname_np(pthread_self(), launch->options.name.substr(0, 15).c_str());
  set_this_thread_kind(launch->options.kind);
  give_this_thread_a_signal_stack();
  launch->body();
  return nullptr;
}

}  // namespace

int this_thread_kind() noexcept { return thread_kind_of_this_thread; }
void set_this_thread_kind(int kind) noexcept { thread_kind_of_this_thread = kind; }

void give_this_thread_a_signal_stack() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they bring their own
  thread_local const SignalStack stack;
#endif
}

Thread Thread::start(const ThreadOptions& options, std::function<void()> body) {
  auto launch = std::make_unique<Launch>(Launch{options, std::move(body)});
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, options.stack_bytes * kStackFactor);
  Thread thread;
  thread.joinable_ = pthread_create(&thread.handle_, &attributes, &run, launch.get()) == 0;
  pthread_attr_destroy(&attributes);
  if (thread.joinable_) (void)launch.release();  // run() owns it now
  return thread;
}

Thread::Thread(Thread&& other) noexcept
    : handle_(other.handle_), joinable_(std::exchange(other.joinable_, false)) {}

Thread& Thread::operator=(Thread&& other) noexcept {
  join();
  handle_ = other.handle_;
  joinable_ = std::exchange(other.joinable_, false);
  return *this;
}

bool Thread::is_this_thread() const noexcept {
  return joinable_ && pthread_equal(handle_, pthread_self()) != 0;
}

void Thread::join() {
  if (!std::exchange(joinable_, false)) return;
  pthread_join(handle_, nullptr);
}

}  // namespace narthex::runtime
