// SPDX-License-Identifier: Apache-2.0
// A schema and a configuration, separated by a line "----": the schema is a plugin author's, the
// configuration anybody's. What passes without findings must be a table.
#include "host/schema.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace narthex;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t border = input.find("\n----\n");
  const auto schema = host::Schema::parse("fuzz", input.substr(0, border));
  if (!schema.ok() || border == std::string_view::npos) return 0;
  std::vector<document::Finding> findings;
  host::ConfigSource source;
  source.name = "fuzz";
  source.document = document::Document::parse(document::Format::kYaml, "fuzz.yml",
                                              input.substr(border + 6), findings);
  if (source.document == nullptr) return 0;
  source.config = &source.document->root();
  const auto tree = schema.value().apply(source, findings);
  if (findings.empty() && tree->root.type != NX_TABLE) std::abort();
  return 0;
}
