// SPDX-License-Identifier: Apache-2.0
// group_descriptor.cpp - the constant data behind the entry function.
#include "check/suite.hpp"
#include "host/descriptor.hpp"
#include "host/interfaces.hpp"
#include "host/schema_node.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>

#include <dlfcn.h>

namespace narthex::check {
namespace {

// Which rule the host's refusal belongs to.
std::string_view rule_of(const Status& status) {
  const std::string_view text = status.message();
  const auto says = [&](std::string_view words) { return text.find(words) != text.npos; };
  if (status.code() == NX_ERR_UNSUPPORTED || says("plugin ABI")) return "NXR-VER-5";
  if (says("its note says")) return "NXR-DSC-2";
  if (says("struct_size")) return "NXR-VER-1";
  if (says("schema of")) return "NXR-CFG-1";
  return "NXR-DSC-1";
}

void check_sound(Case& c) {
  const Result<host::ElfFacts> facts = host::read_elf_file(c.file);
  if (!facts.ok() || !host::check_note(*facts).ok()) return c.report.skip("its note is no good");
  void* const handle = ::dlopen(c.file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return c.report.skip("it cannot be loaded");
  auto* const entry = reinterpret_cast<nx_plugin_entry>(::dlsym(handle, NX_ENTRY_SYMBOL));
  if (entry == nullptr) return c.report.skip("it has no entry");
  set_current_entry(NX_ENTRY_SYMBOL);
  if (Status status = host::check_descriptor(*facts, entry()); !status.ok()) {
    c.report.find(rule_of(status), status.message());
  }
}

bool is_version(std::string_view text) {
  int parts = 1;
  bool digit = false;
  for (const char c : text.substr(0, text.find_first_of("-+"))) {
    if (c == '.') {
      if (!digit) return false;
      ++parts;
      digit = false;
    } else if (c >= '0' && c <= '9') {
      digit = true;
    } else {
      return false;
    }
  }
  return parts == 3 && digit;
}

void check_descriptions(const host::SchemaNode& node, const std::string& path, Reporter& report) {
  for (const auto& [name, child] : node.properties) {
    const std::string at = path.empty() ? name : path + '.' + name;
    if (child->description.empty() && child->base == nullptr) {
      report.find("NXR-DSC-3", "option " + at + " has no description");
    }
    check_descriptions(*child, at, report);
  }
}

void check_texts(Case& c) {
  const auto opened = host::Library::open(c.file);
  if (!opened.ok()) return c.report.skip(opened.status().message());
  const nx_plugin& plugin = (*opened)->plugin();
  if (!is_version(view(plugin.version))) {
    c.report.find("NXR-DSC-3", "the version \"" + std::string(view(plugin.version)) +
                                   "\" is not MAJOR.MINOR.PATCH");
  }
  if (plugin.summary.len == 0) c.report.find("NXR-DSC-3", "the plugin has no summary");
  if (plugin.license.len == 0) c.report.find("NXR-DSC-3", "the plugin names no license");
  for (const nx_component* each : std::span(plugin.components, plugin.component_count)) {
    if (each->summary.len != 0 && view(each->summary).find('\n') == std::string_view::npos)
      continue;
    c.report.find("NXR-DSC-3",
                  "component " + std::string(view(each->name)) + " has no summary of one line");
  }
}

void check_options_texts(Case& c) { check_descriptions(c.schema->root(), {}, c.report); }

void check_services(Case& c) {
  for (const std::string& need : c.needs()) {
    if (!is_known_service(need))
      c.report.find("NXR-DSC-4", "needs " + need + ", which no host offers");
  }
  for (const nx_interface& offered :
       std::span(c.component->interfaces, c.component->interface_count)) {
    if (!host::is_known_interface(view(offered.id))) {
      c.report.note("offers " + std::string(view(offered.id)) + ", which the kit does not know");
    }
  }
}

constexpr std::array kDescriptorChecks = {
    Check{"descriptor", "sound", &check_sound},
    Check{"descriptor", "texts", &check_texts},
    Check{"descriptor", "options", &check_options_texts},
    Check{"descriptor", "services", &check_services},
};

}  // namespace

std::span<const Check> descriptor_checks() { return kDescriptorChecks; }

}  // namespace narthex::check
