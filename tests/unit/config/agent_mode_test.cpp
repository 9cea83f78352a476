// SPDX-License-Identifier: Apache-2.0
// Agent mode: what it changes, and what it has no use for. The texts about sections and the split
// of the flags are Prometheus 3.5's.
#include "tests/unit/config/files.hpp"

#include <catch2/catch.hpp>

namespace narthex::config {
namespace {

const std::string kSending = "remote_write: [{url: 'http://a/'}]\n";

Loaded load_with(const std::string& text, std::vector<std::pair<std::string, std::string>> flags) {
  const Files files;
  CommandLine command_line;
  command_line.config_file = files.write("prometheus.yml", text);
  command_line.flags = std::move(flags);
  return Loaded(command_line);
}

TEST_CASE("agent mode stores nothing and has a folder of its own", "[config]") {
  const Loaded loaded = load_with(kSending, {{"agent", "true"}});
  REQUIRE(loaded.config);
  CHECK(loaded.config->agent);
  CHECK(loaded.config->warnings.empty());
  CHECK(loaded.config->storage.backend == "none");
  CHECK(loaded.config->storage.data_dir == "data-agent");
  CHECK(loaded.config->flags.at("agent") == "true");
  CHECK(loaded.config->flags.at("storage.agent.path") == "data-agent");
  CHECK(loaded.config->flags.at("storage.tsdb.path") == "data/");
  CHECK(loaded.config->restart_only.at("agent") == "true");
  const Loaded server = load_with(kSending, {});
  REQUIRE(server.config);
  CHECK_FALSE(server.config->agent);
  CHECK(server.config->storage.backend == "tsdb");
  CHECK(server.config->storage.data_dir == "data");
}

TEST_CASE("agent mode can be asked for by the file, and the flag wins", "[config]") {
  const std::string file = "agent: true\n" + kSending;
  CHECK(load_with(file, {}).config->agent);
  CHECK_FALSE(load_with(file, {{"agent", "false"}}).config->agent);
  CHECK(load_with("agent: false\n" + kSending, {{"agent", "true"}}).config->agent);
}

TEST_CASE("the log of agent mode has bounds from flags and from the file", "[config]") {
  const Loaded flags = load_with(kSending, {{"agent", "true"},
                                            {"storage.agent.path", "here"},
                                            {"storage.agent.retention.max-time", "4h"},
                                            {"storage.agent.retention.min-time", "5m"},
                                            {"storage.agent.wal-segment-size", "32MB"}});
  REQUIRE(flags.config);
  CHECK(flags.config->warnings.empty());
  CHECK(flags.config->storage.data_dir == "here");
  CHECK(flags.config->remote_write.max_age_ms == 4 * 3'600'000);
  CHECK(flags.config->remote_write.segment_bytes == 32 << 20);
  const Loaded file = load_with(
      "agent: true\nstorage: {agent: {path: there, retention: {max_time: 2h}}}\n" + kSending, {});
  REQUIRE(file.config);
  CHECK(file.config->storage.data_dir == "there");
  CHECK(file.config->remote_write.max_age_ms == 2 * 3'600'000);
  const Loaded small =
      load_with(kSending, {{"agent", "true"}, {"storage.agent.wal-segment-size", "1MB"}});
  CHECK_FALSE(small.config);
}

TEST_CASE("sections that agent mode has no use for are refused", "[config]") {
  const auto refused = [](const std::string& text) {
    const Loaded loaded = load_with(text + kSending, {{"agent", "true"}});
    return loaded.config == nullptr ? loaded.errors().at(0) : std::string();
  };
  CHECK(refused("rule_files: [a.yml]\n") == "1:13 field rule_files is not allowed in agent mode");
  CHECK(refused("alerting: {alertmanagers: [{static_configs: [{targets: [a]}]}]}\n") ==
        "1:11 field alerting is not allowed in agent mode");
  CHECK(refused("remote_read: [{url: 'http://a/'}]\n") ==
        "1:14 field remote_read is not allowed in agent mode");
  CHECK(refused("rule_files: []\nalerting: {}\n").empty());
  CHECK(refused("storage: {backend: memory}\n").find("\"memory\"") != std::string::npos);
  const Loaded server = load_with("storage: {agent: {path: x}}\n" + kSending, {});
  CHECK_FALSE(server.config);
  CHECK(server.errors().at(0).find("only allowed in agent mode") != std::string::npos);
}

TEST_CASE("each mode refuses the flags of the other", "[config]") {
  const Loaded agent =
      load_with(kSending, {{"agent", "true"}, {"storage.tsdb.path", "x"}, {"query.timeout", "1m"}});
  CHECK(agent.errors() ==
        std::vector<std::string>{
            "these flags can not be used in agent mode: --query.timeout, --storage.tsdb.path"});
  const Loaded server = load_with(kSending, {{"storage.agent.path", "x"}});
  CHECK(server.errors() == std::vector<std::string>{
                               "these flags can only be used in agent mode: --storage.agent.path"});
}

TEST_CASE("agent mode that sends nowhere says so", "[config]") {
  const Loaded loaded = load_with("global: {}\n", {{"agent", "true"}});
  REQUIRE(loaded.config);
  REQUIRE(loaded.config->warnings.size() == 1);
  CHECK(loaded.config->warnings[0].text.find("goes nowhere") != std::string::npos);
}

}  // namespace
}  // namespace narthex::config
