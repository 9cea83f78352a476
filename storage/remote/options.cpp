// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/options.hpp"

namespace narthex::storage::remote {
namespace {

Status check_url(const char* option, const std::string& url) {
  if (url.empty()) return Status();
  const bool http = url.starts_with("http://") && url.size() > 7;
  const bool https = url.starts_with("https://") && url.size() > 8;
  if (http || https) return Status();
  return invalid_argument(std::string(option) + ": \"" + url +
                          "\" is no URL: it needs http:// or https:// and a host");
}

}  // namespace

Result<Places> Places::of(const Options& options) {
  for (const auto& [name, url] :
       {std::pair{"url", &options.url}, std::pair{"write_url", &options.write_url},
        std::pair{"read_url", &options.read_url}}) {
    if (const Status checked = check_url(name, *url); !checked.ok()) return checked;
  }
  if (options.url.empty() && options.read_url.empty()) {
    return invalid_argument("url: say where the engine is, as in http://127.0.0.1:8428");
  }
  Places places;
  std::string base = options.url;
  while (base.ends_with('/')) base.pop_back();
  if (!base.empty()) {
    places.api = base + "/api/v1";
    places.write = places.api + "/write";
  }
  if (!options.write_url.empty()) places.write = options.write_url;
  const bool exports = options.engine == "victoriametrics";
  std::string& read = exports ? places.export_ : places.read;
  read =
      !options.read_url.empty() ? options.read_url : places.api + (exports ? "/export" : "/read");
  return places;
}

}  // namespace narthex::storage::remote
