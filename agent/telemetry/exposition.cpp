// SPDX-License-Identifier: Apache-2.0
// The text exposition format 0.0.4, byte for byte as Prometheus's own libraries write it.
#include "telemetry/metrics.hpp"

#include <narthex/sdk/number.hpp>

namespace narthex::telemetry {
namespace {

std::string_view type_name(std::uint32_t type) {
  switch (type) {
    case NX_TYPE_COUNTER:
      return "counter";
    case NX_TYPE_GAUGE:
      return "gauge";
    case NX_TYPE_HISTOGRAM:
      return "histogram";
    case NX_TYPE_SUMMARY:
      return "summary";
    default:
      return "untyped";
  }
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || (quotes && c == '"')) out += '\\';
      out += c;
    }
  }
}

class TextVisitor final : public Visitor {
 public:
  explicit TextVisitor(std::string& out) : out_(out) {}

  void family(std::string_view name, std::uint32_t type, std::string_view help) override {
    name_ = name;
    ((out_ += "# HELP ") += name) += ' ';
    append_escaped(out_, help, false);
    (((out_ += "\n# TYPE ") += name) += ' ') += type_name(type);
    out_ += '\n';
  }

  void sample(std::string_view suffix, const Labels& labels, double value) override {
    (out_ += name_) += suffix;
    char separator = '{';
    for (const auto& [label, text] : labels) {
      ((out_ += separator) += label) += "=\"";
      append_escaped(out_, text, true);
      out_ += '"';
      separator = ',';
    }
    if (separator == ',') out_ += '}';
    out_ += ' ';
    sdk::append_exposition(out_, value);
    out_ += '\n';
  }

 private:
  std::string& out_;
  std::string_view name_;  // of the present family; lives as long as the gather
};

}  // namespace

std::string render_text(const Registry& registry) {
  std::string out;
  out.reserve(64 * 1024);
  TextVisitor visitor(out);
  registry.gather(visitor);
  return out;
}

}  // namespace narthex::telemetry
