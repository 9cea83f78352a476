// SPDX-License-Identifier: Apache-2.0
#include "scrape/accept.hpp"

#include "scrape/media_type.hpp"

#include <narthex/sdk/exposition.hpp>
#include <narthex/sdk/text.hpp>

#include <algorithm>

namespace narthex::scrape {
namespace {

constexpr std::int64_t kParseDeadlineMs = 30'000;
// How many protocols Prometheus knows; its first q is one more.
constexpr int kProtocolsKnown = 5;
constexpr std::string_view kDefaultProtocols[] = {"OpenMetricsText1.0.0", "OpenMetricsText0.0.1",
                                                  "PrometheusText1.0.0", "PrometheusText0.0.4"};

// Newer text formats say how names are escaped.
bool has_escaping(std::string_view protocol) {
  return protocol == "PrometheusText1.0.0" || protocol == "OpenMetricsText1.0.0";
}

}  // namespace

BodyParser::BodyParser(std::shared_ptr<host::Instance> instance)
    : instance_(std::move(instance)),
      table_(static_cast<const nx_parser*>(instance_->table(NX_PARSER_ID))),
      parse_(instance_->site(NX_PARSER_ID ".parse", kParseDeadlineMs)),
      labels_(instance_->site(NX_PARSER_ID ".labels", kParseDeadlineMs)) {}

ParserSet::ParserSet(const std::vector<std::shared_ptr<host::Instance>>& instances) {
  for (const auto& instance : instances) {
    if (instance->table(NX_PARSER_ID) == nullptr) continue;
    const auto& parser = parsers_.emplace_back(std::make_unique<BodyParser>(instance));
    const nx_parser& table = parser->table();
    for (std::uint64_t i = 0; i < table.content_type_count; ++i) {
      std::string full(view(table.content_types[i]));
      types_.push_back({read_media_type(full).type, full,
                        std::string(view(table.protocol_names[i])), parser.get()});
    }
  }
}

const ParserSet::Type* ParserSet::by_protocol(std::string_view protocol) const {
  const auto at = std::find_if(types_.begin(), types_.end(),
                               [&](const Type& t) { return t.protocol == protocol; });
  return at != types_.end() ? &*at : nullptr;
}

const BodyParser* ParserSet::by_media(std::string_view media) const {
  const auto at =
      std::find_if(types_.begin(), types_.end(), [&](const Type& t) { return t.media == media; });
  return at != types_.end() ? at->parser : nullptr;
}

std::string ParserSet::accept(const std::vector<std::string>& protocols,
                              std::string_view escaping) const {
  std::vector<std::string_view> wanted(protocols.begin(), protocols.end());
  if (wanted.empty()) wanted.assign(std::begin(kDefaultProtocols), std::end(kDefaultProtocols));
  std::string out;
  int weight = kProtocolsKnown + 1;
  for (const std::string_view protocol : wanted) {
    const Type* type = by_protocol(protocol);
    if (type == nullptr) continue;
    out += type->full;
    if (has_escaping(protocol)) (out += ";escaping=") += escaping;
    out += ";q=0." + std::to_string(weight--) + ",";
  }
  return out + "*/*;q=0." + std::to_string(weight);
}

Result<ParserSet::Choice> ParserSet::choose(std::string_view content_type,
                                            std::string_view fallback) const {
  const MediaType media = read_media_type(content_type);
  const bool readable = media.problem.empty();
  if (readable) {
    if (const BodyParser* parser = by_media(media.type); parser != nullptr) {
      return Choice{parser, {}};
    }
  }
  const std::string quoted = sdk::quote_excerpt(content_type);
  const bool blank = content_type.empty();
  std::string why;
  if (!blank && !readable) why = "\n" + std::string(media.problem);
  if (const Type* type = by_protocol(fallback); type != nullptr) {
    const std::string what = blank      ? "non-compliant scrape target sending blank Content-Type"
                             : readable ? "received unsupported Content-Type " + quoted
                                        : "could not parse received Content-Type " + quoted;
    return Choice{type->parser, what + ", using fallback_scrape_protocol " +
                                    sdk::quote_excerpt(type->media) + why};
  }
  if (blank) {
    return invalid_data(
        "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol "
        "specified for target");
  }
  if (readable) {
    return invalid_data("received unsupported Content-Type " + quoted +
                        " and no fallback_scrape_protocol specified for target");
  }
  return invalid_data("cannot parse Content-Type " + quoted +
                      " and no fallback_scrape_protocol for target" + why);
}

}  // namespace narthex::scrape
