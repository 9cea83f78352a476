// SPDX-License-Identifier: Apache-2.0
#include "host/folder_service.hpp"

#include "host/plugin_instance.hpp"
#include "host/state_service.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/text.hpp>

#include <filesystem>
#include <string>
#include <system_error>

namespace narthex::host {
namespace {

nx_status folder_path(const nx_host* host, nx_value_sink sink, void* sink_ctx, nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    namespace fs = std::filesystem;
    auto& instance = static_cast<PluginInstance&>(Instance::of(host));
    const fs::path folder = fs::absolute(instance.context().options.data_dir) / "plugins" /
                            as_file_name(instance.name());
    std::error_code error;
    const bool made = fs::create_directories(folder, error);
    if (made && !error) fs::permissions(folder, fs::perms::owner_all, error);
    if (error) return io_error("cannot create " + folder.string() + ": " + error.message());
    const std::string text = folder.string();
    nx_value value{};
    value.type = NX_STRING;
    value.len = static_cast<std::uint32_t>(text.size());
    value.u.s = text.data();
    sink(sink_ctx, &value);
    return Status();
  });
}

}  // namespace

const nx_ext_folder kFolderService = {sizeof(nx_ext_folder), 0, &folder_path};

}  // namespace narthex::host
