// SPDX-License-Identifier: Apache-2.0
// The texts and messages of the kernel.
#include "plugins/exporter/node/cpu.hpp"
#include "plugins/exporter/node/device_filter.hpp"
#include "plugins/exporter/node/diskstats.hpp"
#include "plugins/exporter/node/kernel_stat.hpp"
#include "plugins/exporter/node/link_counters.hpp"
#include "plugins/exporter/node/loadavg.hpp"
#include "plugins/exporter/node/meminfo.hpp"
#include "plugins/exporter/node/mountinfo.hpp"

#include <catch2/catch.hpp>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <string>

using namespace narthex;
using namespace narthex::exporter_node;

namespace {

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_attribute(std::string& out, unsigned short type, std::string_view value) {
  append(out, rtattr{static_cast<unsigned short>(sizeof(rtattr) + value.size()), type});
  out += value;
  out.append((4 - out.size() % 4) % 4, '\0');
}

// A netlink message of a link; stats shorter than our header's as older kernels send them.
std::string link_message(std::string_view name, const rtnl_link_stats64& stats,
                         std::size_t stats_size = sizeof(rtnl_link_stats64)) {
  std::string body;
  append(body, ifinfomsg{});
  append_attribute(body, IFLA_IFNAME, std::string(name) + '\0');
  append_attribute(body, IFLA_STATS64,
                   std::string_view(reinterpret_cast<const char*>(&stats), stats_size));
  std::string message;
  append(message, nlmsghdr{static_cast<std::uint32_t>(sizeof(nlmsghdr) + body.size()), RTM_NEWLINK,
                           0, 1, 0});
  return message + body;
}

std::string done_message() {
  std::string message;
  append(message, nlmsghdr{sizeof(nlmsghdr), NLMSG_DONE, 0, 1, 0});
  return message;
}

}  // namespace

TEST_CASE("the CPUs of /proc/stat are read, the sum is not", "[exporter]") {
  std::vector<CpuTicks> cpus;
  REQUIRE(
      parse_cpu_ticks("cpu  9 9 9 9 9\ncpu0 1 2 3 4 5 6 7 8 9 10\ncpu17 1 2 3 4\nintr 5\n", cpus)
          .ok());
  REQUIRE(cpus.size() == 2);
  CHECK(cpus[0].ticks[CpuTicks::kGuestNice] == 10);
  CHECK(cpus[1].number == "17");
  CHECK(cpus[1].ticks[CpuTicks::kIowait] == 0);
  CHECK_FALSE(parse_cpu_ticks("", cpus).ok());
  CHECK_FALSE(parse_cpu_ticks("cpu0 1 x 3\n", cpus).ok());
}

TEST_CASE("a CPU counter does not step back, unless the CPU was away", "[exporter]") {
  CpuCounters counters;
  CpuTicks ticks;
  ticks.ticks[CpuTicks::kIdle] = 1000;
  ticks.ticks[CpuTicks::kUser] = 500;
  CHECK(counters.update(ticks)[CpuTicks::kIdle] == 10);
  ticks.ticks[CpuTicks::kIdle] = 900;
  CHECK(counters.update(ticks)[CpuTicks::kIdle] == 10);
  ticks.ticks[CpuTicks::kIdle] = 100;
  ticks.ticks[CpuTicks::kUser] = 50;
  CHECK(counters.update(ticks)[CpuTicks::kIdle] == 1);
  CHECK(counters.update(ticks)[CpuTicks::kUser] == 0.5);
}

TEST_CASE("broken kernel texts are errors, not zeros", "[exporter]") {
  CHECK_FALSE(parse_kernel_stat("nothing\n").ok());
  CHECK_FALSE(parse_kernel_stat("ctxt -\n").ok());
  CHECK_FALSE(parse_loadavg("0.1 0.2").ok());
  CHECK_FALSE(parse_loadavg("").ok());
  MemoryFields fields;
  CHECK_FALSE(parse_meminfo("", fields).ok());
  CHECK_FALSE(parse_meminfo("MemTotal: lots kB\n", fields).ok());
  CHECK_FALSE(parse_disk_line("8 0"));
  CHECK_FALSE(parse_disk_line("8 0 sda 1 x"));
  std::vector<LinkCounters> links;
  CHECK_FALSE(parse_net_dev("a\nb\n lo: 1 2 3\n", links).ok());
}

