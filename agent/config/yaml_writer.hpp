// SPDX-License-Identifier: Apache-2.0
// yaml_writer.hpp - writes YAML laid out as Go's yaml.v2 does it, which is what Prometheus shows:
// two blanks a level, lists at the level of their key, the same choice of quotes, folds at 80.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::config {

class YamlWriter {
 public:
  void field(std::string_view key, std::string_view text);  // quoted when it must be
  void field(std::string_view key, bool truth);
  void field(std::string_view key, std::int64_t number);
  void field(std::string_view key, std::uint64_t number);
  void number(std::string_view key, double number);
  void literal(std::string_view key, std::string_view text);  // as it is: null, {}, []
  void list(std::string_view key, const std::vector<std::string>& items);
  void flow_list(std::string_view key, const std::vector<std::string>& items);  // [a, b]
  // Between begin and end stand the entries of a table, or the items of a list.
  void begin_table(std::string_view key);
  void end_table();
  void begin_list(std::string_view key);
  void end_list();
  void begin_item();  // an item that is a table
  void end_item();
  void item(std::string_view text);
  void item_literal(std::string_view text);
  std::string take() { return std::move(out_); }

 private:
  void line_start();
  void key_start(std::string_view key);
  void scalar(std::string_view text, bool flow = false);
  std::size_t column() const;

  std::string out_;
  int indent_ = 0;
  bool dash_ = false;  // the next line starts an item
};

}  // namespace narthex::config
