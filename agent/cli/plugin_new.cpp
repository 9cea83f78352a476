// SPDX-License-Identifier: Apache-2.0
// narthex plugin new KIND NAME: a project of a few files from templates (plugin-api/templates,
// installed to share/narthex/templates and found relative to the program).
//
//   templates/<lang>/project/...   files of every project of that language
//   templates/<lang>/<kind>.*      the source
//   templates/config/<kind>.toml   a configuration that uses it
//
// In names and texts @NAME@ is the name, @ID@ the plugin's id, @CLASS@ the name in PascalCase.
#include "cli/cli.hpp"
#include "cli/plugin_project.hpp"
#include "cli/tool.hpp"

#include <cstdio>

namespace narthex::cli {

int plugin_new(const PluginNewOptions& options) {
  const auto made = write_plugin_project(options);
  if (!made.ok()) {
    std::fprintf(stderr, "narthex: %s\n", made.status().message().c_str());
    return made.status().code() == NX_ERR_INVALID_ARGUMENT ? kUsage : kFailure;
  }
  for (const std::string& file : made->files) std::printf("%s\n", file.c_str());
  std::printf("\nNext:\n%s", made->next.c_str());
  return kGood;
}

}  // namespace narthex::cli
