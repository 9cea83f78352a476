// SPDX-License-Identifier: Apache-2.0
// consistency.hpp - what a pushed family must be by itself, in the words of the client library that
// the gateway gathers with. What it must be beside others is groups.hpp's to say. Pure.
#pragma once

#include "plugins/ingest/pushgateway/family.hpp"
#include "plugins/ingest/pushgateway/grouping_key.hpp"

#include <narthex/sdk/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::pushgateway {

// Gives every metric the labels of the group, and an empty `instance` where there is none, so that
// no scraper adds its own; sorts labels and metrics as the gateway shows them.
void bring_into_group(Family& family, const GroupingKey& key);

// What is wrong with a family after that.
Status check_family(const Family& family);

// `collected metric "a" { label:{name:"x" value:"1"} gauge:{value:1}}`
std::string describe_metric(std::string_view name, const Metric& metric);

// Names and values of a metric as bytes, equal for equal label sets.
std::string label_bytes(const Metric& metric);

}  // namespace narthex::ingest::pushgateway
