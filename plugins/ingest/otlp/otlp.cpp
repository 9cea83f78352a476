// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/otlp.hpp"

#include "plugins/ingest/otlp/json_request.hpp"
#include "plugins/ingest/otlp/partial_success.hpp"
#include "plugins/ingest/otlp/protobuf_request.hpp"

#include <narthex/sdk/quote.hpp>

#include <algorithm>
#include <utility>

namespace narthex::ingest::otlp {
namespace {

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";
constexpr std::uint32_t kRetryAfterMs = 5'000;

TranslationOptions translation_of(const Otlp::Options& options) {
  TranslationOptions out;
  out.style = style_of(options.translation_strategy);
  out.promote_all = options.promote_all_resource_attributes;
  const std::vector<std::string>& names =
      out.promote_all ? options.ignore_resource_attributes : options.promote_resource_attributes;
  out.attributes = {names.begin(), names.end()};
  out.keep_identifying = options.keep_identifying_resource_attributes;
  out.promote_scope = options.promote_scope_metadata;
  out.histograms_to_nhcb = options.convert_histograms_to_nhcb;
  out.type_and_unit = options.type_and_unit_labels;
  out.deltas = options.deltas == "to_cumulative" ? DeltaHandling::kAccumulate
               : options.deltas == "store"       ? DeltaHandling::kStore
                                                 : DeltaHandling::kRefuse;
  return out;
}

std::string_view media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return content_type;
}

std::string reason_of(std::uint8_t code, std::int64_t t) {
  switch (code) {
    case NX_ROW_OUT_OF_ORDER:
      return "out of order sample";
    case NX_ROW_OUT_OF_BOUNDS:
      return "out of bounds: timestamp is too far in the future: " + std::to_string(t);
    case NX_ROW_TOO_OLD:
      return "too old sample: timestamp " + std::to_string(t);
    case NX_ROW_DUPLICATE:
      return "duplicate sample for timestamp " + std::to_string(t) + "; overrides not allowed";
    case NX_ROW_BAD_LABELS:
      return "invalid metric name or labels";
    case NX_ROW_BAD_HISTOGRAM:
      return "invalid native histogram at timestamp " + std::to_string(t);
    default:
      return "the storage refused the sample";
  }
}

bool is_bad(std::uint8_t code) { return code != NX_ROW_OK && code != NX_ROW_EXEMPLAR_REFUSED; }

}  // namespace

Otlp::Otlp(sdk::Host host, Options options)
    : host_(host),
      append_(*host.service<nx_ext_append>(NX_EXT_APPEND)),
      translation_(translation_of(options)),
      streams_(static_cast<std::size_t>(options.delta_streams_max), options.delta_stale_ms),
      rejected_(host, NX_TYPE_COUNTER, "narthex_ingest_otlp_rejected_points_total",
                "Data points of OTLP requests that have no translation.") {}

Status Otlp::validate(sdk::Host host, const Options& options, sdk::Value config) {
  if (!options.promote_all_resource_attributes && !options.ignore_resource_attributes.empty()) {
    return host.config_error(config["ignore_resource_attributes"],
                             "'ignore_resource_attributes' can only be set when "
                             "'promote_all_resource_attributes' is true");
  }
  if (options.promote_all_resource_attributes && !options.promote_resource_attributes.empty()) {
    return host.config_error(config["promote_resource_attributes"],
                             "'promote_all_resource_attributes' and 'promote_resource_attributes' "
                             "cannot be configured simultaneously");
  }
  return {};
}

Status Otlp::handle(const nx_ingest_request& request, sdk::IngestReply reply) {
  const std::string_view content_type = sdk::header_of(request, "content-type");
  const std::string_view type = media_type(content_type);
  if (type != kProtobuf && type != kJson) {
    return invalid_argument("unsupported content type: " +
                            (sdk::is_utf8(content_type) ? std::string(content_type)
                                                        : sdk::quote_excerpt(content_type)) +
                            ", supported: [" + std::string(kJson) + ", " + std::string(kProtobuf) +
                            "]");
  }
  const bool json = type == kJson;
  Result<MetricsRequest> read_request = read(request, json);
  if (!read_request.ok()) return read_request.status();
  clean_streams();
  SeriesRows rows;
  Translator translator(translation_, streams_, rows, host_.now_ms());
  translator.translate(*read_request);
  bool taken = true;
  const Status stored = store(sdk::RequestAppender(append_, request.appender), rows, taken);
  if (!stored.ok() || !taken) return stored;
  if (translator.rejected() != 0) rejected_.add(static_cast<double>(translator.rejected()));
  reply.status(200);
  reply.header("Content-Type", type);
  reply.body(json ? partial_success_json(translator.rejected(), translator.reason())
                  : partial_success_protobuf(translator.rejected(), translator.reason()));
  return {};
}

Result<MetricsRequest> Otlp::read(const nx_ingest_request& request, bool json) const {
  const std::string_view body = view(*request.body);
  if (!json) return read_protobuf(body);
  MetricsRequest out;
  const Status parsed = sdk::parse_text(host_, NX_TEXT_JSON, "body", body,
                                        [&](sdk::Value root) { out = read_json(root); });
  if (!parsed.ok()) return invalid_data(parsed.message());
  return out;
}

// taken: everything was, else the status is NX_PARTIAL.
Status Otlp::store(const sdk::RequestAppender& appender, SeriesRows& rows, bool& taken) {
  std::vector<std::uint8_t> codes;
  const Status status = rows.append(appender, codes);
  if (status.code() == NX_ERR_EXHAUSTED) {
    return {NX_ERR_UNAVAILABLE, status.message(),
            status.retry_after_ms() != 0 ? status.retry_after_ms() : kRetryAfterMs};
  }
  if (!status.ok()) return status;
  if (std::find(codes.begin(), codes.end(), NX_ROW_SERIES_LIMIT) != codes.end()) {
    return {NX_ERR_UNAVAILABLE, "the storage takes no more series at present", kRetryAfterMs};
  }
  const auto refused = std::count_if(codes.begin(), codes.end(), is_bad);
  taken = refused == 0;
  if (taken) return {};
  const auto row =
      static_cast<std::size_t>(std::find_if(codes.begin(), codes.end(), is_bad) - codes.begin());
  return {NX_PARTIAL, reason_of(codes[row], rows.time_of_row(row)) + "; series " +
                          rows.series_text(rows.series_of_row(row)) + "; " +
                          std::to_string(refused) + " of " + std::to_string(codes.size()) +
                          " samples refused"};
}

// Once a minute, whoever comes first.
void Otlp::clean_streams() {
  constexpr std::int64_t kPeriodMs = 60'000;
  const std::int64_t now_ms = host_.now_ms();
  std::int64_t before = cleaned_ms_.load();
  if (now_ms - before < kPeriodMs || !cleaned_ms_.compare_exchange_strong(before, now_ms)) return;
  streams_.forget(now_ms);
}

}  // namespace narthex::ingest::otlp
