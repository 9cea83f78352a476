// SPDX-License-Identifier: Apache-2.0
// negotiation.hpp - which exposition format an Accept header gets. As in Prometheus 3.5 these are
// text 0.0.4 and delimited protobuf: no OpenMetrics, whatever was asked for. Pure.
#pragma once

#include "federate/name_escaping.hpp"

#include <string>
#include <string_view>

namespace narthex::federate {

struct Format {
  bool protobuf = false;  // else text
  Escaping escaping = Escaping::kUnderscores;

  std::string content_type() const;
};

// The acceptable format of the highest q; text when there is none.
Format negotiate(std::string_view accept);

}  // namespace narthex::federate
