// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/link_counters.hpp"

#include "plugins/exporter/node/text_fields.hpp"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <optional>

namespace narthex::exporter_node {
namespace {

// A copy of what a message begins with; nothing when it is shorter. Copies need no alignment.
template <class T>
std::optional<T> read_head(std::span<const char> bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T head;
  std::memcpy(&head, bytes.data(), sizeof head);
  return head;
}

std::size_t aligned(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

std::span<const char> rest_after(std::span<const char> bytes, std::size_t size) {
  return bytes.subspan(std::min(aligned(size), bytes.size()));
}

// The kernel may know fewer counters than our header, or more.
rtnl_link_stats64 read_stats(std::span<const char> bytes) {
  rtnl_link_stats64 stats{};
  std::memcpy(&stats, bytes.data(), std::min(bytes.size(), sizeof stats));
  return stats;
}

// The sums that make up the columns of /proc/net/dev.
void set_columns(const rtnl_link_stats64& s, LinkCounters& link) {
  link.columns = {
      s.rx_bytes,
      s.rx_packets,
      s.rx_errors,
      s.rx_dropped + s.rx_missed_errors,
      s.rx_fifo_errors,
      s.rx_length_errors + s.rx_over_errors + s.rx_crc_errors + s.rx_frame_errors,
      s.rx_compressed,
      s.multicast,
      s.tx_bytes,
      s.tx_packets,
      s.tx_errors,
      s.tx_dropped,
      s.tx_fifo_errors,
      s.collisions,
      s.tx_aborted_errors + s.tx_carrier_errors + s.tx_heartbeat_errors + s.tx_window_errors,
      s.tx_compressed,
      s.rx_nohandler,
  };
}

// The attributes of one link; nothing when it has no name or no counters.
std::optional<LinkCounters> parse_link(std::span<const char> attributes) {
  LinkCounters link;
  bool counted = false;
  while (const auto head = read_head<rtattr>(attributes)) {
    if (head->rta_len < sizeof *head || head->rta_len > attributes.size()) break;
    const auto value = attributes.subspan(sizeof *head, head->rta_len - sizeof *head);
    if (head->rta_type == IFLA_IFNAME) {
      link.device.assign(value.data(), strnlen(value.data(), value.size()));
    } else if (head->rta_type == IFLA_STATS64) {
      set_columns(read_stats(value), link);
      counted = true;
    }
    attributes = rest_after(attributes, head->rta_len);
  }
  if (!counted || link.device.empty()) return std::nullopt;
  return link;
}

}  // namespace

Status parse_net_dev(std::string_view text, std::vector<LinkCounters>& out) {
  out.clear();
  next_line(text);  // two lines of headings
  next_line(text);
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const std::size_t colon = line.rfind(':');  // names of old aliases hold colons themselves
    if (colon == std::string_view::npos) continue;
    LinkCounters& link = out.emplace_back();
    link.device = trimmed(line.substr(0, colon));
    link.column_count = LinkCounters::kReceiveNohandler;
    line.remove_prefix(colon + 1);
    for (std::size_t i = 0; i < link.column_count; ++i) {
      const auto number = to_number<std::uint64_t>(next_word(line));
      if (!number) return invalid_data("/proc/net/dev lacks a column of " + link.device);
      link.columns[i] = *number;
    }
  }
  return Status();
}

Result<DumpState> parse_link_messages(std::span<const char> datagram,
                                      std::vector<LinkCounters>& out) {
  while (const auto head = read_head<nlmsghdr>(datagram)) {
    if (head->nlmsg_len < sizeof *head || head->nlmsg_len > datagram.size()) {
      return invalid_data("a netlink message is longer than its datagram");
    }
    const auto body = datagram.subspan(sizeof *head, head->nlmsg_len - sizeof *head);
    if (head->nlmsg_type == NLMSG_DONE) return DumpState::kDone;
    if (head->nlmsg_type == NLMSG_ERROR) {
      const auto error = read_head<nlmsgerr>(body);
      return io_error(std::string("netlink refused to list the links: ") +
                      std::strerror(error ? -error->error : 0));
    }
    if (head->nlmsg_type == RTM_NEWLINK && body.size() >= sizeof(ifinfomsg)) {
      if (auto link = parse_link(rest_after(body, sizeof(ifinfomsg)))) {
        out.push_back(*std::move(link));
      }
    }
    datagram = rest_after(datagram, head->nlmsg_len);
  }
  return DumpState::kMore;
}

}  // namespace narthex::exporter_node
