// SPDX-License-Identifier: Apache-2.0
#include "store/storage_config.hpp"

#include <narthex/storage.h>

#include <vector>

namespace narthex::store {

StorageConfig::StorageConfig(const StorageOptions& options, std::string_view check)
    : backend_(options.backend) {
  std::vector<nx_kv> entries;
  const auto add_bytes = [&](const char* key, std::uint64_t bytes) {
    if (bytes == 0) return;
    entries.push_back(arena_.entry(key, arena_.string(std::to_string(bytes) + "B")));
  };
  if (options.backend == "memory") {
    add_bytes("max_bytes", options.memory_max_bytes);
    entries.push_back(arena_.entry("max_exemplars", arena_.integer(options.max_exemplars)));
  }
  if (options.backend == "tsdb") {
    entries.push_back(arena_.entry("path", arena_.string(options.data_dir)));
    entries.push_back(arena_.entry("fsync", arena_.string(options.fsync)));
    add_bytes("head_bytes", options.head_bytes);
    add_bytes("page_cache_bytes", options.page_cache_bytes);
    entries.push_back(arena_.entry("max_exemplars", arena_.integer(options.max_exemplars)));
  }
  if (options.backend == "remote") document_ = options.remote;
  if (!check.empty()) entries.push_back(arena_.entry("check", arena_.string(check)));
  root_ = arena_.table(entries);
}

Result<std::shared_ptr<host::Instance>> StorageConfig::make(host::PluginHost& plugins) const {
  host::InstanceRequest request;
  request.interface_id = NX_STORAGE_ID;
  request.kind = "storage";
  request.component = backend_;
  request.name = "storage." + backend_;
  request.config = document_ != nullptr ? &document_->root() : &root_;
  request.document = document_;
  Result<std::shared_ptr<host::Instance>> made = plugins.create(request);
  if (!made.ok()) return made.status().with_prefix("storage backend " + backend_);
  return made;
}

}  // namespace narthex::store
