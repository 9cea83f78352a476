// SPDX-License-Identifier: Apache-2.0
// service_environment.hpp - the variables that a configuration finds when the service loads it, for
// commands that judge it elsewhere. The credentials of a unit are there while it runs, and for it
// (and root) alone: outside of it their folder is taken to be where the unit's is, and what is to
// be read from there cannot be judged. Lives on one thread.
#pragma once

#include "config/environment.hpp"
#include "document/document.hpp"

#include <string>
#include <utility>

namespace narthex::cli {

class ServiceEnvironment {
 public:
  explicit ServiceEnvironment(config::Environment own = config::process_environment)
      : own_(std::move(own)) {}
  ServiceEnvironment(const ServiceEnvironment&) = delete;
  ServiceEnvironment& operator=(const ServiceEnvironment&) = delete;

  // For config::load(); this outlives it.
  config::Environment lookup() {
    return [this](const std::string& name) { return value(name); };
  }
  // The folder was asked for, and is not known here.
  bool assumed() const { return assumed_; }
  // What the people are told then.
  std::string note() const;
  // The finding is about what is in that folder: no fault, as far as can be seen from here.
  bool is_beyond(const document::Finding& finding) const;

 private:
  std::optional<std::string> value(const std::string& name);

  const config::Environment own_;
  bool assumed_ = false;
};

}  // namespace narthex::cli
