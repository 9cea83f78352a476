// SPDX-License-Identifier: Apache-2.0
// engine_reader.hpp - asks the engine for series, label names and values, and metadata.
// Thread-safe; failures are sdk::Error.
#pragma once

#include "storage/remote/found_series.hpp"
#include "storage/remote/http_door.hpp"
#include "storage/remote/options.hpp"

#include <narthex/sdk/storage.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::storage::remote {

class EngineReader {
 public:
  // The door outlives it.
  EngineReader(sdk::Host host, const HttpDoor& door, Places places, std::uint64_t max_bytes)
      : host_(host), door_(door), places_(std::move(places)), max_bytes_(max_bytes) {}

  // Settled.
  std::unique_ptr<Found> select(sdk::Matchers matchers, const nx_scan_opts& options,
                                const std::shared_ptr<Interrupt>& interrupt) const;
  // Of .../api/v1/<path>, sorted and unique; none where there is no such API.
  std::vector<std::string> texts(const std::string& path, const std::string& form,
                                 const std::shared_ptr<Interrupt>& interrupt) const;
  // The tree of an answer of the API.
  void ask(const std::string& path, const std::string& form,
           const std::shared_ptr<Interrupt>& interrupt,
           const std::function<void(sdk::Value)>& use) const;
  bool has_api() const { return !places_.api.empty(); }

 private:
  HttpAnswer post(HttpCall call, const std::shared_ptr<Interrupt>& interrupt) const;
  void read(sdk::Matchers matchers, const nx_scan_opts& options,
            const std::shared_ptr<Interrupt>& interrupt, Found& found) const;
  void read_export(sdk::Matchers matchers, const nx_scan_opts& options,
                   const std::shared_ptr<Interrupt>& interrupt, Found& found) const;

  const sdk::Host host_;
  const HttpDoor& door_;
  const Places places_;
  const std::uint64_t max_bytes_;
};

}  // namespace narthex::storage::remote
