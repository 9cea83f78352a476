// SPDX-License-Identifier: Apache-2.0
// family_querier.hpp - what can be read where no samples are: metadata of families. Everything else
// is refused, so that nobody takes "not kept" for "there is none".
#pragma once

#include "storage/head/metadata.hpp"

#include <narthex/sdk/storage.hpp>

#include <memory>
#include <span>
#include <string_view>

namespace narthex::storage::none {

class FamilyQuerier final : public sdk::StorageQuerier {
 public:
  explicit FamilyQuerier(const head::Metadata& families) : families_(families) {}

  void label_names(sdk::Matchers, std::uint64_t, sdk::StrSink) override { refuse(); }
  void label_values(std::string_view, sdk::Matchers, std::uint64_t, sdk::StrSink) override {
    refuse();
  }
  std::unique_ptr<sdk::StorageCursor> select(sdk::Matchers, const nx_scan_opts&) override {
    refuse();
  }
  void cancel() override {}
  void exemplars(std::span<const sdk::Matchers>, nx_exemplar_sink, void*) override { refuse(); }
  void metadata(std::string_view family, std::uint64_t limit, nx_metadata_sink sink,
                void* context) override {
    families_.list(family, limit, sink, context);
  }

 private:
  [[noreturn]] static void refuse() {
    throw sdk::Error(NX_ERR_UNSUPPORTED, "no samples are kept here: they are sent on");
  }
  const head::Metadata& families_;
};

}  // namespace narthex::storage::none
