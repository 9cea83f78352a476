// SPDX-License-Identifier: Apache-2.0
// line_report.hpp - what became of a push of many lines: how many were read, which could not be
// understood or stored, and the first of those with its place. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace narthex::sdk {

class LineReport {
 public:
  void clear() { *this = LineReport(); }

  // Lines that said something; comments and blank ones are not counted.
  void count_line() { ++lines_; }
  // A line that was not taken. Line and column count from 1; column 0: the line as a whole.
  void bad_line(std::uint64_t line, std::size_t column, std::string text) {
    ++bad_lines_;
    keep(line, column, std::move(text));
  }
  // A sample of a line that was not stored, while others of the line may have been. Line 0: it is of
  // no line.
  void bad_sample(std::uint64_t line, std::string text) {
    ++bad_samples_;
    keep(line, 0, std::move(text));
  }

  bool all_taken() const { return bad_lines_ == 0 && bad_samples_ == 0; }
  std::uint64_t lines() const { return lines_; }
  std::uint64_t bad_lines() const { return bad_lines_; }
  std::uint64_t bad_samples() const { return bad_samples_; }

  // "line 3, column 7: ...; 1 of 12 lines and 2 samples refused". Empty when all were taken.
  std::string text() const {
    if (all_taken()) return {};
    std::string out = text_ + "; ";
    if (line_ != 0) {
      const std::string column = column_ == 0 ? "" : ", column " + std::to_string(column_);
      out = "line " + std::to_string(line_) + column + ": " + out;
    }
    if (bad_lines_ != 0) {
      out += std::to_string(bad_lines_) + " of " + std::to_string(lines_) + " lines";
    }
    if (bad_samples_ != 0) {
      if (bad_lines_ != 0) out += " and ";
      out += std::to_string(bad_samples_) + (bad_samples_ == 1 ? " sample" : " samples");
    }
    return out + " refused";
  }

 private:
  void keep(std::uint64_t line, std::size_t column, std::string text) {
    if (bad_lines_ + bad_samples_ != 1 && line_ <= line) return;
    line_ = line;
    column_ = column;
    text_ = std::move(text);
  }

  std::uint64_t lines_ = 0;
  std::uint64_t bad_lines_ = 0;
  std::uint64_t bad_samples_ = 0;
  std::uint64_t line_ = 0;  // of the first that was refused; 0: none
  std::size_t column_ = 0;
  std::string text_;
};

}  // namespace narthex::sdk
