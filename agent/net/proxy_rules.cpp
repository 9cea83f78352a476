// SPDX-License-Identifier: Apache-2.0
#include "net/proxy_rules.hpp"

#include "net/request_head.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <cstdlib>
#include <initializer_list>

namespace narthex::net {
namespace {

namespace ip = boost::asio::ip;

std::string environment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

// "10.0.0.0/8" or one address.
bool range_holds(std::string_view range, const ip::address& address) {
  boost::system::error_code error;
  if (range.find('/') == std::string_view::npos) {
    const auto one = ip::make_address(std::string(range), error);
    return !error && one == address;
  }
  if (address.is_v4()) {
    const auto network = ip::make_network_v4(std::string(range), error);
    return !error && network.canonical() ==
                         ip::network_v4(address.to_v4(), network.prefix_length()).canonical();
  }
  const auto network = ip::make_network_v6(std::string(range), error);
  return !error && network.canonical() ==
                       ip::network_v6(address.to_v6(), network.prefix_length()).canonical();
}

// "example.com" holds the host and those below it, ".example.com" and "*.example.com" only those
// below.
bool domain_holds(std::string_view domain, std::string_view host) {
  if (domain.starts_with("*.")) domain.remove_prefix(1);
  if (domain.starts_with('.')) return host.ends_with(domain);
  return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

// Cuts ":port" off an entry; false when it names another port.
bool port_fits(std::string_view& entry, int port) {
  const std::size_t colon = entry.rfind(':');
  if (colon == std::string_view::npos || entry.find(':') != colon) return true;
  std::uint64_t number = 0;
  if (!parse_length(entry.substr(colon + 1), number)) return true;
  entry = entry.substr(0, colon);
  return number == static_cast<std::uint64_t>(port);
}

std::string with_scheme(const std::string& proxy) {
  return proxy.empty() || proxy.find("://") != std::string::npos ? proxy : "http://" + proxy;
}

}  // namespace

bool proxy_excepted(std::string_view no_proxy, const std::string& host, int port) {
  const std::string name = lower(host);
  if (name == "localhost") return true;
  boost::system::error_code not_a_number;
  const auto address = ip::make_address(name, not_a_number);
  if (!not_a_number && address.is_loopback()) return true;
  while (!no_proxy.empty()) {
    const std::size_t comma = std::min(no_proxy.find(','), no_proxy.size());
    const std::string text = lower(trim_blanks(no_proxy.substr(0, comma)));
    no_proxy.remove_prefix(std::min(comma + 1, no_proxy.size()));
    std::string_view entry = text;
    if (entry.empty()) continue;
    if (entry == "*") return true;
    if (!port_fits(entry, port)) continue;
    if (not_a_number ? domain_holds(entry, name) : range_holds(entry, address)) return true;
  }
  return false;
}

ProxyRules::ProxyRules(const std::string& proxy_url, const std::string& no_proxy,
                       bool from_environment,
                       const std::map<std::string, Secret>& connect_headers) {
  if (from_environment) {
    http_ = with_scheme(environment({"HTTP_PROXY", "http_proxy"}));
    https_ = with_scheme(environment({"HTTPS_PROXY", "https_proxy"}));
    no_proxy_ = environment({"NO_PROXY", "no_proxy"});
  } else if (!proxy_url.empty()) {
    http_ = https_ = with_scheme(proxy_url);
    no_proxy_ = no_proxy;
    always_ = no_proxy.empty();
  }
  for (const auto& [name, value] : connect_headers) {
    connect_headers_.emplace_back(name, value.reveal());
  }
}

ProxyChoice ProxyRules::choose(const Url& url) const {
  const std::string& proxy = url.scheme == "https" ? https_ : http_;
  if (proxy.empty()) return {};
  if (!always_ && proxy_excepted(no_proxy_, url.host, url.port)) return {};
  return {proxy, connect_headers_};
}

}  // namespace narthex::net
