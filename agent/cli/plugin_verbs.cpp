// SPDX-License-Identifier: Apache-2.0
// narthex plugin list | info ID | schema ID|FILE | release ID
#include "cli/cli.hpp"
#include "cli/tool.hpp"
#include "cli/tool_host.hpp"
#include "host/crash_journal.hpp"
#include "host/library.hpp"
#include "host/plugin_host.hpp"
#include "host/schema.hpp"
#include "host/schema_reference.hpp"
#include "host/view_json.hpp"
#include "host/view_text.hpp"
#include "runtime/clock.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <span>
#include <utility>

namespace narthex::cli {

namespace {

host::HostView view_of(const PluginOptions& options) {
  ToolHost tool(options.plugin_dirs, options.data_dir);
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

// Of a file that was named, or of the plugin with that id.
Result<std::vector<host::ComponentView>> components_of(const PluginSchemaOptions& options) {
  std::error_code error;
  if (std::filesystem::is_regular_file(options.plugin, error)) {
    const auto library =
        host::Library::open(std::filesystem::absolute(options.plugin, error).string());
    if (!library.ok()) return library.status();
    std::vector<host::ComponentView> views;
    const nx_plugin& plugin = (*library)->plugin();
    for (const nx_component* each : std::span(plugin.components, plugin.component_count)) {
      host::ComponentView component;
      component.name = view(each->name);
      component.summary = view(each->summary);
      component.config_schema = view(each->config_schema);
      views.push_back(std::move(component));
    }
    return views;
  }
  host::HostView found = view_of({options.plugin_dirs, options.plugin, {}, {}});
  for (host::LibraryView& library : found.libraries) {
    if (library.id == options.plugin) return std::move(library.components);
  }
  return not_found("no plugin " + options.plugin +
                   "; `narthex plugin list` names them all, and a file may be given instead");
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

int plugin_release(const PluginReleaseOptions& options) {
  const Status released = host::release_plugin(options.data_dir + "/crash.journal", options.plugin,
                                               runtime::SystemClock().now_ms());
  if (!released.ok()) {
    std::fprintf(stderr, "narthex: %s\n", released.message().c_str());
    return kFailure;
  }
  return print(options.plugin + " is let in again: at the next start, or reload a running agent");
}

int plugin_schema(const PluginSchemaOptions& options) {
  const auto components = components_of(options);
  if (!components.ok()) {
    std::fprintf(stderr, "narthex: %s\n", components.status().message().c_str());
    return kFailure;
  }
  for (const host::ComponentView& component : *components) {
    if (options.output == "json") {
      print(component.config_schema.empty() ? "{}" : component.config_schema);
      continue;
    }
    const auto schema = host::Schema::parse(component.name, component.config_schema);
    if (schema.ok()) print(host::reference_page(component.name, component.summary, *schema));
  }
  return kGood;
}

}  // namespace narthex::cli
