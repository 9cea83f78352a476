// SPDX-License-Identifier: Apache-2.0
// folder_service.hpp - NX_EXT_FOLDER: a folder an instance, <data>/plugins/<instance>/, made when
// it is first asked for. Thread-safe.
#pragma once

#include <narthex/host.h>

namespace narthex::host {

extern const nx_ext_folder kFolderService;

}  // namespace narthex::host
