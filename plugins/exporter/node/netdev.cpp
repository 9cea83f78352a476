// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/netdev.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace narthex::exporter_node {
namespace {

constexpr std::size_t kDatagramBytes = 64 * 1024;

constexpr std::array<std::string_view, LinkCounters::kColumns> kColumnNames = {
    "receive_bytes",     "receive_packets",  "receive_errs",       "receive_drop",
    "receive_fifo",      "receive_frame",    "receive_compressed", "receive_multicast",
    "transmit_bytes",    "transmit_packets", "transmit_errs",      "transmit_drop",
    "transmit_fifo",     "transmit_colls",   "transmit_carrier",   "transmit_compressed",
    "receive_nohandler",
};

sdk::SeriesList table_of(const LinkCounters& link) {
  sdk::SeriesList table;
  for (std::size_t i = 0; i < link.column_count; ++i) {
    const std::string column(kColumnNames[i]);
    const std::string name = "node_network_" + column + "_total";
    table.add(name, {{"device", link.device}});
    table.describe(name, NX_TYPE_COUNTER, "Network device statistic " + column + ".");
  }
  return table;
}

Status socket_error(const char* what) {
  return io_error(std::string("cannot ") + what + " a netlink socket: " + std::strerror(errno));
}

}  // namespace

LinkSocket::~LinkSocket() {
  if (fd_ >= 0) close(fd_);
}

Status LinkSocket::list(std::vector<LinkCounters>& out) {
  out.clear();
  Status status = fd_ < 0 ? open_socket() : Status();
  if (status.ok()) status = ask();
  if (status.ok()) status = receive(out);
  // After a failure answers may still be on their way: the next time begins with a new socket.
  if (!status.ok() && fd_ >= 0) close(std::exchange(fd_, -1));
  return status;
}

Status LinkSocket::open_socket() {
  fd_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd_ < 0) return socket_error("open");
  const timeval second = {1, 0};  // the kernel answers within the call or not at all
  if (setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) != 0) {
    return socket_error("set up");
  }
  buffer_.resize(kDatagramBytes);
  return Status();
}

Status LinkSocket::ask() {
  struct {
    nlmsghdr head;
    ifinfomsg body;
  } request{};
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = RTM_GETLINK;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.head.nlmsg_seq = ++sequence_;
  request.body.ifi_family = AF_UNSPEC;
  return send(fd_, &request, sizeof request, 0) < 0 ? socket_error("write to") : Status();
}

Status LinkSocket::receive(std::vector<LinkCounters>& out) {
  while (true) {
    const ssize_t size = recv(fd_, buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return socket_error("read from");
    const auto state = parse_link_messages({buffer_.data(), static_cast<std::size_t>(size)}, out);
    if (!state.ok()) return state.status();
    if (*state == DumpState::kDone) return Status();
  }
}

NetdevCollector::NetdevCollector(const Paths& paths, DeviceFilter filter, bool netlink)
    : filter_(std::move(filter)), netlink_(netlink), file_(paths.procfs + "/net/dev") {}

Status NetdevCollector::read_links() {
  if (netlink_) {
    if (socket_.list(links_).ok()) return Status();
    netlink_ = false;  // a sandbox does not change its mind
  }
  const Result<std::string_view> text = file_.read();
  if (!text.ok()) return text.status();
  return parse_net_dev(*text, links_);
}

Status NetdevCollector::collect(const sdk::Collection& out, const Round& round) {
  const Status status = read_links();
  if (!status.ok()) return status;
  for (const LinkCounters& link : links_) {
    if (!filter_.passes(link.device)) continue;
    sdk::SeriesSet& set = sets_.at(link.device, round.number, [&] { return table_of(link); });
    std::array<double, LinkCounters::kColumns> values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<double>(link.columns[i]);
    }
    set.push(out, std::span(values).first(set.size()));
  }
  sets_.sweep(out, round.number);
  return Status();
}

}  // namespace narthex::exporter_node
