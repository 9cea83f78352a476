// SPDX-License-Identifier: Apache-2.0
// An ingest plugin: POST /@NAME@/{name} with a number as its body stores one sample.
#include <narthex/sdk/ingest.hpp>
#include <narthex/sdk/series_list.hpp>

#include <charconv>

namespace sdk = narthex::sdk;

class @CLASS@ {
 public:
  static constexpr std::string_view kName = "@NAME@";
  static constexpr std::string_view kSummary = "One number a request";
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_APPEND)};
  static constexpr nx_route kRoutes[] = {{NX_STR("POST"), NX_STR("/@NAME@/{name}"), 0, 0}};

  explicit @CLASS@(sdk::Host host) : append_(*host.service<nx_ext_append>(NX_EXT_APPEND)) {}

  // The host has read, limited and inflated the body; it commits when this returns OK.
  narthex::Status handle(const nx_ingest_request& request, sdk::IngestReply) const {
    const std::string_view body = narthex::view(*request.body);
    double value = 0;
    const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), value);
    if (error != std::errc() || end != body.data() + body.size()) {
      return narthex::invalid_data("the body must be a number");
    }
    sdk::SeriesList table;
    table.add(sdk::Value(&request.path_params[0].value).get<std::string_view>(), {});
    const nx_series_table series = table.view();
    const std::uint32_t row_series = 0;
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.rows = 1;
    batch.series = &row_series;
    batch.table = &series;
    batch.t = &request.received_ms;
    batch.v = &value;
    nx_append_result result{};
    result.struct_size = sizeof result;
    return sdk::RequestAppender(append_, request.appender).append(batch, result);
  }

 private:
  const nx_ext_append& append_;
};

NARTHEX_PLUGIN("@ID@", "1.0.0", "One number a request", sdk::Ingest<@CLASS@>)
