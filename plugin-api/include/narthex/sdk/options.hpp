// SPDX-License-Identifier: Apache-2.0
// options.hpp - the options of a component as one table. The JSON Schema that the host validates
// with, the defaults, the reading and the reference page all come from its rows.
//
//   struct Options { std::vector<std::string> files; std::int64_t poll_interval_ms = 0; };
//   const sdk::OptionRow<Options> kOptions[] = {
//       {"files", &Options::files, sdk::required, "Glob patterns of target files."},
//       {"poll_interval", &Options::poll_interval_ms, "\"30s\"", "How often ...", "duration"},
//   };
#pragma once

#include <narthex/sdk/value.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace narthex::sdk {

// In place of a default: the option must be given. Empty: optional, the member keeps its value.
inline constexpr std::string_view required = "<required>";

template <class O>
struct OptionRow {
  std::string_view name;
  std::variant<bool O::*, std::int64_t O::*, double O::*, std::string O::*,
               std::vector<std::string> O::*, const nx_value* O::*>
      member;
  std::string_view otherwise;   // the default as JSON text, or `required`, or empty
  std::string_view help;        // one sentence
  std::string_view format = {}; // duration (ms), bytes, regex, path, url, host_port, secret
  // More members of the schema as JSON text: R"("minimum": 1, "maximum": 65535)". For a member of
  // type const nx_value* it is the whole schema: R"("$ref": "narthex:http_client")".
  std::string_view schema = {};
};

namespace detail {

inline void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

template <class O>
std::string_view option_type(const OptionRow<O>& row) {
  switch (row.member.index()) {
    case 0:
      return R"("type": "boolean")";
    case 1:
      // Durations and sizes are written as text ("30s", "10MiB") and arrive as integers.
      return row.format == "duration" || row.format == "bytes" ? R"("type": "string")"
                                                               : R"("type": "integer")";
    case 2:
      return R"("type": "number")";
    case 3:
      return R"("type": "string")";
    case 4:
      return R"("type": "array", "items": {"type": "string"})";
    default:
      return {};
  }
}

template <class O>
void append_option(std::string& out, const OptionRow<O>& row) {
  append_json_string(out, row.name);
  out += ": {";
  out += option_type(row);
  if (!row.schema.empty()) (out += row.member.index() == 5 ? "" : ", ") += row.schema;
  if (!row.format.empty()) (out += ", \"format\": ") += '"', (out += row.format) += '"';
  if (!row.otherwise.empty() && row.otherwise != required) {
    (out += ", \"default\": ") += row.otherwise;
  }
  out += ", \"description\": ";
  append_json_string(out, row.help);
  out += '}';
}

}  // namespace detail

// The JSON Schema of a table of options. `more` are further members of it, as JSON text:
// R"("$ref": "narthex:http_client")" takes in the options of every HTTP client.
template <class O>
std::string schema_of(std::span<const OptionRow<O>> rows, std::string_view more = {}) {
  std::string out = R"({"type": "object", "additionalProperties": false, )";
  if (!more.empty()) (out += more) += ", ";
  out += R"("properties": {)";
  std::string needed;
  for (const OptionRow<O>& row : rows) {
    if (&row != rows.data()) out += ", ";
    detail::append_option(out, row);
    if (row.otherwise != required) continue;
    if (!needed.empty()) needed += ", ";
    detail::append_json_string(needed, row.name);
  }
  out += '}';
  if (!needed.empty()) out += ", \"required\": [" + needed + "]";
  return out + '}';
}

namespace detail {

// Not inlined: GCC 12 would see the members of other alternatives and warn about those that do not
// fit into a small O.
template <class O>
[[gnu::noinline]] void read_option(O& options, const OptionRow<O>& row, Value value) {
  std::visit(
      [&](auto member) {
        using M = std::remove_reference_t<decltype(options.*member)>;
        if constexpr (std::is_same_v<M, const nx_value*>) {
          options.*member = value.raw();
        } else if constexpr (std::is_same_v<M, std::vector<std::string>>) {
          for (const nx_value& item : value.items()) {
            (options.*member).push_back(Value(&item).get<std::string>());
          }
        } else {
          options.*member = value.get<M>(options.*member);
        }
      },
      row.member);
}

}  // namespace detail

// Reads a configuration that satisfies schema_of(rows). Absent options keep the struct's value.
template <class O>
O read_options(std::span<const OptionRow<O>> rows, Value config) {
  O options{};
  for (const OptionRow<O>& row : rows) {
    const Value value = config[row.name];
    if (value) detail::read_option(options, row, value);
  }
  return options;
}

}  // namespace narthex::sdk
