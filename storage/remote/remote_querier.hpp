// SPDX-License-Identifier: Apache-2.0
// remote_querier.hpp - a view of a time range, as far as the engine has one: each call asks anew.
// One thread, but cancel().
#pragma once

#include "storage/remote/engine_reader.hpp"
#include "storage/remote/found_cursor.hpp"

#include <narthex/sdk/storage.hpp>

#include <memory>
#include <string>

namespace narthex::storage::remote {

class RemoteQuerier final : public sdk::StorageQuerier {
 public:
  // The reader outlives it.
  RemoteQuerier(const EngineReader& reader, std::int64_t min_t, std::int64_t max_t)
      : reader_(reader), min_t_(min_t), max_t_(max_t) {}

  void label_names(sdk::Matchers matchers, std::uint64_t limit, sdk::StrSink sink) override;
  void label_values(std::string_view name, sdk::Matchers matchers, std::uint64_t limit,
                    sdk::StrSink sink) override;
  std::unique_ptr<sdk::StorageCursor> select(sdk::Matchers matchers,
                                             const nx_scan_opts& opts) override;
  void cancel() override { interrupt_->raise(); }
  // The engine is sent no exemplars.
  void exemplars(std::span<const sdk::Matchers>, nx_exemplar_sink, void*) override {}
  void metadata(std::string_view family, std::uint64_t limit, nx_metadata_sink sink,
                void* context) override;

 private:
  void texts(const std::string& path, sdk::Matchers matchers, std::uint64_t limit,
             sdk::StrSink sink) const;

  const EngineReader& reader_;
  const std::int64_t min_t_, max_t_;
  const std::shared_ptr<Interrupt> interrupt_ = std::make_shared<Interrupt>();
  const std::shared_ptr<SeriesIds> ids_ = std::make_shared<SeriesIds>();
};

}  // namespace narthex::storage::remote
