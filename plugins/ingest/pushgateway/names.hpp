// SPDX-License-Identifier: Apache-2.0
// names.hpp - which metric and label names are taken, and how UTF-8 names are written where only
// plain ones may stand. Pure.
#pragma once

#include <string>
#include <string_view>

namespace narthex::ingest::pushgateway {

// Plain: letters, digits, underscore, in metric names also colon; no digit first. Any: valid UTF-8.
enum class NameRule { kPlain, kAnyUtf8 };

bool is_plain_metric_name(std::string_view name);
bool is_plain_label_name(std::string_view name);
bool is_metric_name(std::string_view name, NameRule rule);
bool is_label_name(std::string_view name, NameRule rule);

// Every character that is not plain becomes an underscore.
std::string with_underscores(std::string_view name, bool colon);

// Undoes the values escaping (U__x_2e_y is x.y) of a name in a URL. What is not written that way
// comes back as it is.
std::string unescape_name(std::string_view name);

}  // namespace narthex::ingest::pushgateway
