// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/folder_task.hpp"

#include "storage/tsdb/analysis.hpp"
#include "storage/tsdb/folder_check.hpp"
#include "storage/tsdb/repair.hpp"

#include <utility>

namespace narthex::storage::tsdb {
namespace {

class Verification final : public FolderTask {
 public:
  explicit Verification(FolderCheck check) : check_(std::move(check)) {}

  Result<bool> step() override {
    done_ = !check_.step();
    return !done_;
  }
  nx_value tree(std::uint32_t, sdk::TreeArena& arena) const override {
    std::vector<nx_kv> out{arena.entry("check", arena.string("verify")),
                           arena.entry("done", arena.boolean(done_))};
    add_report(check_.report(), arena, out);
    return arena.table(out);
  }

 private:
  FolderCheck check_;
  bool done_ = false;
};

}  // namespace

Result<std::unique_ptr<FolderTask>> FolderTask::make(std::string_view kind, const Options& options,
                                                     Surroundings surroundings) {
  if (kind == "repair") return Repair::begin(options, std::move(surroundings));
  if (kind == "analyze") return Analysis::begin(options, std::move(surroundings));
  if (kind != "verify") {
    return invalid_argument("check: \"" + std::string(kind) +
                            "\" is not verify, repair or analyze");
  }
  Result<FolderCheck> check = FolderCheck::begin(surroundings.files, options.path);
  if (!check.ok()) return check.status();
  return std::unique_ptr<FolderTask>(std::make_unique<Verification>(*std::move(check)));
}

}  // namespace narthex::storage::tsdb
