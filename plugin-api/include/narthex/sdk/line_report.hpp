// SPDX-License-Identifier: Apache-2.0
// line_report.hpp - what became of a push of many lines: how many were read, which could not be
// understood or stored, and the first of those with its place. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace narthex::sdk {

class LineReport {
 public:
  struct Refusal {
    std::uint64_t line = 0;
    std::size_t column = 0;
    std::string text;
  };

  // Keeps so many refusals, in the order in which they were told.
  explicit LineReport(std::size_t kept_max = 0) : kept_max_(kept_max) {}
  void clear() { *this = LineReport(kept_max_); }

  // Lines that said something; comments and blank ones are not counted.
  void count_line() { ++lines_; }
  // A line that was not taken. Line and column count from 1; column 0: the line as a whole.
  void bad_line(std::uint64_t line, std::size_t column, std::string text) {
    ++bad_lines_;
    keep(line, column, std::move(text));
  }
  // A sample of a line that was not stored, while others of the line may have been. Line 0: it is
  // of no line.
  void bad_sample(std::uint64_t line, std::string text) {
    ++bad_samples_;
    keep(line, 0, std::move(text));
  }

  bool all_taken() const { return bad_lines_ == 0 && bad_samples_ == 0; }
  std::uint64_t lines() const { return lines_; }
  std::uint64_t bad_lines() const { return bad_lines_; }
  std::uint64_t bad_samples() const { return bad_samples_; }

  const Refusal& first() const { return first_; }  // REQUIRES: not all were taken
  const std::vector<Refusal>& kept() const { return kept_; }

  // "line 3, column 7: ...; 1 of 12 lines and 2 samples refused". Empty when all were taken.
  std::string text() const {
    if (all_taken()) return {};
    std::string out = first_.text + "; ";
    if (first_.line != 0) {
      const std::string column =
          first_.column == 0 ? "" : ", column " + std::to_string(first_.column);
      out = "line " + std::to_string(first_.line) + column + ": " + out;
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
    if (kept_.size() < kept_max_) kept_.push_back({line, column, text});
    const bool is_first = bad_lines_ + bad_samples_ == 1;
    if (is_first || line < first_.line) first_ = {line, column, std::move(text)};
  }

  std::size_t kept_max_;
  std::uint64_t lines_ = 0;
  std::uint64_t bad_lines_ = 0;
  std::uint64_t bad_samples_ = 0;
  Refusal first_;  // of the lowest line
  std::vector<Refusal> kept_;
};

}  // namespace narthex::sdk
