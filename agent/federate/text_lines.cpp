// SPDX-License-Identifier: Apache-2.0
#include "federate/text_lines.hpp"

#include <narthex/sdk/number.hpp>
#include <narthex/sdk/text.hpp>

namespace narthex::federate {

namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_name(std::string& out, std::string_view name) {
  is_plain_name(name) ? void(out += name) : append_quoted(out, name);
}

}  // namespace

void append_type_line(std::string& out, std::string_view name) {
  out += "# TYPE ";
  append_name(out, name);
  out += " untyped\n";
}

void append_sample_line(std::string& out, std::string_view name, std::span<const nx_label> labels,
                        Escaping escaping, double value, std::int64_t t_ms) {
  const bool outside = is_plain_name(name);
  if (outside) out += name;
  char separator = '{';
  if (!outside) {
    out += separator;
    append_quoted(out, name);
    separator = ',';
  }
  for (const nx_label& label : labels) {
    out += separator;
    append_name(out, escape_name(view(label.name), escaping));
    out += '=';
    append_quoted(out, view(label.value));
    separator = ',';
  }
  if (separator == ',') out += '}';
  out += ' ';
  sdk::append_exposition(out, value);
  out += ' ';
  out += std::to_string(t_ms);
  out += '\n';
}

}  // namespace narthex::federate
