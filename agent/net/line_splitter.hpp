// SPDX-License-Identifier: Apache-2.0
// line_splitter.hpp - cuts a stream of bytes into runs of whole lines. A line longer than the limit
// is dropped up to its end and counted; what is kept between two calls is never longer. Pure; one
// stream each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace narthex::net {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t line_max) : line_max_(line_max) {}

  // Appends the lines that `bytes` completes to out, line breaks included.
  void feed(std::string_view bytes, std::string& out) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const bool whole = end != std::string_view::npos;
      const std::string_view piece = bytes.substr(0, whole ? end + 1 : bytes.size());
      bytes.remove_prefix(piece.size());
      take(piece, whole, out);
    }
  }
  // The line that lacks its end; empty when there is none.
  std::string take_rest() { return std::exchange(rest_, {}); }
  std::size_t rest_size() const { return rest_.size(); }
  std::uint64_t overlong_count() const { return overlong_count_; }

 private:
  void take(std::string_view piece, bool whole, std::string& out) {
    if (!skipping_ && rest_.size() + piece.size() > line_max_ + (whole ? 1 : 0)) {
      skipping_ = true;
      ++overlong_count_;
      rest_ = {};
    }
    if (skipping_) {
      skipping_ = !whole;
    } else if (whole) {
      (out += rest_) += piece;
      rest_.clear();
    } else {
      rest_ += piece;
    }
  }

  const std::size_t line_max_;
  std::string rest_;
  bool skipping_ = false;  // inside a line that is too long
  std::uint64_t overlong_count_ = 0;
};

}  // namespace narthex::net
