// SPDX-License-Identifier: Apache-2.0
// diagnostics.hpp - nodes with the file they stand in, and what is wrong about them.
// Lives on one thread.
#pragma once

#include "document/document.hpp"

#include <memory>
#include <string>
#include <vector>

namespace narthex::config {

using DocumentRef = std::shared_ptr<const document::Document>;

// A value, the document it is of, and the entry when it has a key.
struct Part {
  DocumentRef document;
  const nx_value* value = nullptr;
  const nx_kv* entry = nullptr;
};

// "file:line:column" of a part.
std::string place_text(const Part& part);

// Collects errors and warnings.
class Diagnostics {
 public:
  Diagnostics(std::vector<document::Finding>& errors, std::vector<document::Finding>& warnings)
      : errors_(errors), warnings_(warnings) {}

  // About a value, its key, or a file as a whole.
  void error(const Part& part, std::string text, std::string hint = {});
  void key_error(const Part& part, std::string text, std::string hint = {});
  void file_error(const std::string& file, std::string text);
  void warn(const Part& part, std::string text);
  void warn(std::string text);
  std::vector<document::Finding>& errors() { return errors_; }
  std::vector<document::Finding>& warnings() { return warnings_; }

 private:
  std::vector<document::Finding>& errors_;
  std::vector<document::Finding>& warnings_;
};

}  // namespace narthex::config
