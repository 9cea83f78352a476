// SPDX-License-Identifier: Apache-2.0
// narthex plugin list | info ID | schema ID
#include "cli/cli.hpp"
#include "cli/tool.hpp"
#include "cli/tool_host.hpp"
#include "host/plugin_host.hpp"
#include "host/view_json.hpp"
#include "host/view_text.hpp"

#include <algorithm>
#include <cstdio>

namespace narthex::cli {

namespace {

host::HostView view_of(const PluginOptions& options) {
  ToolHost tool(options.plugin_dirs);
  tool.plugins().load_everything();
  return tool.plugins().view();
}

// Leaves only the library that was asked for; false, with the reason printed, when it is not there.
bool keep_one(const PluginOptions& options, host::HostView& view) {
  std::erase_if(view.libraries, [&](const auto& each) { return each.id != options.id; });
  view.rejected.clear();
  if (!view.libraries.empty()) return true;
  std::fprintf(stderr, "narthex: no plugin %s; `narthex plugin list` names them all\n",
               options.id.c_str());
  return false;
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
  return kGood;
}

}  // namespace

int plugin_list(const PluginOptions& options) {
  const host::HostView view = view_of(options);
  return print(options.output == "json" ? host::to_json(view) : host::list_text(view));
}

int plugin_info(const PluginOptions& options) {
  host::HostView view = view_of(options);
  if (!keep_one(options, view)) return kFailure;
  return print(options.output == "json" ? host::to_json(view) : host::info_text(view.libraries[0]));
}

int plugin_schema(const PluginOptions& options) {
  host::HostView view = view_of(options);
  if (!keep_one(options, view)) return kFailure;
  for (const host::ComponentView& component : view.libraries[0].components) {
    print(component.config_schema.empty() ? "{}" : component.config_schema);
  }
  return kGood;
}

}  // namespace narthex::cli
