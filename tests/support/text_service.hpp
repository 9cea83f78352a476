// SPDX-License-Identifier: Apache-2.0
// text_service.hpp - NX_EXT_TEXT for plugins that are tested without a host: the agent's own
// parsers. A test that includes it links the document room.
#pragma once

#include "document/document.hpp"

#include <narthex/host.h>
#include <narthex/sdk/guard.hpp>

#include <vector>

namespace narthex::test {

inline nx_status NX_CALL parse_with_document(const nx_host*, std::uint32_t format, nx_str name,
                                             nx_bytes text, nx_value_sink sink, void* sink_ctx,
                                             nx_error* err) {
  const document::Format formats[] = {document::Format::kJson, document::Format::kYaml,
                                      document::Format::kToml};
  std::vector<document::Finding> findings;
  const auto tree = document::Document::parse(formats[format], view(name), view(text), findings);
  if (tree == nullptr) return sdk::fail(err, NX_ERR_INVALID_DATA, findings.front().text);
  sink(sink_ctx, &tree->root());
  return NX_OK;
}

inline constexpr nx_ext_text kTextService = {sizeof(nx_ext_text), 0, &parse_with_document};

}  // namespace narthex::test
