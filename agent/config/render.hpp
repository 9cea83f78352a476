// SPDX-License-Identifier: Apache-2.0
// render.hpp - the configuration in force as Prometheus YAML, for /api/v1/status/config and for
// telling whether a job changed.
#pragma once

#include "config/config.hpp"
#include "config/global_section.hpp"
#include "config/prometheus_sections.hpp"

#include <string>
#include <vector>

namespace narthex::config {

enum class Secrets { kHidden, kShown };

// A job and what its options do not say.
struct JobToShow {
  const scrape::JobOptions* job = nullptr;
  bool body_size_limit_given = false;
};

std::string render_job(const JobToShow& job, Secrets secrets);
// Secrets are "<secret>". Jobs of scrape_config_files are not shown, as in Prometheus.
std::string render_config(const GlobalOptions& global, const PrometheusSections& sections,
                          const std::vector<JobToShow>& jobs, const store::StorageOptions& storage,
                          const remote_write::RemoteWriteOptions& remote_write);

}  // namespace narthex::config
