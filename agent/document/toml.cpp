// SPDX-License-Identifier: Apache-2.0
// TOML over TOML++ (the shared library: a second less for each build of this file).
#include "document/tree.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <chrono>
#include <sstream>

namespace narthex::document {

namespace {

class TomlWalk {
 public:
  TomlWalk(const Tree& tree, TreeBuilder& builder) : tree_(tree), builder_(builder) {}

  bool table(const toml::table& from) {
    if (!builder_.begin(true, where(from.source()))) return false;
    // TOML++ sorts keys; the tree keeps the order of the file.
    std::vector<std::pair<Where, std::pair<const toml::key*, const toml::node*>>> entries;
    for (auto&& [key, node] : from) entries.push_back({where(key.source()), {&key, &node}});
    std::stable_sort(entries.begin(), entries.end(),
                     [](const auto& a, const auto& b) { return a.first.offset < b.first.offset; });
    for (const auto& [place, entry] : entries) {
      if (!builder_.key(entry.first->str(), place) || !node(*entry.second)) return false;
    }
    return end();
  }

 private:
  Where where(const toml::source_region& region) const {
    const std::uint32_t first = offset(region.begin);
    const std::uint32_t last = std::max(offset(region.end), first);
    return {first, (last - first) & 0x7FFFFFFF, 0};
  }
  std::uint32_t offset(const toml::source_position& at) const {
    return tree_.offset_of(static_cast<std::uint32_t>(at.line),
                           static_cast<std::uint32_t>(at.column), true);
  }

  bool end() {
    nx_value value{};
    Weight weight;
    return builder_.end(value, weight);
  }

  bool array(const toml::array& from) {
    if (!builder_.begin(false, where(from.source()))) return false;
    for (const toml::node& item : from) {
      if (!node(item)) return false;
    }
    return end();
  }

  bool node(const toml::node& from) {
    if (const auto* as_table = from.as_table()) return table(*as_table);
    if (const auto* as_array = from.as_array()) return array(*as_array);
    Where place = where(from.source());
    place.quoted = from.is_string() ? 1 : 0;
    nx_value value = scalar(from);
    return builder_.add_scalar(value, place);
  }

  nx_value scalar(const toml::node& from) {
    nx_value value{};
    if (const auto* text = from.as_string()) return builder_.string(text->get());
    if (const auto* whole = from.as_integer()) {
      value.type = NX_INT;
      value.u.i = whole->get();
    } else if (const auto* real = from.as_floating_point()) {
      value.type = NX_FLOAT;
      value.u.f = real->get();
    } else if (const auto* truth = from.as_boolean()) {
      value.type = NX_BOOL;
      value.u.i = truth->get() ? 1 : 0;
    } else if (const auto* moment = from.as_date_time(); moment && moment->get().offset) {
      value.type = NX_TIME;
      value.u.i = epoch_ms(moment->get());
    } else {  // a date or time of no place on the time line: its text
      const Where place = where(from.source());
      return builder_.string(tree_.text().substr(place.offset, place.length));
    }
    return value;
  }

  static std::int64_t epoch_ms(const toml::date_time& moment) {
    using namespace std::chrono;
    const year_month_day day{year{moment.date.year}, month{moment.date.month},
                             std::chrono::day{moment.date.day}};
    const auto minutes_east = moment.offset->minutes;
    const auto of_day = hours{moment.time.hour} + minutes{moment.time.minute - minutes_east} +
                        seconds{moment.time.second} +
                        milliseconds{moment.time.nanosecond / 1'000'000};
    return duration_cast<milliseconds>(sys_days{day}.time_since_epoch() + of_day).count();
  }

  const Tree& tree_;
  TreeBuilder& builder_;
};

// TOML has no durations: `interval = 15s` is the most common slip, and its message says little.
std::string hint_for(std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return {};
  std::string_view value = line.substr(equals + 1);
  const std::size_t first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  value = value.substr(first);
  value = value.substr(0, value.find_first_of(" \t#,}]"));
  if (value.empty() || value.front() < '0' || value.front() > '9') return {};
  const std::string quoted = '"' + std::string(value) + '"';
  if (parse_duration_ms(value).ok()) return "durations are quoted: " + quoted;
  if (parse_bytes(value).ok()) return "sizes are quoted: " + quoted;
  return {};
}

}  // namespace

bool parse_toml(const Tree& tree, TreeBuilder& builder) {
  try {
    const toml::table root = toml::parse(tree.text());
    return TomlWalk(tree, builder).table(root);
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    const auto line = static_cast<std::uint32_t>(at.line);
    const std::uint32_t offset = tree.offset_of(line, static_cast<std::uint32_t>(at.column), true);
    return builder.refuse(offset, "toml: " + std::string(error.description()),
                          hint_for(tree.line_text(line)));
  } catch (const std::exception& error) {
    return builder.refuse(0, std::string("toml: ") + error.what());
  }
}

}  // namespace narthex::document
