// SPDX-License-Identifier: Apache-2.0
// metrics.hpp - the storage's figures under the names that dashboards for Prometheus use, read from
// the backend whenever metrics are gathered.
#pragma once

#include "store/store.hpp"
#include "telemetry/metrics.hpp"

#include <memory>

namespace narthex::store {

// The store and the registry outlive the returned handle, which ends it.
[[nodiscard]] std::shared_ptr<void> export_metrics(const Store& store,
                                                   telemetry::Registry& registry);

}  // namespace narthex::store
