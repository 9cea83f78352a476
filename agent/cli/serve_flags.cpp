// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_flags.hpp"

#include "config/flags.hpp"

#include <algorithm>

namespace narthex::cli {

namespace {

using config::Flag;
using config::FlagKind;

std::string unknown_flag(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Flag& flag : config::known_flags()) names.push_back(flag.name);
  const std::string_view near = document::nearest(name, names);
  std::string text = "unknown flag --" + std::string(name);
  if (!near.empty()) text += "; did you mean --" + std::string(near) + "?";
  return text;
}

class Parser {
 public:
  explicit Parser(std::span<const std::string> rest) : rest_(rest) {}

  ServeArguments parse() {
    while (!rest_.empty() && out_.error.empty() && !out_.help && !out_.version) step();
    return std::move(out_);
  }

 private:
  void step() {
    const std::string_view word = rest_[0];
    rest_ = rest_.subspan(1);
    if (word == "-h" || word == "--help") {
      out_.help = true;
    } else if (word == "--version") {
      out_.version = true;
    } else if (word.starts_with("--") && word.size() > 2) {
      flag(word.substr(2));
    } else {
      out_.error = "unexpected " + std::string(word) + "; flags of serve begin with --";
    }
  }

  void flag(std::string_view word) {
    const std::size_t equals = word.find('=');
    std::string_view name = word.substr(0, equals);
    std::string value;
    const bool has_value = equals != std::string_view::npos;
    if (has_value) value = word.substr(equals + 1);
    const Flag* found = config::find_flag(name);
    if (found == nullptr && name.starts_with("no-") && !has_value) {
      const Flag* positive = config::find_flag(name.substr(3));
      if (positive == nullptr || positive->kind != FlagKind::kBool) return unknown(name);
      return keep(*positive, "false");
    }
    if (found == nullptr) return unknown(name);
    if (!has_value && found->kind == FlagKind::kBool) {
      value = "true";
    } else if (!has_value) {
      if (rest_.empty()) {
        out_.error = "flag --" + std::string(name) + " needs a value";
        return;
      }
      value = rest_[0];
      rest_ = rest_.subspan(1);
    }
    keep(*found, std::move(value));
  }

  void unknown(std::string_view name) { out_.error = unknown_flag(name); }

  void keep(const Flag& flag, std::string value) {
    const Status good = config::check_flag(flag, value);
    if (!good.ok()) {
      out_.error = good.message();
    } else if (flag.name == "config" || flag.name == "config.file") {
      out_.command_line.config_file = std::move(value);
    } else {
      out_.command_line.flags.emplace_back(flag.name, std::move(value));
    }
  }

  std::span<const std::string> rest_;
  ServeArguments out_;
};

void append_flag(std::string& out, const Flag& flag) {
  constexpr std::size_t kHelpColumn = 34;
  std::string line = "  --" + std::string(flag.name);
  if (flag.kind != FlagKind::kBool) {
    line += '=';
    line += flag.otherwise.empty() ? "..." : std::string(flag.otherwise);
  }
  if (line.size() + 2 > kHelpColumn) {
    out += line + '\n';
    line.clear();
  }
  line.resize(kHelpColumn, ' ');
  out += line + std::string(flag.help) + '\n';
}

}  // namespace

ServeArguments parse_serve(std::span<const std::string> arguments) {
  return Parser(arguments).parse();
}

std::string serve_help() {
  std::string out =
      "Usage: narthex [serve] [flags]\n\n"
      "Runs the agent. Without --config it scrapes itself and the host and listens on\n"
      "127.0.0.1:9090.\n\nFlags:\n";
  for (const Flag& flag : config::known_flags()) {
    if (flag.use == config::FlagUse::kOurs || flag.use == config::FlagUse::kWorks) {
      append_flag(out, flag);
    }
  }
  return out + "\nOther flags of Prometheus are accepted and change nothing.\n";
}

std::string version_text() {
  return "narthex, version " NARTHEX_VERSION " (behaves as Prometheus 3.5.3)\n";
}

}  // namespace narthex::cli
