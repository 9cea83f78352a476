// SPDX-License-Identifier: Apache-2.0
// call_box.hpp - memory that the agent and the process of a plugin share: a question or its answer
// lies in it, and a word of it (a futex) says that it is there. So a call costs two wake-ups and
// nothing of the network stack. A body that is larger than the box goes over the link instead.
//
//   question u32, answer u32   numbers of the last ones; a word a side, each waits on the other's
//   claim u32                  the question's number, and whether it is taken or withdrawn
//   at i64, next i64           when it is to be begun, 0: now; when another one is likely due
//   looks i64                  when the child looks for a question by itself
//   begun i64                  when it began with the last one
//   kind u32, size u64         of what lies there
//   body
//
// A question that is put for later needs no waking: the child sleeps until then, and while it comes
// at the time that was foretold, the child is awake when it is put. Times are those of the
// monotonic clock, which all processes share.
//
// One question at a time, one thread a side. The agent believes nothing of what the child wrote:
// it reads the size once, checks it, and works on a copy.
#pragma once

#include "host/process_link.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace narthex::host {

class CallBox {
 public:
  static constexpr std::size_t kBytes = std::size_t{4} << 20;  // pages exist once they are used
  static constexpr std::size_t kBodyMax = kBytes - 128;

  // The agent's: memory whose size nobody can change.
  static Result<CallBox> make();
  // The child's: what lies behind the descriptor, which it takes over.
  static Result<CallBox> open(int descriptor);
  CallBox(CallBox&& other) noexcept;
  CallBox& operator=(CallBox&& other) noexcept;
  ~CallBox();

  int descriptor() const { return descriptor_; }

  // ---- the agent's side ----
  // The answer; `more` follows the body. Codes as those of ProcessLink; the box is of no use after
  // a failure.
  Result<Envelope> ask(ProcessLink& link, Message kind, std::string_view body,
                       std::int64_t timeout_ms, std::string_view more = {});
  // Puts a question that the child is to begin at a time. It is the last one until it is withdrawn
  // or its answer was taken. REQUIRES: the body fits.
  void ask_at(Message kind, std::string_view body, std::int64_t at_ns, std::int64_t next_ns);
  // True: it has not been begun, and never will be.
  bool withdraw();
  bool answered() const;
  std::int64_t begun_ns() const;  // what the child says
  Result<Envelope> take_answer(ProcessLink& link, std::int64_t timeout_ms);

  // ---- the child's side ----
  Result<Envelope> next_question(ProcessLink& link);  // waits for ever
  // The last question was put for a time: its answer is waited for elsewhere.
  bool was_put_for_later() const { return for_later_; }
  // The answer to it, its body in two parts. `said` is called when it can be taken, and before what
  // is larger than the box is sent, which ends when it was.
  Status answer(ProcessLink& link, Message kind, std::string_view head, std::string_view body,
                const std::function<void()>& said = {});

 private:
  struct Head;

  CallBox(int descriptor, void* memory) : descriptor_(descriptor), memory_(memory) {}
  static Result<CallBox> map(int descriptor);
  Head& head() const { return *static_cast<Head*>(memory_); }
  char* place() const;
  bool take(std::uint32_t number);
  Result<Envelope> await(ProcessLink& link, std::chrono::steady_clock::time_point end);
  void put(Message kind, std::string_view first, std::string_view second);

  int descriptor_ = -1;
  void* memory_ = nullptr;
  std::uint32_t number_ = 0;    // of the last question
  std::uint32_t answered_ = 0;  // the agent's: of the last one whose answer was taken
  bool for_later_ = false;
};

}  // namespace narthex::host
