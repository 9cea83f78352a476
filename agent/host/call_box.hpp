// SPDX-License-Identifier: Apache-2.0
// call_box.hpp - memory that the agent and the process of a plugin share: a question or its answer
// lies in it, and a word of it (a futex) says that it is there. So a call costs two wake-ups and
// nothing of the network stack. A body that is larger than the box goes over the link instead.
//
//   question u32, answer u32   numbers of the last ones; a word a side, each waits on the other's
//   kind u32, size u64         of what lies there
//   body
//
// One question at a time, one thread a side. The agent believes nothing of what the child wrote:
// it reads the size once, checks it, and works on a copy.
#pragma once

#include "host/process_link.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace narthex::host {

class CallBox {
 public:
  static constexpr std::size_t kBytes = std::size_t{1} << 20;  // pages exist once they are used
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
  // The answer. Codes as those of ProcessLink; the box is of no use after a failure.
  Result<Envelope> ask(ProcessLink& link, Message kind, std::string_view body,
                       std::int64_t timeout_ms);

  // ---- the child's side ----
  Result<Envelope> next_question(ProcessLink& link);  // waits for ever
  // The answer to it, its body in two parts.
  Status answer(ProcessLink& link, Message kind, std::string_view head, std::string_view body);

 private:
  struct Head;

  CallBox(int descriptor, void* memory) : descriptor_(descriptor), memory_(memory) {}
  static Result<CallBox> map(int descriptor);
  Head& head() const { return *static_cast<Head*>(memory_); }
  char* place() const;
  void put(Message kind, std::string_view first, std::string_view second);

  int descriptor_ = -1;
  void* memory_ = nullptr;
  std::uint32_t number_ = 0;  // of the last question
};

}  // namespace narthex::host
