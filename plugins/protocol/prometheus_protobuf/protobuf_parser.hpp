// SPDX-License-Identifier: Apache-2.0
// protobuf_parser.hpp - the protobuf exposition format: io.prometheus.client.MetricFamily messages,
// each after its length. The only format that carries native histograms.
//
// Gives what Prometheus 3.5 gives, with one difference: where native histograms are not wanted, a
// histogram that is native and classic comes out as its classic series (Prometheus 3.5 drops both,
// later ones do as we do). Stateless but for the scratch.
#pragma once

#include "plugins/protocol/prometheus_protobuf/histogram_message.hpp"
#include "plugins/protocol/prometheus_protobuf/messages.hpp"
#include "plugins/protocol/prometheus_protobuf/series_key.hpp"

#include <narthex/sdk/bump_arena.hpp>
#include <narthex/sdk/classic_histogram.hpp>
#include <narthex/sdk/protocol.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::prometheus_protobuf {

class ProtobufParser {
 public:
  static constexpr std::string_view kName = "prometheus_protobuf";
  static constexpr std::string_view kSummary = "Parses the Prometheus protobuf format";
  static constexpr nx_str kContentTypes[] = {
      NX_STR("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
             "encoding=delimited")};
  static constexpr nx_str kProtocolNames[] = {NX_STR("PrometheusProto")};
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT | NX_COMPONENT_SINGLETON;

  struct Scratch {
    std::string_view body;
    sdk::ParsedRows rows;
    // Live until a flush returns.
    SeriesKeys keys;
    sdk::BumpArena arrays;
    std::vector<nx_label> exemplar_labels;
    sdk::TextArena texts;
    // Live while their family is read.
    sdk::BumpArena pieces;
    SummaryMessage summary;
    HistogramMessage histogram;
    NativeBuilder native;
    sdk::ClassicHistogram classic;
  };

  explicit ProtobufParser(sdk::Host) {}

  // A bad body: "byte N: " and what is wrong there, counted from 0.
  static Status parse(Scratch& scratch, nx_buffer& body, const nx_parse_opts& options,
                      sdk::ParsedSink& sink);
  static Status labels(Scratch& scratch, std::span<const nx_str> keys, sdk::SeriesTable& out);
};

}  // namespace narthex::prometheus_protobuf
