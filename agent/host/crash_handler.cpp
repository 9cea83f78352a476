// SPDX-License-Identifier: Apache-2.0
#include "host/crash_handler.hpp"

#include "host/instance.hpp"
#include "host/module_map.hpp"
#include "runtime/thread.hpp"

#include <execinfo.h>
#include <fcntl.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace narthex::host {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr std::array kFatal = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr int kTraceFrames = 24;

// Set before the handler is, never changed afterwards.
struct Journal {
  int file = -1;
  char version[32] = {};
  const char* process = "agent";
};
constinit Journal crash_sink;
constinit std::atomic_flag crash_begun;

const char* signal_word(int number) noexcept {
  switch (number) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    default:
      return "SIGABRT";
  }
}

// A line on the stack, cut when it is full; the last byte is kept for the end of line.
class SignalLine {
 public:
  void text(std::string_view piece) noexcept {
    const std::size_t size = std::min(piece.size(), bytes_.size() - 1 - size_);
    std::memcpy(bytes_.data() + size_, piece.data(), size);
    size_ += size;
  }
  // Quoted: a name may hold anything.
  void quoted(std::string_view piece) noexcept {
    text("\"");
    for (const char c : piece.substr(0, 160)) {
      const bool plain = static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
      text(plain ? std::string_view(&c, 1) : std::string_view("_"));
    }
    text("\"");
  }
  void number(std::uint64_t value) noexcept { digits(value, 10); }
  void hexadecimal(std::uint64_t value) noexcept {
    text("0x");
    digits(value, 16);
  }
  void write_to(int file) noexcept {
    bytes_[size_] = '\n';
    // Nothing is to be done about a failure.
    [[maybe_unused]] const ssize_t written = ::write(file, bytes_.data(), size_ + 1);
  }

 private:
  void digits(std::uint64_t value, unsigned base) noexcept {
    std::array<char, 24> reversed;
    std::size_t count = 0;
    do {
      reversed[count++] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    while (count != 0) text(std::string_view(&reversed[--count], 1));
  }

  std::array<char, 1024> bytes_;
  std::size_t size_ = 0;
};

std::uintptr_t program_counter(const void* context) noexcept {
  const auto* machine = &static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(machine->gregs[REG_RIP]);
#elif defined(__aarch64__)
  return machine->pc;
#else
  (void)machine;
  return 0;
#endif
}

// The plugin that the thread was called for; else the one whose code it ran.
void name_plugin(SignalLine& line, const CallFrame* frame, const MappedModule* module) noexcept {
  const char* const by_module = module != nullptr && module->plugin[0] != 0 ? module->plugin : "";
  const char* const id = frame != nullptr ? frame->instance->plugin_id().c_str() : by_module;
  line.text(" plugin=");
  line.quoted(id);
  if (frame != nullptr) {
    line.text(" instance=");
    line.quoted(frame->instance->name());
    line.text(" entry=");
    line.quoted(frame->entry);
  }
  const MappedModule* const plugin = module_of_plugin(id);
  if (plugin == nullptr || id[0] == 0) return;
  line.text(" build_id=");
  line.text(plugin->build_id);
}

struct Death {
  const char* word = "";
  std::uintptr_t address = 0;  // what was touched
  std::uintptr_t counter = 0;  // the code that ran
};

void write_record(const Death& death) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  SignalLine line;
  line.text("FATAL time_ms=");
  line.number(static_cast<std::uint64_t>(now.tv_sec) * 1000 +
              static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000);
  line.text(" signal=");
  line.text(death.word);
  line.text(" address=");
  line.hexadecimal(death.address);
  const MappedModule* const module = module_of(death.counter);
  line.text(" module=");
  line.quoted(module != nullptr ? module->file : "");
  line.text(" offset=");
  line.hexadecimal(module != nullptr ? death.counter - module->base : death.counter);
  line.text(" process=");
  line.text(crash_sink.process);
  line.text(" version=");
  line.quoted(crash_sink.version);
  line.text(" pid=");
  line.number(static_cast<std::uint64_t>(::getpid()));
  // Last, because it follows pointers that may be what is broken.
  name_plugin(line, Instance::current_frame, module);
  line.write_to(crash_sink.file);
}

// After the record is safe: unwinding a broken stack may fault again.
void write_trace() noexcept {
  std::array<void*, kTraceFrames> frames;
  const int count = ::backtrace(frames.data(), kTraceFrames);
  SignalLine line;
  line.text("TRACE pid=");
  line.number(static_cast<std::uint64_t>(::getpid()));
  line.text(" stack=\"");
  for (int i = 0; i < count; ++i) {
    const auto address = reinterpret_cast<std::uintptr_t>(frames[static_cast<std::size_t>(i)]);
    const MappedModule* const module = module_of(address);
    if (i != 0) line.text(" ");
    line.text(module != nullptr ? module->file : "?");
    line.text("+");
    line.hexadecimal(module != nullptr ? address - module->base : address);
  }
  line.text("\"");
  line.write_to(crash_sink.file);
}

// What to do with all fatal signals from now on.
void set_fatal(const struct sigaction& action) noexcept {
  for (const int number : kFatal) ::sigaction(number, &action, nullptr);
}

void on_fatal(int number, siginfo_t* info, void* context) {
  const int kept_errno = errno;
  struct sigaction otherwise {};
  otherwise.sa_handler = SIG_DFL;
  set_fatal(otherwise);
  // Of threads that die together the first one writes.
  if (!crash_begun.test_and_set()) {
    const auto touched = reinterpret_cast<std::uintptr_t>(info->si_addr);
    write_record({signal_word(number), number == SIGABRT ? 0 : touched, program_counter(context)});
    write_trace();
  }
  errno = kept_errno;
  // A fault comes again with the return, at the same place; what somebody sent does not.
  if (info->si_code <= 0) ::raise(number);
}

// Runs in the thread that called exit(): the agent's own does so in no plugin's name.
void on_exit_within_a_call() {
  if (Instance::current_frame == nullptr) return;
  if (!crash_begun.test_and_set()) {
    write_record({"exit", 0, reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))});
    write_trace();
  }
  std::abort();
}

}  // namespace

Status install_crash_handler(const std::string& journal_path, std::string_view version,
                             CrashedProcess process) {
  if (kSanitized) return Status();
  const int file = ::open(journal_path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return {NX_ERR_IO, "crash journal " + journal_path + ": " + std::strerror(errno)};
  }
  crash_sink.file = file;
  crash_sink.process = process == CrashedProcess::kAgent ? "agent" : "plugin-host";
  std::memcpy(crash_sink.version, version.data(),
              std::min(version.size(), sizeof crash_sink.version - 1));
  map_modules();
  runtime::give_this_thread_a_signal_stack();
  // The first call loads the unwinder, which no signal handler may do.
  std::array<void*, 2> first;
  (void)::backtrace(first.data(), static_cast<int>(first.size()));
  struct sigaction action {};
  action.sa_sigaction = &on_fatal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigfillset(&action.sa_mask);
  set_fatal(action);
  std::atexit(&on_exit_within_a_call);
  return Status();
}

}  // namespace narthex::host
