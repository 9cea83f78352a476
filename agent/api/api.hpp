// SPDX-License-Identifier: Apache-2.0
// api.hpp - mounts the HTTP endpoints: Prometheus's API v1, health and lifecycle, /metrics. One
// function a family, each in the file of its name. Handlers run on the lanes of net::Server, hold
// no lock of another room, and see snapshots.
#pragma once

#include "api/services.hpp"

#include <narthex/sdk/result.hpp>

#include <string>

namespace narthex::api {

Status mount_query(const Services& services);       // query, query_range, query_exemplars
Status mount_expression(const Services& services);  // format_query, parse_query, features
Status mount_series(const Services& services);      // series, labels, label/<name>/values
Status mount_export(const Services& services);      // export
Status mount_targets(const Services& services);     // targets, scrape_pools, metadata
Status mount_status(const Services& services);      // status/*
Status mount_queries(const Services& services);     // status/queries
Status mount_rules(const Services& services);       // rules, alerts, alertmanagers
Status mount_admin(const Services& services);       // admin/tsdb/*
Status mount_events(const Services& services);      // status/events, notifications
Status mount_remote(const Services& services);      // read, /federate
Status mount_lifecycle(const Services& services);   // /-/*, /metrics, /version

// All of them; the first failure (a path taken twice) ends it.
Status mount_all(const Services& services);

}  // namespace narthex::api
