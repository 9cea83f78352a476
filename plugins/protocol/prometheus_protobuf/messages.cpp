// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/prometheus_protobuf/messages.hpp"

#include <narthex/data.h>
#include <narthex/sdk/quote.hpp>
#include <narthex/sdk/text.hpp>

#include <cstring>

namespace narthex::prometheus_protobuf {
namespace {

constexpr char kLabelTag = 1 << 3 | 2;

// Appends a piece to what there is of a message: without a copy where it follows directly.
void join(std::string_view& whole, std::string_view piece, sdk::BumpArena& arena) {
  if (whole.data() == nullptr) {
    whole = piece;
  } else if (whole.data() + whole.size() == piece.data()) {
    whole = {whole.data(), whole.size() + piece.size()};
  } else {
    char* const joined = arena.take<char>(whole.size() + piece.size() + 1);
    if (!whole.empty()) std::memcpy(joined, whole.data(), whole.size());
    if (!piece.empty()) std::memcpy(joined + whole.size(), piece.data(), piece.size());
    whole = {joined, whole.size() + piece.size()};
  }
}

// The field of a Metric that holds the value of a type.
std::uint32_t value_field(Type type) {
  switch (type) {
    case Type::kGauge:
      return 2;
    case Type::kCounter:
      return 3;
    case Type::kSummary:
      return 4;
    case Type::kUntyped:
      return 5;
    case Type::kHistogram:
    case Type::kGaugeHistogram:
      return 7;
  }
  return 0;
}

// "seconds" of "x_seconds", and for counters of "x_seconds_total".
bool is_unit_of(std::string_view unit, std::string_view name, bool counter) {
  constexpr std::string_view kTotal = "_total";
  if (counter && name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
  return name.size() > unit.size() && name.ends_with(unit) &&
         name[name.size() - unit.size() - 1] == '_';
}

}  // namespace

std::uint32_t metadata_type(Type type) {
  switch (type) {
    case Type::kCounter:
      return NX_TYPE_COUNTER;
    case Type::kGauge:
      return NX_TYPE_GAUGE;
    case Type::kSummary:
      return NX_TYPE_SUMMARY;
    case Type::kHistogram:
      return NX_TYPE_HISTOGRAM;
    case Type::kGaugeHistogram:
      return NX_TYPE_GAUGEHISTOGRAM;
    case Type::kUntyped:
      break;
  }
  return NX_TYPE_UNKNOWN;
}

std::string problem(const FamilyMessage& family) {
  const std::string name = sdk::quote_excerpt(family.name);
  if (family.name.empty() || !sdk::is_utf8(family.name)) return "invalid metric name " + name;
  if (!sdk::is_utf8(family.help)) return "invalid help for metric " + name;
  if (family.type > static_cast<std::uint64_t>(Type::kGaugeHistogram)) {
    return "unknown metric type for metric " + name + ": " + std::to_string(family.type);
  }
  const bool counter = family.type == static_cast<std::uint64_t>(Type::kCounter);
  if (!family.unit.empty() && !is_unit_of(family.unit, family.name, counter)) {
    return "unit " + sdk::quote_excerpt(family.unit) + " not a suffix of metric " + name;
  }
  return {};
}

bool read_family(std::string_view message, FamilyMessage& out, Failure& failure) {
  out = {};
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    switch (f.number) {
      case 1:
        if (fields.expect(f, Wire::kBytes)) out.name = f.bytes;
        break;
      case 2:
        if (fields.expect(f, Wire::kBytes)) out.help = f.bytes;
        break;
      case 3:
        if (fields.expect(f, Wire::kVarint)) out.type = f.value;
        break;
      case 4:
        out.has_metrics = fields.expect(f, Wire::kBytes);
        break;
      case 5:
        if (fields.expect(f, Wire::kBytes)) out.unit = f.bytes;
        break;
      default:
        break;
    }
  }
  return failure.ok();
}

bool read_metric(std::string_view message, Type type, MetricMessage& out, sdk::BumpArena& arena,
                 Failure& failure) {
  out = {};
  const std::uint32_t value_number = value_field(type);
  FieldReader fields(message, failure);
  for (Field f;;) {
    for (std::string_view label; fields.next_short(kLabelTag, label);) {
      join(out.labels, {label.data() - 2, label.size() + 2}, arena);
    }
    if (!fields.next(f)) break;
    if (f.number == 1) {
      if (!fields.expect(f, Wire::kBytes)) break;
      join(out.labels, {f.at, static_cast<std::size_t>(fields.position() - f.at)}, arena);
    } else if (f.number == value_number) {
      if (fields.expect(f, Wire::kBytes)) join(out.value, f.bytes, arena);
    } else if (f.number == 6) {
      if (fields.expect(f, Wire::kVarint)) out.timestamp_ms = static_cast<std::int64_t>(f.value);
    }
  }
  return failure.ok();
}

bool read_exemplar(std::string_view message, ExemplarMessage& out, sdk::BumpArena& arena,
                   Failure& failure) {
  out = {};
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) {
      if (!fields.expect(f, Wire::kBytes)) break;
      join(out.labels, {f.at, static_cast<std::size_t>(fields.position() - f.at)}, arena);
    } else if (f.number == 2) {
      if (fields.expect(f, Wire::kFixed64)) out.value = f.as_double();
    } else if (f.number == 3) {
      out.has_t = fields.expect(f, Wire::kBytes) && read_timestamp(f.bytes, out.t_ms, failure);
    }
  }
  return failure.ok();
}

