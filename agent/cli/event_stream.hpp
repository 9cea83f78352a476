// SPDX-License-Identifier: Apache-2.0
// event_stream.hpp - reads server-sent events from a socket. The shared HTTP client hands over
// whole bodies, and this one never ends.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace narthex::cli {

struct ServerEvent {
  std::string name, id, data;
};

// Puts events together from the pieces of a body. Pure.
class EventParser {
 public:
  void feed(std::string_view piece);
  std::optional<ServerEvent> next();

 private:
  std::string text_;
};

// Takes the chunks of a chunked body apart. Pure.
class ChunkParser {
 public:
  // Appends the content of `piece` to `out`; false at the last chunk or when it is malformed.
  bool feed(std::string_view piece, std::string& out);

 private:
  std::string line_;
  std::size_t left_ = 0;  // of the current chunk, with its line end
  bool in_chunk_ = false;
};

// Follows http://host:port/path until the server ends it or `use` returns false. Returns an exit
// code; reasons are printed.
int follow_events(const std::string& url, const std::string& path,
                  const std::function<bool(const ServerEvent&)>& use);

}  // namespace narthex::cli
