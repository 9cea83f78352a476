// SPDX-License-Identifier: Apache-2.0
// text_parser.hpp - the Prometheus text exposition formats 0.0.4 and 1.0.0 (quoted UTF-8 names).
//
// Accepts and refuses what Prometheus 3.5 does, with two differences: a NUL byte outside of label
// values and comments is an error (Prometheus takes it for the end of the body), and blanks before
// a series are not part of its name. Stateless but for the scratch.
#pragma once

#include <narthex/sdk/body_scratch.hpp>
#include <narthex/sdk/protocol.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace narthex::prometheus_text {

class TextParser {
 public:
  static constexpr std::string_view kName = "prometheus_text";
  static constexpr std::string_view kSummary = "Parses the Prometheus text format";
  static constexpr nx_str kContentTypes[] = {NX_STR("text/plain;version=1.0.0"),
                                             NX_STR("text/plain;version=0.0.4")};
  static constexpr nx_str kProtocolNames[] = {NX_STR("PrometheusText1.0.0"),
                                              NX_STR("PrometheusText0.0.4")};
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT | NX_COMPONENT_SINGLETON;
  using Scratch = sdk::BodyScratch;

  explicit TextParser(sdk::Host) {}

  static Status parse(Scratch& scratch, nx_buffer& body, const nx_parse_opts& options,
                      sdk::ParsedSink& sink);
  static Status labels(Scratch& scratch, std::span<const nx_str> keys, sdk::SeriesTable& out);
};

}  // namespace narthex::prometheus_text