bool read_number(std::string_view message, NumberMessage& out, Failure& failure) {
  out = {};
  // Nearly all are a value and nothing else.
  constexpr char kValueTag = 1 << 3 | 1;
  if (message.size() == 1 + sizeof out.value && message.front() == kValueTag) {
    std::memcpy(&out.value, message.data() + 1, sizeof out.value);
    return true;
  }
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) {
      if (fields.expect(f, Wire::kFixed64)) out.value = f.as_double();
    } else if (f.number == 2) {
      if (fields.expect(f, Wire::kBytes)) out.exemplar = f.bytes;
    } else if (f.number == 3) {
      if (fields.expect(f, Wire::kBytes)) (void)read_timestamp(f.bytes, out.start_ms, failure);
    }
  }
  return failure.ok();
}

void SummaryMessage::clear() {
  count = 0;
  sum = 0;
  start_ms = 0;
  quantiles.clear();
}

bool read_summary(std::string_view message, SummaryMessage& out, Failure& failure) {
  out.clear();
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) {
      if (fields.expect(f, Wire::kVarint)) out.count = f.value;
    } else if (f.number == 2) {
      if (fields.expect(f, Wire::kFixed64)) out.sum = f.as_double();
    } else if (f.number == 3) {
      if (!fields.expect(f, Wire::kBytes)) break;
      Quantile& quantile = out.quantiles.emplace_back();
      FieldReader inner(f.bytes, failure);
      for (Field q; inner.next(q);) {
        if (q.number > 2 || !inner.expect(q, Wire::kFixed64)) continue;
        (q.number == 1 ? quantile.quantile : quantile.value) = q.as_double();
      }
    } else if (f.number == 4) {
      if (fields.expect(f, Wire::kBytes)) (void)read_timestamp(f.bytes, out.start_ms, failure);
    }
  }
  return failure.ok();
}

bool read_timestamp(std::string_view message, std::int64_t& out_ms, Failure& failure) {
  std::uint64_t seconds = 0;
  std::int64_t nanos = 0;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number > 2 || !fields.expect(f, Wire::kVarint)) continue;
    if (f.number == 1) seconds = f.value;
    if (f.number == 2) nanos = static_cast<std::int32_t>(f.value);
  }
  // Wraps for times beyond the range, as the reference server does.
  out_ms =
      static_cast<std::int64_t>(seconds * 1000 + static_cast<std::uint64_t>(nanos / 1'000'000));
  return failure.ok();
}

}  // namespace narthex::prometheus_protobuf
