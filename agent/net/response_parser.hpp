// SPDX-License-Identifier: Apache-2.0
// response_parser.hpp - reads the answer of an HTTP/1 server from bytes as they come. Takes what
// Go's client takes, and words its refusals as Go does. Pure; memory is bounded by the limits.
#pragma once

#include "net/chunked.hpp"
#include "net/http.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace narthex::net {

struct ResponseLimits {
  bool no_body = false;  // the request was HEAD
  std::uint64_t header_max_bytes = 64 << 10;
  std::uint64_t body_max_bytes = 64 << 20;
  std::size_t body_guess_bytes = 0;  // reserved when the answer does not say
};

class ResponseParser {
 public:
  explicit ResponseParser(const ResponseLimits& limits)
      : limits_(limits), chunks_(ChunkedDecoder::LineEnds::kLenient) {}

  // Reads on. Afterwards done() or failed() may hold; bytes behind the answer make keep_alive
  // false.
  void feed(std::string_view bytes);
  // The server closed its side.
  void end_of_stream();

  bool done() const { return state_ == State::kDone; }
  bool failed() const { return state_ == State::kFailed; }
  const Status& failure() const { return failure_; }
  bool started() const { return seen_ != 0; }  // any byte came
  bool head_complete() const { return state_ == State::kBody || in_body_; }
  bool keep_alive() const { return keep_alive_; }

  int status() const { return status_; }
  const std::string& status_line() const { return status_line_; }  // "404 Not Found"
  Params& headers() { return headers_; }                           // names in lower case
  std::string& body() { return body_; }

 private:
  enum class State { kStatusLine, kHeaders, kBody, kDone, kFailed };
  enum class Framing { kNone, kLength, kChunked, kUntilClose };
  std::size_t take_head(std::string_view bytes);
  std::size_t take_body(std::string_view bytes);
  void on_line(std::string_view line);
  void on_status_line(std::string_view line);
  void on_header(std::string_view line);
  void on_head_end();
  void read_framing();
  bool read_length(const std::string& value);
  void begin_body();
  void fail(nx_status code, std::string message);
  void fail_head(const std::string& why);

  const ResponseLimits limits_;
  State state_ = State::kStatusLine;
  Framing framing_ = Framing::kNone;
  Status failure_;
  std::uint64_t seen_ = 0;
  std::uint64_t head_bytes_ = 0;
  std::string line_;
  bool keep_alive_ = false;
  bool in_body_ = false;
  int status_ = 0;
  std::string status_line_;
  Params headers_;
  std::optional<std::uint64_t> length_;
  std::uint64_t left_ = 0;
  ChunkedDecoder chunks_;
  std::string body_;
};

// text in double quotes, as Go's %q shows it.
std::string quoted(std::string_view text);

}  // namespace narthex::net
