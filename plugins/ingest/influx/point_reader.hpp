// SPDX-License-Identifier: Apache-2.0
// point_reader.hpp - InfluxDB's line protocol, point by point:
//   measurement[,tag=value...] field=value[,field=value...] [timestamp]
// A point ends with its line, except that a quoted text may go over several. The series part is
// only delimited here: most series are known by its bytes (read_series understands it). Pure;
// everything looks into the body, which outlives the reader.
#pragma once

#include <narthex/sdk/series_labels.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::influx {

struct Field {
  std::string_view name;  // as sent, escapes included
  double value = 0;
  bool is_text = false;  // a quoted text: it has no value
};

struct Point {
  std::string_view series;  // measurement and tags as sent
  std::vector<Field> fields;
  std::optional<std::int64_t> timestamp;  // as sent, in the unit of the request
};

class PointReader {
 public:
  explicit PointReader(std::string_view body) : body_(body) {}

  enum class Found { kPoint, kBad, kEnd };
  // The next point, or what is wrong with it; the reader then goes on after its line.
  Found next();

  const Point& point() const { return point_; }
  std::uint64_t line() const { return line_; }  // where the point begins, from 1
  std::size_t series_column() const { return series_begin_ - line_begin_ + 1; }
  std::size_t column() const { return column_; }       // of what is wrong, from 1
  const std::string& fault() const { return fault_; }  // after kBad

 private:
  bool read_point();
  bool read_field();
  bool read_value(Field& field);
  bool read_text();
  bool read_timestamp();
  bool fail(std::size_t at, std::string text);
  std::size_t token_end(std::size_t at, std::string_view stops) const;
  std::string_view slice(std::size_t begin, std::size_t end) const {
    return body_.substr(begin, end - begin);
  }
  char at() const { return at_ < body_.size() ? body_[at_] : '\n'; }
  bool at_end_of_line() const;
  void skip_blanks();

  const std::string_view body_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  std::size_t series_begin_ = 0;
  std::uint64_t next_line_ = 1;
  std::uint64_t line_ = 0;
  std::size_t column_ = 0;
  std::string fault_;
  Point point_;
};

// Splits a series part: tags go to `labels` in their order, those without a value too.
struct SeriesPart {
  std::string_view measurement;
  std::size_t fault_at = 0;  // byte of the part
  std::string fault;         // empty: none
};
SeriesPart read_series(std::string_view series, sdk::SeriesLabels& labels);

// Backslashes before a blank, a comma, an equals sign and a backslash taken away.
std::string_view unescape(std::string_view text, sdk::SeriesLabels& labels);

}  // namespace narthex::ingest::influx
