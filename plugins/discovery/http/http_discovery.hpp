// SPDX-License-Identifier: Apache-2.0
// http_discovery.hpp - the component "http": asks a server for target groups every
// refresh_interval.
#pragma once

#include <narthex/sdk/discovery.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace narthex::http_discovery {

class HttpDiscovery {
 public:
  static constexpr std::string_view kName = "http";
  static constexpr std::string_view kSummary = "Target groups from a server, as JSON";
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_HTTP), NX_STR(NX_EXT_TEXT)};
  static constexpr std::string_view kSchema = R"("$ref": "narthex:http_client")";
  static constexpr std::uint32_t kDefaultIntervalMs = 60'000;

  struct Options {
    std::string url;
    std::int64_t refresh_interval_ms = 0;
  };
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"url",
       &Options::url,
       {},
       "Where the target groups are: http:// or https://.",
       {},
       R"("examples": ["http://127.0.0.1:8080/targets"])"},
      {"refresh_interval", &Options::refresh_interval_ms, "\"60s\"",
       "How often the server is asked.", "duration", R"("minimum": 1)"},
  };

  // `config` is valid as long as this object: the HTTP client is made from it.
  HttpDiscovery(sdk::Host host, Options options, sdk::Value config);
  static Status validate(sdk::Host host, const Options& options, sdk::Value config);

  Status start();
  void stop();
  Status refresh(sdk::DiscoverySink& sink);

 private:
  struct Answer;
  Status fetch(Answer& answer) const;
  Result<std::vector<sdk::TargetGroup>> parse(std::string_view body) const;

  const sdk::Host host_;
  const Options options_;
  const sdk::Value config_;
  const nx_ext_http& http_;
  const sdk::Cell failures_;
  nx_http_client* client_ = nullptr;  // between start and stop
};

}  // namespace narthex::http_discovery
