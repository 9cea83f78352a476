// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/dns/dns_targets.hpp"

#include <algorithm>
#include <utility>

namespace narthex::dns_discovery {
namespace {

constexpr std::pair<std::string_view, RecordType> kTypes[] = {
    {"SRV", RecordType::kSrv}, {"A", RecordType::kA},   {"AAAA", RecordType::kAaaa},
    {"MX", RecordType::kMx},   {"NS", RecordType::kNs},
};

std::string_view without_final_dot(std::string_view name) {
  while (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

}  // namespace

std::optional<RecordType> parse_type(std::string_view text) {
  const auto same = [](char a, char b) {
    return a == (b >= 'a' && b <= 'z' ? static_cast<char>(b & ~0x20) : b);
  };
  for (const auto& [name, type] : kTypes) {
    if (std::equal(name.begin(), name.end(), text.begin(), text.end(), same)) return type;
  }
  return std::nullopt;
}

std::string join_host_port(std::string_view host, std::uint64_t port) {
  std::string out;
  if (host.find_first_of(":%") != std::string_view::npos) {
    ((out += '[') += host) += ']';
  } else {
    out = host;
  }
  return out + ':' + std::to_string(port);
}

sdk::TargetGroup make_group(const std::string& name, std::span<const Record> records,
                            std::uint16_t port) {
  sdk::TargetGroup group;
  group.source = name;
  for (const Record& record : records) {
    const std::uint16_t own_port = record.type == RecordType::kSrv ? record.port : port;
    Labels target{{"__address__", join_host_port(without_final_dot(record.target), own_port)},
                  {"__meta_dns_name", name}};
    switch (record.type) {
      case RecordType::kSrv:
        target.set("__meta_dns_srv_record_port", std::to_string(record.port));
        target.set("__meta_dns_srv_record_target", record.target);
        break;
      case RecordType::kMx:
        target.set("__meta_dns_mx_record_target", record.target);
        break;
      case RecordType::kNs:
        target.set("__meta_dns_ns_record_target", record.target);
        break;
      case RecordType::kA:
      case RecordType::kAaaa:
        break;
    }
    group.targets.push_back(std::move(target));
  }
  // Servers turn the order of their answers round; that must not look like a change.
  std::sort(group.targets.begin(), group.targets.end());
  return group;
}

}  // namespace narthex::dns_discovery
