// SPDX-License-Identifier: Apache-2.0
// descriptor.hpp - whether what the entry function returned is a descriptor that the host can work
// with, and the same that the file's note promised. Reads constant data, calls no plugin code.
// Pure, thread-safe.
#pragma once

#include "host/elf_file.hpp"

#include <narthex/plugin.h>
#include <narthex/sdk/result.hpp>

namespace narthex::host {

// NX_OK when the file may be loaded at all: it has a note, made for our ABI.
Status check_note(const ElfFacts& facts);
// The message says which component is wrong in what.
Status check_descriptor(const ElfFacts& facts, const nx_plugin* plugin);

}  // namespace narthex::host
