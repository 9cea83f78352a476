// SPDX-License-Identifier: Apache-2.0
#include "config/default_config.hpp"

namespace narthex::config {

std::string reachable_address(std::string_view listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string_view::npos) return std::string(listen);
  const std::string_view host = listen.substr(0, colon);
  const std::string port(listen.substr(colon));
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1" + port;
  if (host == "[::]" || host == "::") return "[::1]" + port;
  return std::string(listen);
}

std::string default_config(std::string_view listen, bool guarded) {
  if (guarded) {
    return R"({
  "global": {"scrape_interval": "15s"},
  "exporters": [{"plugin": "self", "job": "narthex"}, {"plugin": "node"}]
}
)";
  }
  std::string target;
  for (const char c : reachable_address(listen)) {
    if (c == '"' || c == '\\') target += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) target += c;
  }
  return R"({
  "global": {"scrape_interval": "15s"},
  "scrape_configs": [
    {"job_name": "narthex", "static_configs": [{"targets": [")" +
         target + R"("]}]}
  ],
  "exporters": [{"plugin": "node"}]
}
)";
}

}  // namespace narthex::config
