// SPDX-License-Identifier: Apache-2.0
#include "net/response_parser.hpp"

#include "net/request_head.hpp"

#include <algorithm>

namespace narthex::net {
namespace {

constexpr std::size_t kQuotedMax = 200;
constexpr std::uint64_t kReserveMax = 1 << 20;
constexpr std::size_t kHeadersMax = 1000;

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string quoted(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  const bool cut = text.size() > kQuotedMax;
  std::string shown = "\"";
  for (const char c : text.substr(0, kQuotedMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      shown += {'\\', c};
    } else if (byte < 0x20 || byte >= 0x7f) {
      shown += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      shown += c;
    }
  }
  return shown + (cut ? "...\"" : "\"");
}

void ResponseParser::fail(nx_status code, std::string message) {
  state_ = State::kFailed;
  keep_alive_ = false;
  failure_ = Status(code, std::move(message));
}

void ResponseParser::fail_head(const std::string& why) {
  fail(NX_ERR_INVALID_DATA, "net/http: HTTP/1.x transport connection broken: " + why);
}

void ResponseParser::feed(std::string_view bytes) {
  seen_ += bytes.size();
  while (!bytes.empty() && !done() && !failed()) {
    bytes.remove_prefix(state_ == State::kBody ? take_body(bytes) : take_head(bytes));
  }
  if (!bytes.empty()) keep_alive_ = false;
}

void ResponseParser::end_of_stream() {
  keep_alive_ = false;
  if (done() || failed()) return;
  if (state_ == State::kBody) {
    if (framing_ == Framing::kUntilClose) {
      state_ = State::kDone;
    } else {
      fail(NX_ERR_UNAVAILABLE, "unexpected EOF");
    }
  } else if (!started()) {
    fail(NX_ERR_UNAVAILABLE, "EOF");
  } else {
    fail_head("unexpected EOF");
  }
}

std::size_t ResponseParser::take_head(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t used = end == std::string_view::npos ? bytes.size() : end + 1;
  head_bytes_ += used;
  if (head_bytes_ > limits_.header_max_bytes) {
    fail_head("net/http: server response headers exceeded " +
              std::to_string(limits_.header_max_bytes) + " bytes; aborted");
    return used;
  }
  line_.append(bytes.substr(0, used));
  if (end == std::string_view::npos) return used;
  std::string_view line = line_;
  line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  on_line(line);
  line_.clear();
  return used;
}

void ResponseParser::on_line(std::string_view line) {
  if (state_ == State::kStatusLine) return on_status_line(line);
  if (line.empty()) return on_head_end();
  on_header(line);
}

void ResponseParser::on_status_line(std::string_view line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string_view version = line.substr(0, space);
  const std::string_view rest = trim_blanks(line.substr(space));
  const std::string_view code = rest.substr(0, std::min(rest.find(' '), rest.size()));
  const bool shaped =
      version.size() == 8 && version.starts_with("HTTP/1.") && code.size() == 3 && is_digits(code);
  if (!shaped) return fail_head("malformed HTTP response " + quoted(line));
  status_ = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
  status_line_ = rest;
  keep_alive_ = version != "HTTP/1.0";
  state_ = State::kHeaders;
}

void ResponseParser::on_header(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    if (headers_.empty()) return fail_head("malformed MIME header initial line: " + quoted(line));
    headers_.back().second.append(" ").append(trim_blanks(line));
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return fail_head("malformed MIME header: missing colon: " + quoted(line));
  }
  const std::string_view name = line.substr(0, colon);
  if (!is_token(name) || headers_.size() == kHeadersMax) {
    return fail_head("malformed MIME header line: " + quoted(line));
  }
  headers_.emplace_back(lower(name), trim_blanks(line.substr(colon + 1)));
}

bool ResponseParser::read_length(const std::string& value) {
  std::uint64_t length = 0;
  if (!parse_length(value, length)) {
    fail_head("bad Content-Length " + quoted(value));
    return false;
  }
  if (length_ && *length_ != length) {
    fail_head("http: message cannot contain multiple Content-Length headers; got [" +
              quoted(std::to_string(*length_)) + " " + quoted(value) + "]");
    return false;
  }
  length_ = length;
  return true;
}

void ResponseParser::read_framing() {
  framing_ = Framing::kUntilClose;
  length_.reset();
  for (const auto& [name, value] : headers_) {
    if (name == "content-length") {
      if (!read_length(value)) return;
      if (framing_ != Framing::kChunked) framing_ = Framing::kLength;
    } else if (name == "transfer-encoding") {
      if (lower(value) != "chunked") {
        return fail_head("unsupported transfer encoding: " + quoted(value));
      }
      framing_ = Framing::kChunked;
    } else if (name == "connection") {
      if (lists_token(value, "close")) keep_alive_ = false;
      if (lists_token(value, "keep-alive")) keep_alive_ = true;
    }
  }
}

void ResponseParser::on_head_end() {
  if (status_ >= 100 && status_ < 200 && status_ != 101) {
    headers_.clear();
    state_ = State::kStatusLine;
    return;
  }
  read_framing();
  if (failed()) return;
  in_body_ = true;
  if (limits_.no_body || status_ == 101 || status_ == 204 || status_ == 304) {
    state_ = State::kDone;
    return;
  }
  begin_body();
}

void ResponseParser::begin_body() {
  state_ = State::kBody;
  std::uint64_t expected = limits_.body_guess_bytes;
  if (framing_ == Framing::kLength) {
    left_ = expected = *length_;
    if (left_ > limits_.body_max_bytes) {
      return fail(NX_ERR_EXHAUSTED, "body size limit exceeded");
    }
    if (left_ == 0) state_ = State::kDone;
  } else if (framing_ == Framing::kUntilClose) {
    keep_alive_ = false;
  }
  body_.reserve(
      static_cast<std::size_t>(std::min({expected, kReserveMax, limits_.body_max_bytes})));
}

std::size_t ResponseParser::take_body(std::string_view bytes) {
  if (framing_ == Framing::kChunked) {
    const std::size_t used = chunks_.feed(bytes, body_, limits_.body_max_bytes);
    if (chunks_.too_large()) {
      fail(NX_ERR_EXHAUSTED, "body size limit exceeded");
    } else if (chunks_.failed()) {
      fail(NX_ERR_INVALID_DATA, "invalid byte in chunk length");
    } else if (chunks_.done()) {
      state_ = State::kDone;
    }
    return used;
  }
  std::size_t size = bytes.size();
  if (framing_ == Framing::kLength) {
    size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size));
    left_ -= size;
    if (left_ == 0) state_ = State::kDone;
  } else if (size > limits_.body_max_bytes - body_.size()) {
    fail(NX_ERR_EXHAUSTED, "body size limit exceeded");
    return size;
  }
  body_.append(bytes.substr(0, size));
  return size;
}

}  // namespace narthex::net
