// SPDX-License-Identifier: Apache-2.0
#include "host/descriptor.hpp"

#include "host/interfaces.hpp"
#include "host/schema.hpp"
#include "host/utf8.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <set>
#include <span>
#include <string>

namespace narthex::host {
namespace {

constexpr std::uint64_t kTextMax = 4096;
constexpr std::uint64_t kSchemaMax = 256 * 1024;
constexpr std::uint32_t kCountMax = 256;

std::string version_text(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + '.' + std::to_string(minor);
}

bool is_text(nx_str text, std::uint64_t max = kTextMax) {
  return text.len <= max && (text.len == 0 || text.ptr != nullptr) && is_utf8(view(text));
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_component_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && is_lower(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

// "discovery.file", "org.example.lines": dotted, and safe as a part of topics and file names.
bool is_plugin_id(std::string_view id) {
  const auto allowed = [](char c) {
    return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
  };
  return id.size() <= 128 && id.find('.') != std::string_view::npos && is_lower(id.front()) &&
         id.back() != '.' && id.find("..") == std::string_view::npos &&
         std::ranges::all_of(id, allowed);
}

Status check_interfaces(const nx_component& c) {
  // None is possible: a component may live on host services alone, the bus for one.
  if (c.interface_count > kCountMax || (c.interface_count != 0 && c.interfaces == nullptr)) {
    return invalid_data("has a bad list of interfaces");
  }
  std::set<std::string_view> seen;
  for (const nx_interface& offered : std::span(c.interfaces, c.interface_count)) {
    if (!is_text(offered.id) || offered.id.len == 0) return invalid_data("has a bad interface id");
    const std::string_view id = view(offered.id);
    if (!seen.insert(id).second) return invalid_data("offers " + std::string(id) + " twice");
    if (Status status = check_vtable(id, offered.vtable); !status.ok()) {
      return status.with_prefix("interface " + std::string(id));
    }
  }
  return Status();
}

Status check_needs(const nx_component& c) {
  if (c.needs_count > kCountMax || (c.needs_count != 0 && c.needs == nullptr)) {
    return invalid_data("has a bad list of needs");
  }
  const std::span<const nx_str> needs(c.needs, c.needs_count);
  return std::ranges::all_of(needs, [](nx_str id) { return is_text(id); })
             ? Status()
             : invalid_data("has a need that is no text");
}

Status check_component(const nx_component* c, std::string_view plugin_id) {
  // The first minor of the ABI ended after `needs`' neighbours; functions are optional one by one.
  if (!NX_HAS(c, nx_component, needs))
    return invalid_data("is NULL or has too small a struct_size");
  if (!is_text(c->name) || !is_component_name(view(c->name))) {
    return invalid_data("has a name that is not [a-z][a-z0-9_]*");
  }
  if (!is_text(c->summary)) return invalid_data("has a summary that is no text");
  if (!is_text(c->config_schema, kSchemaMax)) return invalid_data("has a schema that is no text");
  if (Status status = check_interfaces(*c); !status.ok()) return status;
  if (Status status = check_needs(*c); !status.ok()) return status;
  const std::string name = std::string(plugin_id) + '/' + std::string(view(c->name));
  return Schema::parse(name, view(c->config_schema)).status();
}

Status check_texts(const nx_plugin& p) {
  for (const nx_str text : {p.id, p.version, p.vendor, p.url, p.license, p.summary}) {
    if (!is_text(text)) return invalid_data("a text of the descriptor is too long or not UTF-8");
  }
  if (!is_plugin_id(view(p.id))) {
    return invalid_data("the id \"" + std::string(view(p.id)) +
                        "\" is not dotted lower case, as in org.example.thing");
  }
  return Status();
}

// A file that says one thing before it is loaded and another after.
Status check_against_note(const ElfFacts& facts, const nx_plugin& p) {
  const std::string_view id = view(p.id);
  if (facts.id != id || facts.version != view(p.version)) {
    return invalid_data("its note says " + facts.id + ' ' + facts.version + ", its descriptor " +
                        std::string(id) + ' ' + std::string(view(p.version)));
  }
  if (facts.abi_minor != p.abi_minor) {
    return invalid_data("its note says plugin ABI " +
                        version_text(facts.abi_major, facts.abi_minor) + ", its descriptor " +
                        version_text(NX_ABI_MAJOR, p.abi_minor));
  }
  return Status();
}

}  // namespace

Status check_note(const ElfFacts& facts) {
  if (!facts.has_note) return invalid_data("not a Narthex plugin: it has no plugin note");
  if (facts.abi_major != NX_ABI_MAJOR || facts.abi_minor != NX_ABI_MINOR) {
    return {NX_ERR_UNSUPPORTED, "built for plugin ABI " +
                                    version_text(facts.abi_major, facts.abi_minor) +
                                    ", this agent has " + version_text(NX_ABI_MAJOR, NX_ABI_MINOR)};
  }
  return Status();
}

Status check_descriptor(const ElfFacts& facts, const nx_plugin* plugin) {
  if (!NX_HAS(plugin, nx_plugin, component_count)) {
    return invalid_data("its descriptor is NULL or has too small a struct_size");
  }
  if (Status status = check_texts(*plugin); !status.ok()) return status;
  if (Status status = check_against_note(facts, *plugin); !status.ok()) return status;
  if (plugin->abi_minor_min > NX_ABI_MINOR) {
    return {NX_ERR_UNSUPPORTED, "needs plugin ABI " +
                                    version_text(NX_ABI_MAJOR, plugin->abi_minor_min) +
                                    ", this agent has " + version_text(NX_ABI_MAJOR, NX_ABI_MINOR)};
  }
  if (plugin->component_count == 0 || plugin->component_count > kCountMax ||
      plugin->components == nullptr) {
    return invalid_data("it has no components");
  }
  std::set<std::string_view> names;
  for (std::uint32_t i = 0; i < plugin->component_count; ++i) {
    const nx_component* c = plugin->components[i];
    if (Status status = check_component(c, view(plugin->id)); !status.ok()) {
      return status.with_prefix("component " + std::to_string(i));
    }
    if (!names.insert(view(c->name)).second) {
      return invalid_data("two components are named " + std::string(view(c->name)));
    }
  }
  return Status();
}

}  // namespace narthex::host
