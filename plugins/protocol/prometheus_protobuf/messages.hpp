// SPDX-License-Identifier: Apache-2.0
// messages.hpp - the messages of io.prometheus.client as far as a scrape needs them. Source:
// prometheus/client_model, io/prometheus/client/metrics.proto.
//
// Views into the body, or into the arena where a message came in pieces (fields of one message may
// be repeated and are merged then, which for encoded bytes means joined).
#pragma once

#include <narthex/sdk/bump_arena.hpp>
#include <narthex/sdk/protobuf_reader.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::prometheus_protobuf {

using sdk::protobuf::Failure;
using sdk::protobuf::Field;
using sdk::protobuf::FieldReader;
using sdk::protobuf::Wire;

enum class Type : std::uint8_t {
  kCounter = 0,
  kGauge = 1,
  kSummary = 2,
  kUntyped = 3,
  kHistogram = 4,
  kGaugeHistogram = 5
};

struct FamilyMessage {
  std::string_view name, help, unit;
  std::uint64_t type = 0;  // a Type, unless somebody invented one
  bool has_metrics = false;
};
// Everything but the metrics.
bool read_family(std::string_view message, FamilyMessage& out, Failure& failure);
// What is wrong with it; empty: nothing.
std::string problem(const FamilyMessage& family);
std::uint32_t metadata_type(Type type);  // NX_TYPE_*

struct MetricMessage {
  std::string_view labels;  // encoded LabelPair fields, one after the other
  std::string_view value;   // the message that belongs to the type
  std::int64_t timestamp_ms = 0;
};
bool read_metric(std::string_view message, Type type, MetricMessage& out, sdk::BumpArena& arena,
                 Failure& failure);

struct ExemplarMessage {
  std::string_view labels;
  double value = 0;
  std::int64_t t_ms = 0;
  bool has_t = false;
};
bool read_exemplar(std::string_view message, ExemplarMessage& out, sdk::BumpArena& arena,
                   Failure& failure);

// Counter, Gauge and Untyped.
struct NumberMessage {
  double value = 0;
  std::int64_t start_ms = 0;
  std::string_view exemplar;  // data() is nullptr: there is none
};
bool read_number(std::string_view message, NumberMessage& out, Failure& failure);

struct Quantile {
  double quantile = 0;
  double value = 0;
};
struct SummaryMessage {
  std::uint64_t count = 0;
  double sum = 0;
  std::int64_t start_ms = 0;
  std::vector<Quantile> quantiles;
  void clear();
};
bool read_summary(std::string_view message, SummaryMessage& out, Failure& failure);

// Google's Timestamp -> milliseconds.
bool read_timestamp(std::string_view message, std::int64_t& out_ms, Failure& failure);

}  // namespace narthex::prometheus_protobuf
