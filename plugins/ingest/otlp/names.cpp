// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/names.hpp"

#include <narthex/sdk/exposition.hpp>
#include <narthex/sdk/json.hpp>

#include <algorithm>
#include <vector>

namespace narthex::ingest::otlp {
namespace {

struct Unit {
  std::string_view ucum;
  std::string_view word;
};
constexpr Unit kUnits[] = {{"d", "days"},
                           {"h", "hours"},
                           {"min", "minutes"},
                           {"s", "seconds"},
                           {"ms", "milliseconds"},
                           {"us", "microseconds"},
                           {"ns", "nanoseconds"},
                           {"By", "bytes"},
                           {"KiBy", "kibibytes"},
                           {"MiBy", "mebibytes"},
                           {"GiBy", "gibibytes"},
                           {"TiBy", "tibibytes"},
                           {"KBy", "kilobytes"},
                           {"MBy", "megabytes"},
                           {"GBy", "gigabytes"},
                           {"TBy", "terabytes"},
                           {"m", "meters"},
                           {"V", "volts"},
                           {"A", "amperes"},
                           {"J", "joules"},
                           {"W", "watts"},
                           {"g", "grams"},
                           {"Cel", "celsius"},
                           {"Hz", "hertz"},
                           {"1", ""},
                           {"%", "percent"}};
constexpr Unit kPerUnits[] = {{"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"},
                              {"w", "week"},   {"mo", "month"}, {"y", "year"}};

template <std::size_t N>
std::string word_for(const Unit (&units)[N], std::string_view ucum) {
  for (const Unit& unit : units) {
    if (unit.ucum == ucum) return std::string(unit.word);
  }
  return std::string(ucum);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\r\f\v";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// A unit in braces is a remark, no unit.
bool is_unit(std::string_view text) {
  return !text.empty() && text.find_first_of("{}") == std::string_view::npos;
}

// "By/s" -> "bytes", "per_second".
struct UnitSuffixes {
  std::string main;
  std::string per;
};
UnitSuffixes suffixes_of_unit(std::string_view unit) {
  UnitSuffixes out;
  const std::size_t slash = unit.find('/');
  const std::string_view main = trimmed(unit.substr(0, slash));
  if (is_unit(main)) out.main = word_for(kUnits, main);
  if (slash == std::string_view::npos) return out;
  const std::string_view per = trimmed(unit.substr(slash + 1));
  if (is_unit(per)) out.per = "per_" + word_for(kPerUnits, per);
  return out;
}

bool is_name_part(char c) { return sdk::is_name_char(c, true) && c != '_'; }

// Runs of other characters are one underscore; none in front.
std::string clean_unit(std::string_view unit) {
  std::string out;
  for (const char c : unit) {
    if (is_name_part(c)) {
      out += c;
    } else if (out.empty() || out.back() != '_') {
      out += '_';
    }
  }
  return out.starts_with('_') ? out.substr(1) : out;
}

std::string without_end(std::string text, char c) {
  if (text.ends_with(c)) text.pop_back();
  return text;
}

using Tokens = std::vector<std::string>;

template <class IsPart>
Tokens split(std::string_view name, IsPart is_part) {
  Tokens tokens;
  bool inside = false;
  for (const char c : name) {
    if (!is_part(c)) {
      inside = false;
      continue;
    }
    if (!inside) tokens.emplace_back();
    inside = true;
    tokens.back() += c;
  }
  return tokens;
}

std::string joined(const Tokens& tokens) {
  std::string out;
  for (const std::string& token : tokens) {
    if (&token != &tokens.front()) out += '_';
    out += token;
  }
  if (!out.empty() && sdk::detail::is_digit(out.front())) out.insert(out.begin(), '_');
  return out;
}

bool contains(const Tokens& tokens, const std::string& token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

void move_to_end(Tokens& tokens, const std::string& token) {
  std::erase(tokens, token);
  tokens.push_back(token);
}

void add_units(Tokens& tokens, std::string_view unit) {
  UnitSuffixes suffixes = suffixes_of_unit(unit);
  suffixes.main = clean_unit(suffixes.main);
  suffixes.per = without_end(clean_unit(suffixes.per), '_');
  if (contains(tokens, suffixes.main)) suffixes.main.clear();
  if (suffixes.per == "per" || contains(tokens, suffixes.per)) suffixes.per.clear();
  if (!suffixes.per.empty()) suffixes.main = without_end(std::move(suffixes.main), '_');
  if (!suffixes.main.empty()) tokens.push_back(std::move(suffixes.main));
  if (!suffixes.per.empty()) tokens.push_back(std::move(suffixes.per));
}

bool is_ratio(const Metric& metric) {
  return metric.unit == "1" && metric.kind == MetricKind::kGauge;
}
bool is_counter(const Metric& metric) {
  return metric.kind == MetricKind::kSum && metric.monotonic;
}

std::string escaped_with_suffixes(const Metric& metric) {
  Tokens tokens = split(metric.name, is_name_part);
  add_units(tokens, metric.unit);
  if (is_counter(metric)) move_to_end(tokens, "total");
  if (is_ratio(metric)) move_to_end(tokens, "ratio");
  return joined(tokens);
}

// Takes a suffix away together with the character in front of it.
std::string without_suffix(std::string name, std::string_view suffix) {
  if (name.ends_with(suffix) && name.size() > suffix.size() + 1) {
    name.resize(name.size() - suffix.size() - 1);
  }
  return name;
}

// Suffixes that are there already are put in order, not doubled.
std::string plain_with_suffixes(const Metric& metric) {
  std::string name = metric.name;
  if (is_ratio(metric)) name = without_suffix(std::move(name), "ratio");
  if (is_counter(metric)) name = without_suffix(std::move(name), "total");
  const UnitSuffixes unit = suffixes_of_unit(metric.unit);
  if (!unit.per.empty()) name = without_suffix(std::move(name), unit.per);
  if (!unit.main.empty() && !name.ends_with(unit.main)) name += "_" + unit.main;
  if (!unit.per.empty()) name += "_" + unit.per;
  if (is_counter(metric)) name += "_total";
  if (is_ratio(metric)) name += "_ratio";
  return name;
}

}  // namespace

NameStyle style_of(std::string_view strategy) {
  if (strategy == "NoUTF8EscapingWithSuffixes") return {true, true};
  if (strategy == "NoTranslation") return {true, false};
  return {false, strategy != "UnderscoreEscapingWithoutSuffixes"};
}

std::string metric_name(const Metric& metric, NameStyle style) {
  if (style.utf8) return style.suffixes ? plain_with_suffixes(metric) : metric.name;
  if (style.suffixes) return escaped_with_suffixes(metric);
  return joined(split(metric.name, [](char c) { return sdk::is_name_char(c, true); }));
}

std::string unit_name(std::string_view unit) {
  const UnitSuffixes suffixes = suffixes_of_unit(unit);
  std::string out = without_end(clean_unit(suffixes.main), '_');
  const std::string per = without_end(clean_unit(suffixes.per), '_');
  if (!per.empty() && per != "per") out += (out.empty() ? "" : "_") + per;
  return out;
}

std::string label_name(std::string_view attribute, NameStyle style) {
  if (style.utf8 || attribute.empty()) return std::string(attribute);
  std::string out;
  for (std::size_t at = 0; at < attribute.size();) {
    out += sdk::is_name_char(attribute[at], false) ? attribute[at] : '_';
    at += std::max<std::size_t>(sdk::utf8_character_size(attribute.substr(at)), 1);
  }
  if (sdk::detail::is_digit(out.front())) return "key_" + out;
  if (out.starts_with('_') && !out.starts_with("__")) return "key" + out;
  return out;
}

}  // namespace narthex::ingest::otlp
