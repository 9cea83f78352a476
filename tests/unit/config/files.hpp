// SPDX-License-Identifier: Apache-2.0
// files.hpp - configuration files in a folder of their own, and what loading them gave.
#pragma once

#include "config/config.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace narthex::config {

class Files {
 public:
  Files() {
    char path[] = "/tmp/narthex-config-XXXXXX";
    folder_ = ::mkdtemp(path);
  }
  ~Files() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
    return path(name);
  }

 private:
  std::string folder_;
};

struct Loaded {
  std::vector<document::Finding> findings;
  std::shared_ptr<const Config> config;

  explicit Loaded(const CommandLine& command_line,
                  const Environment& environment = process_environment)
      : config(load(command_line, findings, environment)) {}
  // "line:column text" of each error.
  std::vector<std::string> errors() const {
    std::vector<std::string> out;
    for (const document::Finding& finding : findings) {
      std::string text = finding.text;
      if (finding.place.line != 0) {
        text = std::to_string(finding.place.line) + ":" + std::to_string(finding.place.column) +
               " " + text;
      }
      out.push_back(text);
    }
    return out;
  }
};

inline Loaded load_text(const std::string& text, const std::string& name = "prometheus.yml") {
  const Files files;
  CommandLine command_line;
  command_line.config_file = files.write(name, text);
  return Loaded(command_line);
}

inline Loaded load_flags(std::vector<std::pair<std::string, std::string>> flags) {
  CommandLine command_line;
  command_line.flags = std::move(flags);
  return Loaded(command_line);
}

}  // namespace narthex::config
