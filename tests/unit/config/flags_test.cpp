// SPDX-License-Identifier: Apache-2.0
#include "config/features.hpp"
#include "config/flags.hpp"
#include "files.hpp"

#include <catch2/catch.hpp>

namespace narthex::config {

TEST_CASE("flags win over the file", "[config]") {
  const Files files;
  CommandLine command_line;
  command_line.config_file = files.write(
      "n.toml",
      "[http]\nlisten = \"127.0.0.1:1\"\n[query]\ntimeout = \"5s\"\n[storage]\npath = \"x\"\n");
  command_line.flags = {{"web.listen-address", "127.0.0.1:2"}, {"data", "y"}};
  const Loaded loaded(command_line);
  REQUIRE(loaded.config);
  CHECK(loaded.config->http.server.listen == "127.0.0.1:2");
  CHECK(loaded.config->query.timeout_ms == 5'000);
  CHECK(loaded.config->storage.data_dir == "y");
  CHECK(loaded.config->flags.at("storage.tsdb.path") == "y");
  CHECK(loaded.config->flags.at("query.timeout") == "5s");
  CHECK(loaded.config->flags.at("config.file") == command_line.config_file);
}

TEST_CASE("status flags have Prometheus's names and defaults", "[config]") {
  const Loaded loaded = load_flags({});
  REQUIRE(loaded.config);
  const auto& flags = loaded.config->flags;
  CHECK(flags.at("storage.tsdb.retention.time") == "15d");
  CHECK(flags.at("storage.tsdb.retention.size") == "0B");
  CHECK(flags.at("storage.tsdb.min-block-duration") == "2h");
  CHECK(flags.at("storage.tsdb.max-block-duration") == "1d12h");
  CHECK(flags.at("web.enable-admin-api") == "false");
  CHECK(flags.at("web.route-prefix") == "/");
  CHECK(flags.at("query.lookback-delta") == "5m");
  CHECK(flags.at("query.max-samples") == "50000000");
  CHECK_FALSE(flags.contains("data"));
  CHECK(flags.size() >= 60);
}

TEST_CASE("the limits of remote reads come from flags and from [http]", "[config]") {
  const Loaded by_flags = load_flags({{"storage.remote.read-sample-limit", "5e3"},
                                      {"storage.remote.read-concurrent-limit", "3"},
                                      {"storage.remote.read-max-bytes-in-frame", "4096"}});
  REQUIRE(by_flags.config);
  CHECK(by_flags.config->http.remote_read.samples_max == 5000);
  CHECK(by_flags.config->http.remote_read.concurrent_max == 3);
  CHECK(by_flags.config->http.remote_read.frame_bytes_max == 4096);
  CHECK(by_flags.config->warnings.empty());
  CHECK(by_flags.config->flags.at("storage.remote.read-sample-limit") == "5000");
  const Loaded by_file = load_text(
      "http: {remote_read_sample_limit: 7, remote_read_concurrent_limit: 8, "
      "remote_read_max_bytes_in_frame: 9}\n");
  REQUIRE(by_file.config);
  CHECK(by_file.config->http.remote_read.samples_max == 7);
  CHECK(by_file.config->http.remote_read.concurrent_max == 8);
  CHECK(by_file.config->http.remote_read.frame_bytes_max == 9);
  const Loaded otherwise = load_flags({});
  REQUIRE(otherwise.config);
  CHECK(otherwise.config->flags.at("storage.remote.read-sample-limit") == "50000000");
  CHECK(otherwise.config->flags.at("storage.remote.read-max-bytes-in-frame") == "1048576");
}

TEST_CASE("known flags without meaning warn, when they ask for something", "[config]") {
  CHECK(load_flags({{"rules.alert.resend-delay", "1m"}}).config->warnings.empty());
  CHECK(load_flags({{"rules.alert.resend-delay", "2m"}}).config->warnings.size() == 1);
  CHECK(load_flags({{"storage.tsdb.wal-compression", "false"}}).config->warnings.empty());
  CHECK(load_flags({{"enable-feature", "native-histograms,nonsense"}}).config->warnings.size() ==
        1);
  CHECK_FALSE(load_flags({{"web.config.file", "x"}}).config);
}

TEST_CASE("the messages that the receiver takes can be chosen", "[config]") {
  const std::string flag = "web.remote-write-receiver.accepted-protobuf-messages";
  CommandLine command_line;
  command_line.flags = {{"web.enable-remote-write-receiver", "true"},
                        {flag, "io.prometheus.write.v2.Request"}};
  const Loaded one(command_line);
  REQUIRE(one.config);
  CHECK(one.config->http.remote_write_messages ==
        std::vector<std::string>{"io.prometheus.write.v2.Request"});
  const sdk::Value options(one.config->ingest.at(0).config);
  CHECK(options["accepted_protobuf_messages"].items().size() == 1);
  CHECK(one.config->flags.at(flag) == "io.prometheus.write.v2.Request");
  command_line.flags.back().second = "prometheus.WriteRequest,x";
  const Loaded bad(command_line);
  CHECK_FALSE(bad.config);
  CHECK(bad.errors().at(0).find("unknown remote write protobuf message x") != std::string::npos);
}

TEST_CASE("a size alone lifts the retention time", "[config]") {
  const Loaded loaded = load_flags({{"storage.tsdb.retention.size", "1GB"}});
  REQUIRE(loaded.config);
  CHECK(loaded.config->storage.retention.max_bytes == 1u << 30);
  CHECK(loaded.config->storage.retention.max_age_ms > 50LL * 365 * 86'400'000);
  CHECK(loaded.config->flags.at("storage.tsdb.retention.time") == "0s");
}

TEST_CASE("native histograms and extra metrics are switched on by their features", "[config]") {
  const Loaded loaded = load_flags(
      {{"enable-feature", "native-histograms"}, {"enable-feature", "extra-scrape-metrics"}});
  REQUIRE(loaded.config);
  CHECK(loaded.config->scrape.extra_scrape_metrics);
  CHECK(loaded.config->scrape.jobs[0].scrape_native_histograms);
  CHECK(loaded.config->scrape.jobs[0].scrape_protocols[0] == "PrometheusProto");
  CHECK(loaded.config->features.size() == 2);
}

TEST_CASE("created timestamps are switched on by their feature, protobuf first", "[config]") {
  const Loaded loaded = load_flags({{"enable-feature", "created-timestamp-zero-ingestion"}});
  REQUIRE(loaded.config);
  const scrape::JobOptions& job = loaded.config->scrape.jobs[0];
  CHECK(job.start_zeros);
  CHECK_FALSE(job.scrape_native_histograms);
  CHECK(job.scrape_protocols[0] == "PrometheusProto");
  CHECK(feature_warning("created-timestamp-zero-ingestion").empty());
}

TEST_CASE("the route prefix comes from the external URL", "[config]") {
  CHECK(load_flags({{"web.external-url", "http://x/prom/"}}).config->http.route_prefix == "/prom");
  CHECK(load_flags({{"web.external-url", "http://x"}}).config->http.route_prefix == "/");
  CHECK(load_flags({{"web.external-url", "http://x/a"}, {"web.route-prefix", "/"}})
            .config->http.route_prefix == "/");
  CHECK_FALSE(load_flags({{"web.external-url", "x"}}).config);
}

TEST_CASE("values of flags are checked", "[config]") {
  CHECK(check_flag(*find_flag("query.timeout"), "2m").ok());
  CHECK_FALSE(check_flag(*find_flag("query.timeout"), "2 m").ok());
  CHECK_FALSE(check_flag(*find_flag("log.level"), "loud").ok());
  CHECK_FALSE(check_flag(*find_flag("query.max-samples"), "-1").ok());
  CHECK_FALSE(check_flag(*find_flag("web.enable-lifecycle"), "yes").ok());
  CHECK_FALSE(check_flag(*find_flag("storage.fsync"), "sometimes").ok());
  CHECK(find_flag("definitely-not-a-flag") == nullptr);
}

TEST_CASE("what needs a restart is listed", "[config]") {
  const Loaded loaded = load_flags({{"listen", "127.0.0.1:5"}});
  REQUIRE(loaded.config);
  CHECK(loaded.config->restart_only.at("web.listen-address") == "127.0.0.1:5");
  CHECK(loaded.config->restart_only.at("storage.backend") == "tsdb");
}

}  // namespace narthex::config
