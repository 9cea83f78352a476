// SPDX-License-Identifier: Apache-2.0
// group_file.cpp - what the file is, before and while it is loaded.
#include "check/image.hpp"
#include "check/process_state.hpp"
#include "check/suite.hpp"
#include "host/descriptor.hpp"
#include "host/elf_file.hpp"
#include "host/file_trust.hpp"

#include <ctime>

#include <dlfcn.h>

namespace narthex::check {
namespace {

constexpr double kLoadMaxSeconds = 0.05;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void check_trust(Case& c) {
  if (Status status = host::check_file_trust(c.file); !status.ok()) {
    c.report.find("NXR-FIL-3", status.message());
  }
}

void check_note_of(Case& c) {
  const Result<host::ElfFacts> facts = host::read_elf_file(c.file);
  if (!facts.ok()) return c.report.find("NXR-FIL-1", facts.status().message());
  if (Status status = host::check_note(*facts); !status.ok()) {
    c.report.find(status.code() == NX_ERR_UNSUPPORTED ? "NXR-VER-5" : "NXR-FIL-1",
                  status.message());
  }
}

void check_symbols(Case& c) {
  const Result<host::ElfFacts> facts = host::read_elf_file(c.file);
  if (!facts.ok()) return c.report.skip(facts.status().message());
  bool entry = false;
  for (const std::string& name : facts->exports) {
    if (name.starts_with("narthex_plugin_v")) {
      entry = entry || name == NX_ENTRY_SYMBOL;
    } else {
      c.report.find("NXR-SYM-1", "exports " + name);
    }
  }
  if (!entry) c.report.find("NXR-SYM-1", "does not export " NX_ENTRY_SYMBOL);
}

void check_image(Case& c) {
  const Result<ImageFacts> facts = read_image_file(c.file);
  if (!facts.ok()) return c.report.find("NXR-FIL-1", facts.status().message());
  if (facts->executable_stack) c.report.find("NXR-FIL-1", "wants an executable stack");
  if (!facts->relro) c.report.find("NXR-FIL-1", "has no RELRO segment (link with -Wl,-z,relro)");
  if (facts->text_relocations)
    c.report.find("NXR-FIL-1", "has text relocations (compile with -fPIC)");
  std::string others;
  for (const std::string& library : facts->needed) {
    if (!is_system_library(library)) (others += others.empty() ? "" : ", ") += library;
  }
  if (!others.empty()) c.report.note("drags in " + others);
}

// Everything by hand: a Library would have done it already.
void check_load(Case& c) {
  const Result<host::ElfFacts> facts = host::read_elf_file(c.file);
  if (!facts.ok() || !host::check_note(*facts).ok()) return c.report.skip("its note is no good");
  const ProcessState before = ProcessState::now();
  const double begin = cpu_seconds();
  set_current_entry("dlopen");
  void* const handle = ::dlopen(c.file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const why = ::dlerror();
    return c.report.find("NXR-SYM-1",
                         std::string("cannot be loaded: ") + (why != nullptr ? why : "?"));
  }
  auto* const entry = reinterpret_cast<nx_plugin_entry>(::dlsym(handle, NX_ENTRY_SYMBOL));
  if (entry == nullptr) return c.report.skip("it has no entry");
  set_current_entry(NX_ENTRY_SYMBOL);
  const nx_plugin* const plugin = entry();
  const double took = cpu_seconds() - begin;
  ProcessState::now().compare(before, "loading", true, "NXR-FIL-2", c.report);
  if (took > kLoadMaxSeconds) {
    c.report.find("NXR-FIL-2", "loading took " + std::to_string(took * 1e3) + " ms of CPU time");
  }
  c.report.note("loaded in " + std::to_string(took * 1e3).substr(0, 5) + " ms of CPU time");
  if (entry() != plugin)
    c.report.find("NXR-DSC-2", "the entry returns another descriptor each time");
}

constexpr std::array kFileChecks = {
    Check{"file", "trust", &check_trust},     Check{"file", "note", &check_note_of},
    Check{"file", "symbols", &check_symbols}, Check{"file", "image", &check_image},
    Check{"file", "load", &check_load},
};

}  // namespace

std::span<const Check> file_checks() { return kFileChecks; }

}  // namespace narthex::check