TEST_CASE("an interface whose name holds a colon keeps it", "[exporter]") {
  std::vector<LinkCounters> links;
  REQUIRE(parse_net_dev("a\nb\neth0:1:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", links).ok());
  REQUIRE(links.size() == 1);
  CHECK(links[0].device == "eth0:1");
  CHECK(links[0].columns[LinkCounters::kTransmitCompressed] == 16);
}

TEST_CASE("mount points are unescaped, and read-only is seen in both lists", "[exporter]") {
  const std::vector<Mount> mounts = parse_mountinfo(
      "26 1 8:1 / /a\\040b\\134 rw shared:1 - ext4 /dev/x rw\n"
      "26 1 8:2 / /c rw - ext4 /dev/y errors=ro,ro\n"
      "26 1 8:2 / /d ro - ext4 /dev/y rw\n"
      "26 1 8:2 / /e rw,errors=ro - ext4 /dev/y rw\n"
      "short line\n26 1 82 / /f rw - ext4 /dev/y rw\n");
  REQUIRE(mounts.size() == 4);
  CHECK(mounts[0].mount_point == "/a b\\");
  CHECK(mounts[0].minor == "1");
  CHECK_FALSE(mounts[0].read_only);
  CHECK(mounts[1].read_only);
  CHECK(mounts[2].read_only);
  CHECK_FALSE(mounts[3].read_only);
}

TEST_CASE("links are read from netlink messages", "[exporter]") {
  rtnl_link_stats64 stats{};
  stats.rx_packets = 1;  // the first of them all
  stats.rx_dropped = 2;
  stats.rx_missed_errors = 3;
  stats.rx_crc_errors = 4;
  stats.tx_window_errors = 5;
  stats.rx_nohandler = 6;
  const std::string datagram = link_message("eth0", stats) + link_message("old", stats, 8);
  std::vector<LinkCounters> links;
  CHECK(parse_link_messages(datagram, links).value() == DumpState::kMore);
  CHECK(parse_link_messages(done_message(), links).value() == DumpState::kDone);
  REQUIRE(links.size() == 2);
  CHECK(links[0].device == "eth0");
  CHECK(links[0].columns[LinkCounters::kReceiveDrop] == 5);
  CHECK(links[0].columns[LinkCounters::kReceiveFrame] == 4);
  CHECK(links[0].columns[LinkCounters::kTransmitCarrier] == 5);
  CHECK(links[0].columns[LinkCounters::kReceiveNohandler] == 6);
  CHECK(links[1].columns[LinkCounters::kReceivePackets] == 1);
  CHECK(links[1].columns[LinkCounters::kReceiveDrop] == 0);
}

TEST_CASE("netlink messages that are cut or lie about their size do no harm", "[exporter]") {
  const std::string whole = link_message("eth0", rtnl_link_stats64{});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::vector<LinkCounters> links;
    const std::string cut = whole.substr(0, size);
    (void)parse_link_messages(cut, links);
    CHECK(links.empty());
  }
  std::string zero = whole;
  std::memset(zero.data(), 0, 4);
  std::vector<LinkCounters> links;
  CHECK_FALSE(parse_link_messages(zero, links).ok());
}

TEST_CASE("a filter matches anywhere in the name, and an inclusion replaces the exclusion",
          "[exporter]") {
  CHECK(DeviceFilter::make("", "").value().passes("anything"));
  CHECK_FALSE(DeviceFilter::make("oo", "").value().passes("loop0"));
  CHECK(DeviceFilter::make("oo", "^loop").value().passes("loop0"));
  CHECK_FALSE(DeviceFilter::make("", "^loop").value().passes("sda"));
  CHECK_FALSE(DeviceFilter::make("(", "").ok());
}
