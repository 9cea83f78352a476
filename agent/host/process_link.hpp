// SPDX-License-Identifier: Apache-2.0
// process_link.hpp - messages over a socket between the agent and the process of a plugin.
//
// Two sockets a process. On the first goes what is too large for the box of questions and answers
// (call_box.hpp); on the second the child tells what happens in between. A message is its size
// (u64), its kind (u32) and so many bytes. One thread at a time a direction.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::host {

enum class Message : std::uint32_t {
  // From the agent. Each is answered by kReply: nx_status i32, retry_after_ms u32, text, and a
  // body.
  kHello = 1,        // Greeting -> Description
  kValidate = 2,     // component u32, configuration
  kCreate = 3,       // component u32, configuration
  kStart = 4,        // nothing
  kStop = 5,         // deadline_mono_ns i64
  kReconfigure = 6,  // configuration
  kDestroy = 7,      // nothing
  kCollect = 8,      // deadline_mono_ns i64, fresh u8 -> tape (collection_tape.hpp)
  kRefresh = 9,      // fresh u8 -> same u8, then groups when it is 0
  kRun = 10,         // nothing
  kNotify = 11,      // deadline_mono_ns i64, alerts
  kProbe = 12,       // nothing
  kRoutes = 13,      // nothing -> routes
  kHandle = 14,      // request -> reply
  kPackets = 15,     // packets
  kFlush = 16,       // nothing
  kAside = 17,       // what the child asked for in between
  kParse = 18,       // request, page -> batches as texts, or none if they are asked about
  kReply = 20,
  // From the child before its kReply, and answered by kAside (remote_append.hpp, wire_parse.hpp).
  kAppend = 21,   // row_code wanted u8, batch -> outcome, result
  kResolve = 22,  // table -> outcome, references, codes
  kBatch = 23,    // batch -> verdict
  kSeries = 24,   // status i32, text, labels of the rows that a verdict named -> verdict
  // From the child, at any time.
  kHealth = 30,    // health i32, reason
  kGroups = 31,    // groups
  kSynced = 32,    // nothing
  kAnswered = 33,  // nothing: what was put for a time is answered
};

struct Envelope {
  Message kind{};
  std::string body;
};

// Owns one end of a socket.
class ProcessLink {
 public:
  static constexpr std::uint64_t kBodyMax = std::uint64_t{1} << 30;

  explicit ProcessLink(int descriptor) : descriptor_(descriptor) {}
  ProcessLink(ProcessLink&& other) noexcept;
  ProcessLink& operator=(ProcessLink&& other) noexcept;
  ~ProcessLink();

  int descriptor() const { return descriptor_; }
  // A message, or its beginning, is here already: the descriptor may have nothing to read.
  bool ahead() const { return !ahead_.empty(); }
  // Nobody is at the other end.
  bool hung_up() const;
  // NX_ERR_UNAVAILABLE: nobody is at the other end. NX_ERR_DEADLINE: it did not take or give
  // everything in time. NX_ERR_INVALID_DATA: no message. The link is of no use after a failure.
  // A timeout below 0 waits for ever. `more` follows the body.
  Status send(Message kind, std::string_view body, std::int64_t timeout_ms = -1,
              std::string_view more = {});
  Result<Envelope> receive(std::int64_t timeout_ms = -1);

 private:
  int descriptor_;
  std::string ahead_;  // read with a message and belonging to the next
};

// The two sockets, the agent's ends first; all are closed by exec.
struct LinkPair {
  ProcessLink agent, child;
};
Result<LinkPair> make_link_pair();

}  // namespace narthex::host
