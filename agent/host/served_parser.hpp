// SPDX-License-Identifier: Apache-2.0
// served_parser.hpp - a parser in the process of its plugin: what it pushes becomes an answer, or a
// question to the agent from within its sink, which is where it may be asked for labels. One
// thread.
#pragma once

#include "host/process_link.hpp"
#include "host/wire_parse.hpp"

#include <narthex/protocol.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace narthex::host {

class ServedParser {
 public:
  // Asks the agent and waits for what it says; ends the process where nobody is there.
  using Ask = std::function<std::string(Message kind, std::string_view body)>;

  // Table and instance outlive it.
  ServedParser(const nx_parser& table, void* instance, Ask ask);
  ServedParser(const ServedParser&) = delete;
  ServedParser& operator=(const ServedParser&) = delete;
  ~ServedParser();

  // Takes a question of kind kParse. Batches that are not asked about go to the end of `batches`,
  // each as a text. Throws what the plugin throws.
  nx_status parse(std::string question, std::string& batches, nx_error* err);

 private:
  nx_status take(const nx_parsed& parsed);
  nx_status ask_about(const nx_parsed& parsed);
  std::string labels_of(const nx_parsed& parsed, const BatchVerdict& verdict);

  const nx_parser& table_;
  void* const instance_;
  const Ask ask_;
  void* const scratch_;
  ParsedWriter writer_;
  std::string message_;
  // Of the page under way.
  ParseRequest request_;
  std::string_view page_;
  std::string* batches_ = nullptr;
  std::uint32_t number_ = 0;
  nx_status stopped_ = NX_OK;
};

}  // namespace narthex::host
