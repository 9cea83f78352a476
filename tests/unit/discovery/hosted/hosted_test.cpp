// SPDX-License-Identifier: Apache-2.0
#include "discovery/manager.hpp"
#include "discovery/plugin_discoverer.hpp"
#include "host/plugin_host.hpp"
#include "net/client.hpp"
#include "net/server.hpp"
#include "runtime/asio_executor.hpp"
#include "support/dns_server.hpp"
#include "telemetry/log.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

using namespace narthex;
using discovery::MechanismOptions;

namespace {

using Addresses = std::set<std::string>;

std::string plugin_dir() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() /
         "lib/narthex/plugins";
}

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "narthex-hosted-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(std::string_view name) const { return path_ + '/' + std::string(name); }

 private:
  std::string path_;
};

host::HostOptions host_options() {
  host::HostOptions options;
  options.plugin_dirs = {plugin_dir()};
  options.agent_version = "0.0.0";
  return options;
}

// The agent's part around the plugins, and what it was told last.
struct Agent {
  std::string log;
  Agent() { telemetry::capture_log(&log); }
  ~Agent() {
    manager.stop();
    telemetry::capture_log(nullptr);
  }

  runtime::AsioExecutor executor{{}};
  telemetry::Registry registry;
  bus::Bus bus{executor, registry};
  net::ClientFactory clients{executor, "Narthex/0.0.0"};
  host::PluginHost host{host_options(), {executor, registry, bus, &clients}};
  discovery::PluginDiscovererFactory factory{host};
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Addresses> sources;  // guarded by mutex
  discovery::Manager manager{
      {executor, registry, bus, factory},
      [this](std::string_view, std::span<const discovery::GroupChange> all) { take(all); }};

  void take(std::span<const discovery::GroupChange> all) {
    const std::lock_guard lock(mutex);
    for (const discovery::GroupChange& change : all) {
      sources.erase(change.source);
      if (change.group == nullptr) continue;
      for (const Labels& t : change.group->targets) {
        sources[change.source].emplace(t.get("__address__"));
      }
    }
    changed.notify_all();
  }
  bool wait_for(const Addresses& wanted) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), [&] {
      Addresses all;
      for (const auto& [source, addresses] : sources)
        all.insert(addresses.begin(), addresses.end());
      return all == wanted;
    });
  }
  std::vector<Status> apply(const std::vector<MechanismOptions>& mechanisms) {
    const std::vector<discovery::JobDiscovery> jobs{{"job", mechanisms}};
    return manager.apply(jobs);
  }
};

MechanismOptions mechanism(std::string plugin, const std::string& json) {
  MechanismOptions options;
  options.plugin = std::move(plugin);
  std::vector<document::Finding> findings;
  options.document =
      document::Document::parse(document::Format::kJson, "test.json", json, findings);
  REQUIRE(options.document != nullptr);
  options.config = &options.document->root();
  options.fingerprint = json;
  return options;
}

std::string check(Agent& agent, const std::string& plugin, const std::string& json) {
  std::vector<document::Finding> findings;
  const MechanismOptions options = mechanism(plugin, json);
  const Status status = discovery::check(agent.host, options, findings);
  return status.ok() ? "" : findings.at(0).text;
}

}  // namespace

TEST_CASE("static targets come through the plugin host", "[hosted]") {
  Agent agent;
  CHECK(agent.apply({mechanism("static", R"({"groups": [{"targets": ["a:1", "b:1"]}]})")}).empty());
  CHECK(agent.wait_for({"a:1", "b:1"}));
  CHECK(agent.apply({mechanism("static", R"({"groups": [{"targets": ["c:1"]}]})")}).empty());
  CHECK(agent.wait_for({"c:1"}));
}

