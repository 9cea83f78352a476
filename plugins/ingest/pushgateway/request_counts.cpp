// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/request_counts.hpp"

#include <algorithm>
#include <vector>

namespace narthex::ingest::pushgateway {
namespace {

struct Handler {
  std::string_view name;
  std::string_view method;
  std::string_view codes;  // of three digits each
};
// Every answer that can be given: cells are made ahead, when the instance is made.
constexpr Handler kHandlers[] = {
    {"push", "put", "200301400404413429503"}, {"push", "post", "200301400404413429503"},
    {"delete", "delete", "202301400404503"},  {"wipe", "put", "202404503"},
    {"api/v1/metrics", "get", "200"},         {"api/v1/status", "get", "200"}};

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

}  // namespace

RequestCounts::RequestCounts(sdk::Host host)
    : service_(host.service<nx_ext_metrics>(NX_EXT_METRICS)) {
  if (service_ == nullptr) return;
  const auto make = [&](std::string key, std::string_view name, std::string_view help,
                        std::vector<nx_label> labels) {
    cells_[std::move(key)] =
        service_->cell(host.raw(), NX_TYPE_COUNTER, to_nx(name), to_nx(help), labels.data(),
                       static_cast<std::uint32_t>(labels.size()));
  };
  for (const Handler& h : kHandlers) {
    for (std::size_t at = 0; at < h.codes.size(); at += 3) {
      const std::string_view code = h.codes.substr(at, 3);
      make(std::string(h.name) + ' ' + std::string(h.method) + ' ' + std::string(code),
           "pushgateway_http_requests_total",
           "Total HTTP requests processed by the Pushgateway, excluding scrapes.",
           {{NX_STR("code"), to_nx(code)},
            {NX_STR("handler"), to_nx(h.name)},
            {NX_STR("method"), to_nx(h.method)}});
    }
  }
  for (const std::string_view method : {"put", "post"}) {
    const std::vector<nx_label> labels = {{NX_STR("method"), to_nx(method)}};
    const std::string suffix = ' ' + std::string(method);
    make("duration_sum" + suffix, "pushgateway_http_push_duration_seconds_sum",
         "HTTP request duration for pushes to the Pushgateway.", labels);
    make("duration_count" + suffix, "pushgateway_http_push_duration_seconds_count",
         "HTTP request duration for pushes to the Pushgateway.", labels);
    make("size_sum" + suffix, "pushgateway_http_push_size_bytes_sum",
         "HTTP request size for pushes to the Pushgateway.", labels);
    make("size_count" + suffix, "pushgateway_http_push_size_bytes_count",
         "HTTP request size for pushes to the Pushgateway.", labels);
  }
}

void RequestCounts::count(std::string_view handler, std::string_view method, int code) const {
  const auto at =
      cells_.find(std::string(handler) + ' ' + lower_case(method) + ' ' + std::to_string(code));
  if (at != cells_.end()) service_->add(at->second, 1);
}

void RequestCounts::push(std::string_view method, std::size_t body_bytes,
                         std::int64_t duration_ns) const {
  const std::string suffix = ' ' + lower_case(method);
  const auto add = [&](std::string_view name, double delta) {
    const auto at = cells_.find(std::string(name) + suffix);
    if (at != cells_.end()) service_->add(at->second, delta);
  };
  add("duration_sum", static_cast<double>(duration_ns) / 1e9);
  add("duration_count", 1);
  add("size_sum", static_cast<double>(body_bytes));
  add("size_count", 1);
}

}  // namespace narthex::ingest::pushgateway
