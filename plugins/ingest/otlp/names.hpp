// SPDX-License-Identifier: Apache-2.0
// names.hpp - metric and label names of OTLP as Prometheus names, by translation strategy. Pure.
#pragma once

#include "plugins/ingest/otlp/message.hpp"

#include <string>
#include <string_view>

namespace narthex::ingest::otlp {

struct NameStyle {
  bool utf8 = false;     // names stay as they are; else other characters become underscores
  bool suffixes = true;  // units, _total, _ratio
};

// UnderscoreEscapingWithSuffixes, UnderscoreEscapingWithoutSuffixes, NoUTF8EscapingWithSuffixes,
// NoTranslation.
NameStyle style_of(std::string_view translation_strategy);

std::string metric_name(const Metric& metric, NameStyle style);
// A unit as metric names have it: "By/s" is bytes_per_second.
std::string unit_name(std::string_view unit);
std::string label_name(std::string_view attribute, NameStyle style);

}  // namespace narthex::ingest::otlp
