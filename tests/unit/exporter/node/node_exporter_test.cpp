// SPDX-License-Identifier: Apache-2.0
// The exporter as a whole, over a host that was written down in tests/data/node.
#include "plugins/exporter/node/filesystem.hpp"
#include "plugins/exporter/node/mount_probe.hpp"
#include "plugins/exporter/node/node_exporter.hpp"
#include "support/fake_host.hpp"
#include "support/recorded_collection.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>

#include <unistd.h>

using namespace narthex;
using namespace narthex::exporter_node;
using test::RecordedCollection;

namespace {

const std::string kData = NARTHEX_TEST_DATA;

NodeExporter::Options options_of(const std::vector<std::string>& collectors) {
  NodeExporter::Options options;
  options.collectors = collectors;
  options.procfs = kData + "/proc";
  options.sysfs = kData + "/sys";
  options.udev_data = kData + "/udev";
  options.diskstats_device_exclude = R"(^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$)";
  options.filesystem_mount_points_exclude = "^/(proc|run)($|/)";
  options.filesystem_fs_types_exclude = "^(overlay|proc)$";
  return options;
}

// One collection of some collectors over the recorded host.
struct Collected : RecordedCollection {
  explicit Collected(const std::vector<std::string>& collectors)
      : exporter(host.host(), options_of(collectors)) {
    status = exporter.collect(collection());
  }
  test::FakeHost host;
  NodeExporter exporter;
  Status status;
};

DeviceFilter everything() { return DeviceFilter::make("", "").value(); }

// A folder of its own that is removed at the end.
class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() /
              ("narthex-node-test-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::trunc) << text;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("cpu and stat share /proc/stat", "[exporter]") {
  const Collected c({"cpu", "stat"});
  CHECK(c.status.code() == NX_OK);
  CHECK(c.value("node_cpu_seconds_total", {{"cpu", "1"}, {"mode", "idle"}}) == 25.0);
  CHECK(c.value("node_cpu_guest_seconds_total", {{"cpu", "0"}, {"mode", "user"}}) == 0.2);
  CHECK(c.count("node_cpu_seconds_total") == 16);
  CHECK(c.value("node_intr_total") == 123456);
  CHECK(c.value("node_context_switches_total") == 987654);
  CHECK(c.value("node_boot_time_seconds") == 1700000000);
  CHECK(c.value("node_forks_total") == 4321);
  CHECK(c.value("node_procs_running") == 3);
  CHECK(c.value("node_procs_blocked") == 1);
}

TEST_CASE("meminfo shows bytes and pieces, and what node_exporter shows only", "[exporter]") {
  const Collected c({"meminfo"});
  CHECK(c.value("node_memory_MemTotal_bytes") == 8000000.0 * 1024);
  CHECK(c.value("node_memory_Active_anon_bytes") == 123456.0 * 1024);
  CHECK(c.value("node_memory_HugePages_Free") == 3);
  CHECK(c.value("node_memory_DirectMap1G_bytes") == 4194304.0 * 1024);
  CHECK_FALSE(c.value("node_memory_KReclaimable_bytes"));
  CHECK(c.families.at("node_memory_Active_anon_bytes") ==
        RecordedCollection::Family{NX_TYPE_GAUGE, "Memory information field Active_anon_bytes."});
}

TEST_CASE("loadavg, uname and time show the host", "[exporter]") {
  const Collected c({"loadavg", "uname", "time"});
  CHECK(c.value("node_load1") == 0.52);
  CHECK(c.value("node_load5") == 1.25);
  CHECK(c.value("node_load15") == 2.0);
  CHECK(c.value("node_uname_info", {{"sysname", "Linux"}}) == 1);
  CHECK(c.value("node_time_seconds") > 1.7e9);
  CHECK(c.value("node_time_zone_offset_seconds"));
  CHECK(c.count("node_time_clocksource_available_info") == 3);
  CHECK(c.value("node_time_clocksource_current_info", {{"device", "0"}, {"clocksource", "tsc"}}) ==
        1);
}

TEST_CASE("diskstats shows as many counters as the kernel has, and what udev knows", "[exporter]") {
  const Collected c({"diskstats"});
  CHECK(c.status.code() == NX_OK);
  const Labels sda = {{"device", "sda"}};
  CHECK(c.value("node_disk_read_bytes_total", sda) == 8000.0 * 512);
  CHECK(c.value("node_disk_write_time_seconds_total", sda) == 15886 * (1.0 / 1000.0));
  CHECK(c.value("node_disk_flush_requests_time_seconds_total", sda) == 702 * (1.0 / 1000.0));
  CHECK(c.value("node_disk_info", {{"device", "sda"},
                                   {"serial", "SER"},
                                   {"model", "Model=X"},
                                   {"rotational", "1"},
                                   {"major", "8"}}) == 1);
  CHECK(c.value("node_disk_ata_rotation_rate_rpm", sda) == 7200);
  CHECK_FALSE(c.value("node_disk_ata_write_cache_enabled", sda));
  CHECK_FALSE(c.value("node_disk_reads_completed_total", {{"device", "sda1"}}));
  CHECK_FALSE(c.value("node_disk_reads_completed_total", {{"device", "loop0"}}));
  CHECK(c.value("node_disk_io_now", {{"device", "dm-0"}}) == 9);
  CHECK_FALSE(c.value("node_disk_discards_completed_total", {{"device", "dm-0"}}));
  CHECK(c.value("node_disk_info", {{"device", "dm-0"}, {"rotational", "0"}}) == 1);
  CHECK(c.value("node_disk_filesystem_info", {{"device", "dm-0"}, {"uuid", "1234"}}) == 1);
  CHECK(c.value("node_disk_device_mapper_info", {{"name", "vg-root"}, {"lv_name", "root"}}) == 1);
  CHECK(c.families.at("node_disk_io_now").type == NX_TYPE_GAUGE);
}

TEST_CASE("netdev reads the text where procfs is not our own", "[exporter]") {
  const Collected c({"netdev"});
  CHECK(c.value("node_network_receive_bytes_total", {{"device", "eth0"}}) == 5000000);
  CHECK(c.value("node_network_transmit_compressed_total", {{"device", "eth0"}}) == 14);
  CHECK_FALSE(c.value("node_network_receive_nohandler_total"));
  CHECK(c.count("node_network_receive_bytes_total") == 2);
}

TEST_CASE("netdev asks the kernel of this machine", "[exporter]") {
  NodeExporter::Options options;
  options.collectors = {"netdev"};
  test::FakeHost host;
  NodeExporter exporter(host.host(), options);
  RecordedCollection recorded;
  CHECK(exporter.collect(recorded.collection()).code() == NX_OK);
  CHECK(recorded.value("node_network_receive_bytes_total", {{"device", "lo"}}));
}

TEST_CASE("series are registered once, whatever the number of collections", "[exporter]") {
  Collected c({});
  const std::size_t registered = c.sets_registered;
  const std::size_t samples = c.samples.size();
  for (int i = 0; i < 5; ++i) {
    c.begin();
    (void)c.exporter.collect(c.collection());
  }
  CHECK(c.sets_registered == registered);
  CHECK(c.sets_dropped == 0);
  CHECK(c.samples.size() == samples);
}

TEST_CASE("a collector that fails leaves the others their say", "[exporter]") {
  const Folder folder;
  folder.write("loadavg", "1 2 3 4/5 6\n");
  NodeExporter::Options options = options_of({"meminfo", "loadavg"});
  options.procfs = folder.path();
  test::FakeHost host;
  NodeExporter exporter(host.host(), options);
  RecordedCollection recorded;
  const Status status = exporter.collect(recorded.collection());
  CHECK(status.code() == NX_PARTIAL);
  CHECK(status.message().find("meminfo: cannot open") != std::string::npos);
  CHECK(recorded.value("node_load1") == 1);
  CHECK(recorded.value("node_scrape_collector_success", {{"collector", "meminfo"}}) == 0);
  CHECK(recorded.value("node_scrape_collector_success", {{"collector", "loadavg"}}) == 1);
  CHECK(recorded.value("node_scrape_collector_duration_seconds", {{"collector", "loadavg"}}));
}

TEST_CASE("a device that is gone takes its series with it, and may come back", "[exporter]") {
  const std::string head = "h1\nh2\n";
  const std::string numbers = ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
  const Folder folder;
  NodeExporter::Options options = options_of({"netdev"});
  options.procfs = folder.path();
  test::FakeHost host;
  NodeExporter exporter(host.host(), options);
  RecordedCollection recorded;
  const auto collect = [&](const std::string& text) {
    folder.write("net/dev", head + text);
    recorded.begin();
    REQUIRE(exporter.collect(recorded.collection()).ok());
    return recorded.count("node_network_receive_bytes_total");
  };
  CHECK(collect("lo" + numbers + "veth1" + numbers) == 2);
  CHECK(collect("lo" + numbers) == 1);
  CHECK(recorded.sets_dropped == 1);
  CHECK(collect("veth1" + numbers + "lo" + numbers) == 2);
}

TEST_CASE("filesystems are filtered, shown once, and named as the host names them", "[exporter]") {
  FilesystemCollector collector({kData + "/proc", "", "/host", ""},
                                {DeviceFilter::make("^/(proc|run)($|/)", "").value(),
                                 DeviceFilter::make("^(overlay|proc)$", "").value(), 5000,
                                 [](const std::string& path, struct statvfs& out) {
                                   if (path == "/host/srv/my data") return EACCES;
                                   out.f_frsize = 4096;
                                   out.f_blocks = 100;
                                   out.f_bfree = 50;
                                   out.f_bavail = 40;
                                   out.f_files = 10;
                                   out.f_ffree = 9;
                                   return 0;
                                 }});
  RecordedCollection recorded;
  Round round;
  round.deadline_mono_ns = INT64_MAX;
  round.mono_ns = INT64_MAX / 2;
  REQUIRE(collector.collect(recorded.collection(), round).ok());
  const Labels root = {{"mountpoint", "/"}, {"device", "/dev/sda1"}, {"fstype", "ext4"}};
  CHECK(recorded.value("node_filesystem_size_bytes", root) == 409600);
  CHECK(recorded.value("node_filesystem_avail_bytes", root) == 163840);
  CHECK(recorded.value("node_filesystem_files_free", root) == 9);
  CHECK(recorded.value("node_filesystem_readonly", root) == 0);
  CHECK(recorded.value("node_filesystem_mount_info", {{"mountpoint", "/"}, {"major", "8"}}) == 1);
  CHECK(recorded.count("node_filesystem_size_bytes") == 2);
  const Labels refused = {{"mountpoint", "/srv/my data"}, {"device_error", "permission denied"}};
  CHECK(recorded.value("node_filesystem_device_error", refused) == 1);
  CHECK(recorded.value("node_filesystem_readonly", refused) == 1);
}

TEST_CASE("a mount that hangs is named, waited for once, and comes back", "[exporter]") {
  auto gate = std::make_shared<std::promise<void>>();
  const std::shared_future<void> open = gate->get_future().share();
  FilesystemCollector collector({kData + "/proc", "", "/", ""},
                                {DeviceFilter::make("", "^/net/share$").value(), everything(), 5000,
                                 [open](const std::string&, struct statvfs& out) {
                                   open.wait();
                                   out.f_frsize = 1;
                                   out.f_blocks = 7;
                                   return 0;
                                 }});
  RecordedCollection recorded;
  Round round;  // its deadline has passed: nothing is waited for
  const Labels stuck = {{"mountpoint", "/net/share"}, {"device_error", "mountpoint timeout"}};
  for (int i = 0; i < 2; ++i) {
    recorded.begin();
    REQUIRE(collector.collect(recorded.collection(), round).ok());
    CHECK(recorded.value("node_filesystem_device_error", stuck) == 1);
    CHECK_FALSE(recorded.value("node_filesystem_size_bytes"));
  }
  gate->set_value();
  round.mono_ns = INT64_MAX / 2;
  round.deadline_mono_ns = INT64_MAX;
  do {  // the answer comes when its thread has run
    recorded.begin();
    REQUIRE(collector.collect(recorded.collection(), round).ok());
  } while (!recorded.value("node_filesystem_size_bytes"));
  CHECK(recorded.value("node_filesystem_size_bytes") == 7);
}

TEST_CASE("options that make no sense are refused with the option's place", "[exporter]") {
  test::FakeHost host;
  sdk::TreeArena arena;
  const std::vector<nx_value> names = {arena.string("cpu"), arena.string("nope")};
  const std::vector<nx_kv> entries = {arena.entry("collectors", arena.array(names))};
  const nx_value config = arena.table(entries);
  NodeExporter::Options options;
  options.collectors = {"cpu", "nope"};
  const Status unknown = NodeExporter::validate(host.host(), options, sdk::Value(&config));
  CHECK(unknown.message() == "no collector is called 'nope'");
  options = {};
  options.netdev_device_exclude = "(";
  CHECK(NodeExporter::validate(host.host(), options, sdk::Value(&config)).code() ==
        NX_ERR_INVALID_CONFIG);
}

TEST_CASE("the component and its schema hold together", "[exporter]") {
  const nx_component* component = sdk::Exporter<NodeExporter>::component();
  CHECK(view(component->name) == "node");
  CHECK(view(component->config_schema).find("filesystem_mount_timeout") != std::string::npos);
  test::FakeHost host;
  void* instance = nullptr;
  const nx_value config = sdk::TreeArena().table({});
  REQUIRE(component->create(host.raw(), &config, &instance, nullptr) == NX_OK);
  const auto* exporter = static_cast<const nx_exporter*>(component->interfaces[0].vtable);
  RecordedCollection recorded;
  CHECK(exporter->collect(instance, recorded.raw(), nullptr) >= 0);
  CHECK(recorded.value("node_load1"));
  component->destroy(instance);
}
