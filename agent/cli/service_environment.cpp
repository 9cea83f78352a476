// SPDX-License-Identifier: Apache-2.0
#include "cli/service_environment.hpp"

namespace narthex::cli {

namespace {

// What systemd sets for a unit with credentials, and to what for ours.
constexpr const char* kCredentials = "CREDENTIALS_DIRECTORY";
constexpr const char* kCredentialsOfUnit = "/run/credentials/narthex.service";

}  // namespace

std::optional<std::string> ServiceEnvironment::value(const std::string& name) {
  std::optional<std::string> found = own_(name);
  if (found || name != kCredentials) return found;
  assumed_ = true;
  return kCredentialsOfUnit;
}

std::string ServiceEnvironment::note() const {
  return "the configuration uses ${CREDENTIALS_DIRECTORY}, which only the service has: judged as "
         "if it were " +
         std::string(kCredentialsOfUnit) + ", what is in there cannot be";
}

bool ServiceEnvironment::is_beyond(const document::Finding& finding) const {
  return assumed_ && finding.text.find(kCredentialsOfUnit) != std::string::npos;
}

}  // namespace narthex::cli
