// SPDX-License-Identifier: Apache-2.0
#include "config/expand.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace narthex::config {

namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

std::size_t name_length(std::string_view text) {
  if (text.empty() || !is_name_start(text[0])) return 0;
  std::size_t length = 1;
  while (length < text.size() && is_name(text[length])) ++length;
  return length;
}

// One reference at the start of `text`: its length, name, and default. Length 0: none.
struct Reference {
  std::size_t length = 0;
  std::string name;
  std::optional<std::string> otherwise;
};
Reference reference_at(std::string_view text) {
  if (!text.starts_with("${")) return {};
  const std::size_t name = name_length(text.substr(2));
  if (name == 0) return {};
  const std::string_view rest = text.substr(2 + name);
  Reference reference{0, std::string(text.substr(2, name)), std::nullopt};
  if (rest.starts_with('}')) {
    reference.length = 3 + name;
    return reference;
  }
  const std::size_t close = rest.find('}');
  if (!rest.starts_with(":-") || close == std::string_view::npos) return {};
  reference.otherwise = std::string(rest.substr(2, close - 2));
  reference.length = 2 + name + close + 1;
  return reference;
}

// Go's os.Expand also knows one-letter names of the shell: $1, $*, $#, $$ ...
bool is_shell_special(char c) {
  return (c >= '0' && c <= '9') || std::string_view("*#$@!?-").find(c) != std::string_view::npos;
}

// The name after a '$' and how many bytes it takes; 0 bytes: the '$' stays.
std::pair<std::string, std::size_t> shell_name(std::string_view text) {
  if (text.starts_with('{')) {
    if (text.size() > 2 && is_shell_special(text[1]) && text[2] == '}') {
      return {std::string(text.substr(1, 1)), 3};
    }
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (text[i] != '}') continue;
      if (i == 1) return {"", 2};
      return {std::string(text.substr(1, i - 1)), i + 1};
    }
    return {"", 1};
  }
  if (!text.empty() && is_shell_special(text[0])) return {std::string(text.substr(0, 1)), 1};
  std::size_t length = 0;
  while (length < text.size() && is_name(text[length])) ++length;
  return {std::string(text.substr(0, length)), length};
}

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

using Path = std::span<const std::string_view>;

// The keys below these are the user's own.
bool in_free_table(Path path) {
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (one_of(path[i], {"labels", "external_labels", "params", "endpoint_params"})) return true;
  }
  return false;
}

bool is_path(Path path) {
  if (path.empty() || in_free_table(path)) return false;
  const std::string_view key = path.back();
  return key.ends_with("_file") || key == "files" || key == "rule_files" ||
         key == "scrape_config_files";
}

std::string resolve(const std::string& folder, const std::string& text) {
  if (text.starts_with('/') || text.empty() || folder.empty()) return text;
  return (std::filesystem::path(folder) / text).lexically_normal().string();
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

Result<std::string> expand_variables(std::string_view text, const Environment& environment) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.starts_with("$${")) {
      out += "${";
      text.remove_prefix(3);
      continue;
    }
    const Reference reference = reference_at(text);
    if (reference.length == 0) {
      out += text.substr(0, 1);
      text.remove_prefix(std::min<std::size_t>(1, text.size()));
      continue;
    }
    std::optional<std::string> value = environment(reference.name);
    if ((!value || value->empty()) && reference.otherwise) value = reference.otherwise;
    if (!value) {
      return invalid_argument("the environment variable " + reference.name + " is not set; ${" +
                              reference.name + ":-text} gives a default");
    }
    out += *value;
    text.remove_prefix(reference.length);
  }
  return out;
}

std::string expand_as_prometheus(std::string_view text, const Environment& environment,
                                 std::vector<std::string>& missing) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    if (dollar == std::string_view::npos || dollar + 1 == text.size()) return out += text;
    out += text.substr(0, dollar);
    text.remove_prefix(dollar + 1);
    const auto [name, length] = shell_name(text);
    text.remove_prefix(length);
    if (length == 0) {
      out += '$';
    } else if (name == "$") {
      out += '$';
    } else if (!name.empty()) {
      const std::optional<std::string> value = environment(name);
      if (!value) missing.push_back(name);
      out += value.value_or("");
    }
  }
  return out;
}

document::ScalarRewrite config_rewrite(document::Format format, std::string folder,
                                       Environment environment, Diagnostics& diagnostics) {
  using Answer = Result<std::optional<std::string>>;
  return [format, folder = std::move(folder), environment = std::move(environment), &diagnostics](
             Path path, const document::Scalar& scalar) {
    const bool external = path.size() == 3 && path[0] == "global" && path[1] == "external_labels";
    const bool label = external || (path.size() >= 2 && path[path.size() - 2] == "labels");
    const bool target = !path.empty() && path.back() == "targets";
    std::optional<std::string> out;
    // Labels and targets are text, whatever they look like: port: 8080, version: 1.10.
    if (label || target || scalar.type == NX_STRING) out = std::string(scalar.text);
    if (label && scalar.type == NX_NULL) out = "";
    if (!out) return Answer(std::nullopt);
    if (format == document::Format::kYaml && external) {
      std::vector<std::string> missing;
      out = expand_as_prometheus(*out, environment, missing);
      for (const std::string& name : missing) {
        diagnostics.warn("external_labels: the environment variable " + name + " is not set");
      }
    } else if (format == document::Format::kToml &&
               !(path.size() > 0 &&
                 one_of(path.back(), {"regex", "replacement", "target_label"}))) {
      Result<std::string> expanded = expand_variables(*out, environment);
      if (!expanded.ok()) return Answer(expanded.status());
      out = *std::move(expanded);
    }
    if (is_path(path)) out = resolve(folder, *out);
    return Answer(std::move(out));
  };
}

}  // namespace narthex::config
