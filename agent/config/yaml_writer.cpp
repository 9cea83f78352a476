// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_writer.hpp"

#include "config/yaml_scalar.hpp"

#include <charconv>

namespace narthex::config {

namespace {

constexpr std::size_t kBestWidth = 80;

std::string go_float(double number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return std::string(buffer, end);
}

}  // namespace

void YamlWriter::line_start() {
  if (dash_) {
    out_.append(static_cast<std::size_t>(indent_ - 2), ' ');
    out_ += "- ";
    dash_ = false;
  } else {
    out_.append(static_cast<std::size_t>(indent_), ' ');
  }
}

std::size_t YamlWriter::column() const {
  const std::size_t line = out_.rfind('\n');
  return line == std::string::npos ? out_.size() : out_.size() - line - 1;
}

void YamlWriter::key_start(std::string_view key) {
  line_start();
  scalar(key);
  out_ += ':';
}

// Long plain and quoted text is folded at the first blank past the best width, as libyaml does.
void YamlWriter::scalar(std::string_view text, bool flow) {
  const ScalarStyle style = scalar_style(text, flow);
  const std::string fold = "\n" + std::string(static_cast<std::size_t>(indent_) + 2, ' ');
  if (style == ScalarStyle::kLiteral) {
    out_ += text.starts_with(' ') || text.starts_with('\n') ? "|2" : "|";
    if (!text.ends_with('\n')) {
      out_ += '-';
    } else if (text.ends_with("\n\n") || text.size() == 1) {
      out_ += '+';
    }
    bool line_begins = true;
    out_ += '\n';
    for (const char c : text) {
      if (line_begins && c != '\n') out_.append(static_cast<std::size_t>(indent_) + 2, ' ');
      out_ += c;
      line_begins = c == '\n';
    }
    if (out_.back() == '\n') out_.pop_back();
    return;
  }
  if (style == ScalarStyle::kDouble) {
    out_ += '"' + escape_double(text) + '"';
    return;
  }
  const bool single = style == ScalarStyle::kSingle;
  if (single) out_ += '\'';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool lone_blank =
        text[i] == ' ' && i > 0 && i + 1 < text.size() && text[i - 1] != ' ' && text[i + 1] != ' ';
    if (lone_blank && column() > kBestWidth) {
      out_ += fold;
      continue;
    }
    if (single && text[i] == '\'') out_ += '\'';
    out_ += text[i];
  }
  if (single) out_ += '\'';
}

void YamlWriter::field(std::string_view key, std::string_view text) {
  key_start(key);
  out_ += ' ';
  scalar(text);
  out_ += '\n';
}

void YamlWriter::field(std::string_view key, bool truth) { literal(key, truth ? "true" : "false"); }

void YamlWriter::field(std::string_view key, std::int64_t number) {
  literal(key, std::to_string(number));
}

void YamlWriter::field(std::string_view key, std::uint64_t number) {
  literal(key, std::to_string(number));
}

void YamlWriter::number(std::string_view key, double number) { literal(key, go_float(number)); }

void YamlWriter::literal(std::string_view key, std::string_view text) {
  key_start(key);
  out_ += ' ';
  out_ += text;
  out_ += '\n';
}

void YamlWriter::list(std::string_view key, const std::vector<std::string>& items) {
  if (items.empty()) return literal(key, "[]");
  begin_list(key);
  for (const std::string& text : items) item(text);
  end_list();
}

void YamlWriter::flow_list(std::string_view key, const std::vector<std::string>& items) {
  key_start(key);
  out_ += " [";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out_ += ',';
    if (i > 0 && column() > kBestWidth) {
      out_ += "\n" + std::string(static_cast<std::size_t>(indent_) + 2, ' ');
    } else if (i > 0) {
      out_ += ' ';
    }
    scalar(items[i], true);
  }
  out_ += "]\n";
}

void YamlWriter::begin_table(std::string_view key) {
  key_start(key);
  out_ += '\n';
  indent_ += 2;
}

void YamlWriter::end_table() { indent_ -= 2; }

void YamlWriter::begin_list(std::string_view key) {
  key_start(key);
  out_ += '\n';
}

void YamlWriter::end_list() {}

void YamlWriter::begin_item() {
  indent_ += 2;
  dash_ = true;
}

void YamlWriter::end_item() {
  dash_ = false;
  indent_ -= 2;
}

void YamlWriter::item(std::string_view text) {
  begin_item();
  line_start();
  indent_ -= 2;
  scalar(text);
  indent_ += 2;
  out_ += '\n';
  end_item();
}

void YamlWriter::item_literal(std::string_view text) {
  begin_item();
  line_start();
  out_ += text;
  out_ += '\n';
  end_item();
}

}  // namespace narthex::config
