// SPDX-License-Identifier: Apache-2.0
// push_gateway.hpp - the gateway: routes, who changes what when, durability, the interval.
// Requests are handled concurrently; changes of one group exclude each other, disk writes included.
//
// A push is answered when the group is on the disk. One that cannot be made durable is undone and
// answered with 503, so that its sender tries again.
#pragma once

#include "plugins/ingest/pushgateway/group_files.hpp"
#include "plugins/ingest/pushgateway/groups.hpp"
#include "plugins/ingest/pushgateway/request_counts.hpp"
#include "plugins/ingest/pushgateway/sampler.hpp"

#include <narthex/sdk/ingest.hpp>

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace narthex::ingest::pushgateway {

class PushGateway {
 public:
  struct Options {
    std::int64_t interval_ms = 15'000;
    bool enable_admin_api = false;
    bool utf8_names = false;
    bool persistence = true;
    std::int64_t groups_max = 100'000;
  };
  enum RouteId : std::uint32_t { kPut, kPost, kDelete, kMetrics, kStatus, kWipe, kExposition };

  static constexpr std::string_view kName = "pushgateway";
  static constexpr std::string_view kSummary = "Takes pushed metrics as Prometheus's Pushgateway";
  static constexpr std::uint32_t kFlags =
      NX_COMPONENT_CONCURRENT | NX_COMPONENT_NO_ISOLATION;  // stores on its own time
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_APPEND), NX_STR(NX_EXT_TASKS)};
  static constexpr nx_route kRoutes[] = {
      {NX_STR("PUT"), NX_STR("/metrics/{key...}"), kPut, NX_ROUTE_RAW_BODY},
      {NX_STR("POST"), NX_STR("/metrics/{key...}"), kPost, NX_ROUTE_RAW_BODY},
      {NX_STR("DELETE"), NX_STR("/metrics/{key...}"), kDelete, NX_ROUTE_RAW_BODY},
      {NX_STR("GET"), NX_STR("/api/v1/metrics"), kMetrics, 0},
      {NX_STR("GET"), NX_STR("/api/v1/status"), kStatus, 0},
      {NX_STR("PUT"), NX_STR("/api/v1/admin/wipe"), kWipe, 0},
      {NX_STR("GET"), NX_STR("/pushgateway/metrics"), kExposition, 0}};
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"interval", &Options::interval_ms, R"("15s")", "How often pushed metrics are stored.",
       "duration"},
      {"enable_admin_api", &Options::enable_admin_api, "false",
       "Whether PUT /api/v1/admin/wipe removes all groups."},
      {"enable_utf8_names", &Options::utf8_names, "false",
       "Whether names in text bodies and paths may be any UTF-8."},
      {"persistence", &Options::persistence, "true",
       "Whether groups are kept in the data directory and survive a restart."},
      {"groups_max",
       &Options::groups_max,
       "100000",
       "Most groups that are kept.",
       {},
       R"("minimum": 1)"},
  };

  PushGateway(sdk::Host host, Options options);
  static Status validate(sdk::Host host, const Options& options, sdk::Value config);
  void start();
  void stop();
  Status handle(const nx_ingest_request& request, sdk::IngestReply reply);

  // What the timer does.
  void tick();

 private:
  int push(const nx_ingest_request& request, sdk::IngestReply& reply);
  int take(const GroupingKey& key, PushedFamilies pushed, sdk::IngestReply& reply);
  int remove(const nx_ingest_request& request, sdk::IngestReply& reply);
  int wipe(sdk::IngestReply& reply);
  int show_groups(sdk::IngestReply& reply) const;
  int show_status(sdk::IngestReply& reply) const;
  int show_exposition(const nx_ingest_request& request, sdk::IngestReply& reply) const;

  void open_files();
  Status make_durable(const Groups::Change& change) const;
  std::mutex& mutex_of(const GroupingKey& key);

  const sdk::Host host_;
  const Options options_;
  const std::int64_t started_ms_;
  Groups groups_;
  std::optional<GroupFiles> files_;  // since start(), with persistence
  const RequestCounts counts_;
  std::array<std::mutex, 64> key_mutexes_;  // before the mutex of groups_
  std::mutex sampler_mutex_;
  Sampler sampler_;  // guarded by sampler_mutex_
  nx_timer* timer_ = nullptr;
};

}  // namespace narthex::ingest::pushgateway
