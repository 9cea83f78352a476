// SPDX-License-Identifier: Apache-2.0
// search_list.hpp - which full names a short name may stand for: the search domains of resolv.conf.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace narthex::dns_discovery {

struct SearchList {
  std::vector<std::string> domains;
  int dots_min = 1;  // `options ndots:`
};

SearchList parse_resolv_conf(std::string_view text);

// The names to ask for, in this order, each with its final dot. A name that ends with a dot stands
// for itself; one with enough labels comes first as it is, others last.
std::vector<std::string> names_of(const SearchList& list, std::string_view name);

}  // namespace narthex::dns_discovery
