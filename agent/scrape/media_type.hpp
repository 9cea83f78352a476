// SPDX-License-Identifier: Apache-2.0
// media_type.hpp - reads a Content-Type as strictly as Go's mime package, by which Prometheus
// decides whether it knows what a target sent. Pure. Source: RFC 2045, 2231.
#pragma once

#include <string>
#include <string_view>

namespace narthex::scrape {

struct MediaType {
  std::string type;          // "text/plain", lower case
  std::string_view problem;  // static; empty: none
};
MediaType read_media_type(std::string_view content_type);

}  // namespace narthex::scrape
