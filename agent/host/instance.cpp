// SPDX-License-Identifier: Apache-2.0
#include "host/instance.hpp"

namespace narthex::host {

constinit thread_local CallFrame* Instance::current_frame = nullptr;

Instance::~Instance() = default;

}  // namespace narthex::host
