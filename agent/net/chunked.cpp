// SPDX-License-Identifier: Apache-2.0
#include "net/chunked.hpp"

#include <algorithm>

namespace narthex::net {
namespace {

constexpr std::size_t kLineMax = 4096;
// Extensions and trailers carry nothing we use: what they may cost is bounded over the whole body.
constexpr std::uint64_t kOverheadMax = 64 << 10;

// Hex digits up to an extension. At most 15 digits, so nothing overflows and no sign gets through.
bool parse_chunk_size(std::string_view line, std::uint64_t& size, std::size_t& digits) {
  size = 0;
  digits = 0;
  for (const char c : line) {
    int value = 0;
    if (c >= '0' && c <= '9') {
      value = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      value = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      value = c - 'A' + 10;
    } else {
      break;
    }
    if (++digits > 15) return false;
    size = size * 16 + static_cast<std::uint64_t>(value);
  }
  if (digits == 0) return false;
  std::string_view rest = line.substr(digits);
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
  return rest.empty() || rest.front() == ';';
}

}  // namespace

// Moves bytes up to and including a line end to line_. True when a line is complete, without its
// end.
bool ChunkedDecoder::take_line(std::string_view bytes, std::size_t& used) {
  const std::size_t end = bytes.substr(used).find('\n');
  const std::string_view piece = bytes.substr(used, end);
  used += piece.size();
  if (line_.size() + piece.size() > kLineMax) {
    fail();
    return false;
  }
  line_.append(piece);
  if (end == std::string_view::npos) return false;
  ++used;
  const bool crlf = !line_.empty() && line_.back() == '\r';
  if (crlf) line_.pop_back();
  const bool bare_cr = line_.find('\r') != std::string::npos;
  if ((strict_ && !crlf) || bare_cr) {
    fail();
    return false;
  }
  return true;
}

void ChunkedDecoder::on_line() {
  if (state_ == State::kSize) {
    std::size_t digits = 0;
    if (!parse_chunk_size(line_, left_, digits)) return fail();
    overhead_ += line_.size() - digits;
    state_ = left_ == 0 ? State::kTrailer : State::kData;
  } else if (state_ == State::kDataEnd) {
    if (!line_.empty()) return fail();
    state_ = State::kSize;
  } else if (line_.empty()) {
    state_ = State::kDone;
  } else {
    overhead_ += line_.size();
  }
  if (overhead_ > kOverheadMax) fail();
  line_.clear();
}

std::size_t ChunkedDecoder::feed(std::string_view bytes, std::string& body,
                                 std::uint64_t body_max) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ != State::kDone && state_ != State::kFailed) {
    if (state_ != State::kData) {
      if (take_line(bytes, used)) on_line();
      continue;
    }
    const std::size_t size =
        static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - used));
    if (size > body_max - std::min(total_, body_max)) {
      too_large_ = true;
      fail();
      break;
    }
    body.append(bytes.substr(used, size));
    used += size;
    total_ += size;
    left_ -= size;
    if (left_ == 0) state_ = State::kDataEnd;
  }
  return used;
}

}  // namespace narthex::net
