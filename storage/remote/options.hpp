// SPDX-License-Identifier: Apache-2.0
// options.hpp - what the remote backend can be told, and the places that follow from it. Plain
// data.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>

namespace narthex::storage::remote {

struct Options {
  std::string url;     // where the engine's HTTP API is, without /api/v1
  std::string engine;  // "prometheus" or "victoriametrics"
  std::string write_url, read_url;
  std::int64_t timeout_ms = 0;
  std::int64_t samples_per_request = 0;
  std::int64_t read_max_bytes = 0;
  std::int64_t known_series_max = 0;
};

// Where requests go; empty: this engine is not asked for that.
struct Places {
  std::string write;    // remote write 1.0
  std::string read;     // remote read
  std::string export_;  // VictoriaMetrics's export
  std::string api;      // ".../api/v1"

  // Says which option is wrong, with its name in front.
  static Result<Places> of(const Options& options);
};

}  // namespace narthex::storage::remote
