// SPDX-License-Identifier: Apache-2.0
// interfaces.hpp - what the host knows about the interfaces of the ABI: which functions a vtable
// must have, and how its entry points may be called. Constant data, thread-safe.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string_view>

namespace narthex::host {

// How one entry point is called.
struct EntryRule {
  bool serial = false;   // one call at a time per instance unless NX_COMPONENT_CONCURRENT
  bool gated = false;    // begins work: refused while the breaker is open
  bool control = false;  // belongs to the life cycle
};

// The rule of "narthex.discovery/1.refresh"; entries it does not know are neither.
EntryRule entry_rule(std::string_view entry);

bool is_known_interface(std::string_view id);
// Whether the vtable of a known interface has what it must; OK for unknown ones, which are only
// shown.
Status check_vtable(std::string_view id, const void* vtable);

}  // namespace narthex::host
