// SPDX-License-Identifier: Apache-2.0
// proxy_rules.hpp - which requests go through which proxy: proxy_url, no_proxy and the environment,
// by the rules of Go's httpproxy. Immutable after construction.
#pragma once

#include "net/hop.hpp"
#include "net/options.hpp"
#include "net/url.hpp"

#include <map>
#include <string>
#include <string_view>

namespace narthex::net {

class ProxyRules {
 public:
  ProxyRules() = default;
  // Reads the environment when told to.
  ProxyRules(const std::string& proxy_url, const std::string& no_proxy, bool from_environment,
             const std::map<std::string, Secret>& connect_headers);

  ProxyChoice choose(const Url& url) const;

 private:
  std::string http_, https_;
  std::string no_proxy_;
  bool always_ = false;  // a proxy_url without exceptions serves even loopback addresses
  Params connect_headers_;
};

// Whether a no_proxy list excepts host:port. Loopback addresses and "localhost" always are.
bool proxy_excepted(std::string_view no_proxy, const std::string& host, int port);

}  // namespace narthex::net
