// SPDX-License-Identifier: Apache-2.0
#include "api/build_info.hpp"

#include "api/json.hpp"

namespace narthex::api {

std::string build_info_json(std::string_view agent_version) {
  JsonWriter json;
  json.begin_object()
      .field("version", std::string(kReferenceVersion) + "+narthex." + std::string(agent_version))
      .field("revision", agent_version)
      .field("branch", "main")
      .field("buildUser", "narthex")
      .field("buildDate", "")
      .field("goVersion", "c++20")
      .end_object();
  return json.take();
}

}  // namespace narthex::api
