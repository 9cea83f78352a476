// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_project.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace narthex::cli {

namespace {

namespace fs = std::filesystem;

fs::path template_folder() {
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  return program.parent_path().parent_path() / "share/narthex/templates";
}

bool is_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= 64 && name[0] >= 'a' && name[0] <= 'z' &&
         std::ranges::all_of(name, good);
}

std::string pascal_case(std::string_view name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c != '_') out += upper ? static_cast<char>(std::toupper(c)) : c;
    upper = c == '_';
  }
  return out;
}

using Words = std::vector<std::pair<std::string, std::string>>;

std::string filled_in(std::string text, const Words& words) {
  for (const auto& [word, value] : words) {
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + value.size()))
      text.replace(at, word.size(), value);
  }
  return text;
}

Result<std::string> read_template(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return not_found("cannot read the template " + path.string());
  return std::string(std::istreambuf_iterator<char>(in), {});
}

class ProjectWriter {
 public:
  ProjectWriter(fs::path folder, Words words)
      : folder_(std::move(folder)), words_(std::move(words)) {}

  Status copy(const fs::path& from, const std::string& to) {
    Result<std::string> text = read_template(from);
    if (!text.ok()) return text.status();
    const fs::path path = folder_ / filled_in(to, words_);
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary);
    out << filled_in(*std::move(text), words_);
    out.close();
    if (!out) return io_error("cannot write " + path.string());
    written.push_back(path.string());
    return {};
  }

  // Every file of a folder of templates, in order; "dot." at the front of a name stands for ".".
  Status copy_all(const fs::path& from) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(from, error)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::ranges::sort(files);
    for (const fs::path& file : files) {
      std::string to = fs::relative(file, from).string();
      if (to.starts_with("dot.")) to.erase(0, 3);
      if (Status status = copy(file, to); !status.ok()) return status;
    }
    return {};
  }

  std::vector<std::string> written;

 private:
  const fs::path folder_;
  const Words words_;
};

// templates/cpp/exporter.cpp for cpp and exporter.
fs::path source_template(const fs::path& templates, const PluginNewOptions& options) {
  const std::string end = options.language == "cpp" ? "cpp" : options.language == "c" ? "c" : "rs";
  return templates / options.language / (options.kind + '.' + end);
}

std::string kinds_of(const fs::path& folder) {
  std::vector<std::string> kinds;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file()) kinds.push_back(entry.path().stem());
  }
  std::ranges::sort(kinds);
  std::string text;
  for (const std::string& kind : kinds) text += (text.empty() ? "" : ", ") + kind;
  return text;
}

std::string next_steps(const std::string& folder, const std::string& name,
                       const std::string& language) {
  if (language == "rust") {
    return "  cd " + folder +
           "\n  cargo build --release\n  cargo test --release\n"
           "  narthex plugin check target/release/lib" +
           name +
           ".so\n"
           "  narthex serve --plugin-dir target/release --config narthex.toml\n";
  }
  return "  cd " + folder +
         "\n  cmake -B build && cmake --build build\n"
         "  ctest --test-dir build --output-on-failure\n"
         "  narthex plugin check build/" +
         name +
         ".so\n"
         "  narthex serve --plugin-dir build --config narthex.toml\n";
}

Status check_request(const PluginNewOptions& options, const fs::path& templates) {
  std::error_code error;
  if (!is_name(options.name)) {
    return invalid_argument("the name \"" + options.name +
                            "\" is not [a-z][a-z0-9_]*, as components are named");
  }
  if (!fs::is_directory(templates, error)) {
    return not_found("no templates in " + templates.string() +
                     "; they come with the files for plugin authors (narthex-dev)");
  }
  if (!fs::exists(source_template(templates, options), error)) {
    return invalid_argument("no template for kind \"" + options.kind + "\" in " + options.language +
                            "; there are: " + kinds_of(templates / options.language));
  }
  return {};
}

}  // namespace

Result<PluginProject> write_plugin_project(const PluginNewOptions& options) {
  const fs::path templates =
      options.templates.empty() ? template_folder() : fs::path(options.templates);
  if (Status status = check_request(options, templates); !status.ok()) return status;
  const std::string folder = options.folder.empty() ? options.name : options.folder;
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error)) {
    return Status(NX_ERR_ALREADY_EXISTS, folder + " exists and is not empty");
  }
  const std::string id = options.id.empty() ? "org.example." + options.name : options.id;
  ProjectWriter writer(folder, {{"@NAME@", options.name},
                                {"@ID@", id},
                                {"@KIND@", options.kind},
                                {"@CLASS@", pascal_case(options.name)}});
  const fs::path source = source_template(templates, options);
  const std::string source_name =
      options.language == "rust" ? "src/lib.rs" : "@NAME@" + source.extension().string();
  if (Status status = writer.copy(source, source_name); !status.ok()) return status;
  if (Status status = writer.copy_all(templates / options.language / "project"); !status.ok()) {
    return status;
  }
  if (Status status = writer.copy_all(templates / "config" / options.kind); !status.ok()) {
    return status;
  }
  return PluginProject{writer.written, next_steps(folder, options.name, options.language)};
}

}  // namespace narthex::cli
