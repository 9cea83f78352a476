// SPDX-License-Identifier: Apache-2.0
// dns_targets.hpp - turns the records of a name into targets. Pure.
#pragma once

#include "plugins/discovery/dns/dns_answer.hpp"

#include <narthex/sdk/discovery.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace narthex::dns_discovery {

// "SRV", "a", ...; nothing for others.
std::optional<RecordType> parse_type(std::string_view text);

// "host:port"; an IPv6 address gets its brackets.
std::string join_host_port(std::string_view host, std::uint64_t port);

// The group whose source is the name. `port` goes to every record that brings none of its own.
sdk::TargetGroup make_group(const std::string& name, std::span<const Record> records,
                            std::uint16_t port);

}  // namespace narthex::dns_discovery
