// SPDX-License-Identifier: Apache-2.0
// state_service.hpp - NX_EXT_STATE: a little durable state an instance, one file a key under
// <data>/state/<instance>/. A put replaces the file atomically and is on the disk when it returns.
// Thread-safe.
#pragma once

#include <narthex/host.h>
#include <narthex/sdk/result.hpp>

#include <string>
#include <string_view>

namespace narthex::host {

extern const nx_ext_state kStateService;

// A file name that says the text and nothing else: what is not plain becomes %xx.
std::string as_file_name(std::string_view text);

// The files of one instance. A view; makes the folder on the first put.
class StateFolder {
 public:
  static constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 20;  // all keys together

  StateFolder(const std::string& data_dir, std::string_view instance);
  Result<std::string> read(std::string_view key) const;
  Status write(std::string_view key, std::string_view bytes) const;

 private:
  std::string path_of(std::string_view key) const;
  Status make_room(std::string_view key, std::uint64_t bytes) const;

  std::string state_;
  std::string folder_;
};

}  // namespace narthex::host