TEST_CASE("a changed target file is noticed without polling", "[hosted]") {
  const Folder folder;
  std::ofstream(folder / "a.json") << R"([{"targets": ["a:1"]}])";
  Agent agent;
  const std::string config =
      R"({"files": [")" + (folder / "*.json") + R"("], "refresh_interval": "1h"})";
  CHECK(agent.apply({mechanism("file", config)}).empty());
  CHECK(agent.wait_for({"a:1"}));
  std::ofstream(folder / "new") << R"([{"targets": ["a:2"]}])";
  std::filesystem::rename(folder / "new", folder / "a.json");
  CHECK(agent.wait_for({"a:2"}));
  std::ofstream(folder / "b.json") << R"([{"targets": ["b:1"]}])";
  CHECK(agent.wait_for({"a:2", "b:1"}));
  std::filesystem::remove(folder / "a.json");
  CHECK(agent.wait_for({"b:1"}));
  CHECK(
      telemetry::render_text(agent.registry)
          .find("prometheus_sd_file_read_errors_total{plugin_instance=\"discovery.file#job\"} 0") !=
      std::string::npos);
}

TEST_CASE("names are looked up through the plugin host", "[hosted]") {
  test::DnsServer server;
  server.set("web.example.", 1, {0, {{1, test::dns_a("10.0.0.1")}}});
  Agent agent;
  const std::string config = R"({"names": ["web.example."], "type": "A", "port": 80,
      "refresh_interval": "50ms", "servers": [")" +
                             server.address() + R"("]})";
  CHECK(agent.apply({mechanism("dns", config)}).empty());
  CHECK(agent.wait_for({"10.0.0.1:80"}));
  server.set("web.example.", 1, {0, {{1, test::dns_a("10.0.0.2")}}});
  CHECK(agent.wait_for({"10.0.0.2:80"}));
}

TEST_CASE("a server is asked through the plugin host, with its credentials", "[hosted]") {
  Agent agent;
  net::ServerOptions options;
  options.listen = "127.0.0.1:0";
  net::Server server(options, agent.executor, agent.registry);
  std::atomic<int> asked = 0;
  net::Route route;
  route.method = "GET";
  route.path = "/targets";
  route.handler = [&](const net::Request& request) {
    if (request.header("authorization") != "Bearer sesame") return net::Response::text(401, "no");
    if (request.header("x-prometheus-refresh-interval-seconds") != "0.05") {
      return net::Response::text(400, "no interval");
    }
    // Every second answer fails: that changes nothing.
    if (asked++ % 2 == 1) return net::Response::text(500, "broken");
    return net::Response::json(200, asked < 4 ? R"([{"targets": ["a:1"]}, {"targets": ["b:1"]}])"
                                              : R"([{"targets": ["a:2"]}])");
  };
  REQUIRE(server.add(std::move(route)).ok());
  REQUIRE(server.start().ok());
  const std::string config = R"({"url": "http://)" + server.address() +
                             R"(/targets", "refresh_interval": "50ms",
                                "authorization": {"credentials": "sesame"}})";
  CHECK(agent.apply({mechanism("http", config)}).empty());
  CHECK(agent.wait_for({"a:1", "b:1"}));
  CHECK(agent.wait_for({"a:2"}));
  agent.manager.stop();
  server.stop(agent.executor.clock().mono_ns());
}

TEST_CASE("options are checked by their plugins", "[hosted]") {
  Agent agent;
  CHECK(check(agent, "file", R"({"files": ["*.json"]})") == "");
  CHECK(check(agent, "file", R"({"files": []})")
            .ends_with("file service discovery config must contain at least one path name"));
  CHECK(check(agent, "file", R"({"files": ["a.txt"]})")
            .ends_with("\"a.txt\" is not valid for file discovery"));
  CHECK(check(agent, "file", R"({"files": ["a.json"], "refresh_interval": "0s"})") != "");
  CHECK(check(agent, "dns", R"({"names": ["a"], "type": "A"})")
            .ends_with("a port is required in DNS-SD configs for all record types except SRV"));
  CHECK(check(agent, "dns", R"({"names": ["a"], "type": "TXT", "port": 1})")
            .ends_with("invalid DNS-SD records type TXT"));
  CHECK(check(agent, "static", R"({"groups": [{"targets": ["a"], "label": {}}]})")
            .ends_with("unknown field \"label\""));
  CHECK(check(agent, "http",
              R"({"url": "http://h/", "tls_config": {"insecure_skip_verify": true}})") == "");
  CHECK(check(agent, "http", R"({"url": "ftp://h/"})")
            .ends_with("URL scheme must be 'http' or 'https'"));
  CHECK(check(agent, "http", R"({"url": "http://h/", "urls": 1})") != "");
  CHECK(check(agent, "nothing", "{}") != "");
}
