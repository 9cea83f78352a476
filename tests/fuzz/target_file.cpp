// SPDX-License-Identifier: Apache-2.0
// Any file: no crash, and every group that is read names its file. The first byte chooses the
// format.
#include "document/document.hpp"
#include "plugins/discovery/file/target_file.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::string kPaths[] = {"a.json", "a.yml", "a.toml"};
  const std::size_t format = data[0] % 3;
  const std::string& path = kPaths[format];
  std::vector<narthex::document::Finding> findings;
  const auto tree = narthex::document::Document::parse(
      static_cast<narthex::document::Format>(format), path,
      {reinterpret_cast<const char*>(data) + 1, size - 1}, findings);
  if (tree == nullptr) return 0;
  const auto groups =
      narthex::file_discovery::read_target_file(path, narthex::sdk::Value(&tree->root()));
  if (!groups.ok()) return 0;
  for (const narthex::sdk::TargetGroup& group : *groups) {
    if (group.labels.get("__meta_filepath") != path) std::abort();
    if (!group.source.starts_with(path)) std::abort();
  }
  return 0;
}
