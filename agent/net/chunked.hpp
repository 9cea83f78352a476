// SPDX-License-Identifier: Apache-2.0
// chunked.hpp - decodes the chunked transfer coding piece by piece. Pure; bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::net {

class ChunkedDecoder {
 public:
  // Strict wants CRLF everywhere (requests); lenient takes a bare LF as well (answers, as Go does).
  enum class LineEnds { kStrict, kLenient };
  explicit ChunkedDecoder(LineEnds ends) : strict_(ends == LineEnds::kStrict) {}

  // Takes bytes up to the end of the body, appends what they carry to body and says how many were
  // taken. At most body_max bytes are appended over the life of the decoder; then it fails.
  std::size_t feed(std::string_view bytes, std::string& body, std::uint64_t body_max);

  bool done() const { return state_ == State::kDone; }
  bool failed() const { return state_ == State::kFailed; }
  bool too_large() const { return too_large_; }

 private:
  enum class State { kSize, kData, kDataEnd, kTrailer, kDone, kFailed };
  bool take_line(std::string_view bytes, std::size_t& used);
  void on_line();
  void fail() { state_ = State::kFailed; }

  bool strict_;
  State state_ = State::kSize;
  bool too_large_ = false;
  std::uint64_t left_ = 0;      // of the current chunk
  std::uint64_t total_ = 0;     // appended so far
  std::uint64_t overhead_ = 0;  // bytes of extensions and trailers
  std::string line_;
};

}  // namespace narthex::net
