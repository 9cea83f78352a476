// SPDX-License-Identifier: Apache-2.0
// link_counters.hpp - the counters of network interfaces, in the columns of /proc/net/dev, from the
// text itself or from the kernel's netlink messages (which also count what nobody handled). Pure.
#pragma once

#include <narthex/sdk/result.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::exporter_node {

struct LinkCounters {
  // Columns of /proc/net/dev, then one that only netlink has.
  enum {
    kReceiveBytes,
    kReceivePackets,
    kReceiveErrs,
    kReceiveDrop,
    kReceiveFifo,
    kReceiveFrame,
    kReceiveCompressed,
    kReceiveMulticast,
    kTransmitBytes,
    kTransmitPackets,
    kTransmitErrs,
    kTransmitDrop,
    kTransmitFifo,
    kTransmitColls,
    kTransmitCarrier,
    kTransmitCompressed,
    kReceiveNohandler,
    kColumns
  };
  std::string device;
  std::array<std::uint64_t, kColumns> columns{};
  std::size_t column_count = kColumns;  // from text: without the last one
};

// Replaces out with what the text of /proc/net/dev says.
Status parse_net_dev(std::string_view text, std::vector<LinkCounters>& out);

enum class DumpState { kMore, kDone };
// Appends the links of one datagram of an RTM_GETLINK dump.
Result<DumpState> parse_link_messages(std::span<const char> datagram,
                                      std::vector<LinkCounters>& out);

}  // namespace narthex::exporter_node
