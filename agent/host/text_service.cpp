// SPDX-License-Identifier: Apache-2.0
#include "host/text_service.hpp"

#include "document/document.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/text.hpp>

#include <string>
#include <vector>

namespace narthex::host {
namespace {

std::string one_line(const document::Finding& finding) {
  return finding.place.file + ':' + std::to_string(finding.place.line) + ':' +
         std::to_string(finding.place.column) + ": " + finding.text;
}

nx_status parse(const nx_host*, std::uint32_t format, nx_str name, nx_bytes text,
                nx_value_sink sink, void* sink_ctx, nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    if (format > NX_TEXT_TOML || sink == nullptr) {
      return invalid_argument("parse: an unknown text format, or no sink");
    }
    static constexpr document::Format kFormats[] = {
        document::Format::kJson, document::Format::kYaml, document::Format::kToml};
    std::vector<document::Finding> findings;
    const auto parsed =
        document::Document::parse(kFormats[format], view(name), view(text), findings);
    if (parsed == nullptr) {
      for (const document::Finding& finding : findings) {
        if (!finding.warning) return invalid_data(one_line(finding));
      }
      return invalid_data(std::string(view(name)) + ": cannot be parsed");
    }
    sink(sink_ctx, &parsed->root());
    return Status();
  });
}

}  // namespace

const nx_ext_text kTextService = {sizeof(nx_ext_text), 0, &parse};

}  // namespace narthex::host
