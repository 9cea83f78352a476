// SPDX-License-Identifier: Apache-2.0
#include "api/exemplars.hpp"

#include "api/answer.hpp"
#include "api/json.hpp"
#include "api/params.hpp"
#include "api/query_features.hpp"
#include "api/result_json.hpp"
#include "api/selectors.hpp"
#include "promql/engine.hpp"
#include "store/store.hpp"

#include <narthex/sdk/number.hpp>

namespace narthex::api {

namespace {

using promql::Expr;
using promql::ExprKind;

// The operands of a node.
std::vector<const Expr*> children(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kMatrixSelector:
      return {promql::as<promql::MatrixSelector>(expr).selector};
    case ExprKind::kSubquery:
      return {promql::as<promql::SubqueryExpr>(expr).expr};
    case ExprKind::kCall: {
      const auto& args = promql::as<promql::CallExpr>(expr).args;
      return {args.begin(), args.end()};
    }
    case ExprKind::kAggregate: {
      const auto& aggregate = promql::as<promql::AggregateExpr>(expr);
      return {aggregate.param, aggregate.expr};
    }
    case ExprKind::kBinary: {
      const auto& binary = promql::as<promql::BinaryExpr>(expr);
      return {binary.lhs, binary.rhs};
    }
    case ExprKind::kUnary:
      return {promql::as<promql::UnaryExpr>(expr).expr};
    case ExprKind::kParen:
      return {promql::as<promql::ParenExpr>(expr).expr};
    default:
      return {};
  }
}

// Compiled matchers of every selector. Walks with a stack of its own: chains may be deep.
Result<std::vector<Selector>> selectors_of(const Expr& root) {
  std::vector<Selector> selectors;
  std::vector<const Expr*> open{&root};
  while (!open.empty()) {
    const Expr* expr = open.back();
    open.pop_back();
    if (expr == nullptr) continue;
    if (expr->kind == ExprKind::kVectorSelector) {
      Selector& selector = selectors.emplace_back();
      for (const promql::LabelMatcher& m : promql::as<promql::VectorSelector>(*expr).matchers) {
        Result<store::Matcher> matcher = store::Matcher::make(m.op, m.name, m.value);
        if (!matcher.ok()) return matcher.status();
        selector.push_back(*std::move(matcher));
      }
      continue;
    }
    for (const Expr* child : children(*expr)) open.push_back(child);
  }
  return selectors;
}

void write_labels(JsonWriter& json, const nx_label* labels, std::uint32_t count) {
  json.begin_object();
  for (std::uint32_t i = 0; i < count; ++i) {
    json.field(view(labels[i].name), view(labels[i].value));
  }
  json.end_object();
}

void write_series(JsonWriter& json, const nx_exemplar_series& series) {
  json.begin_object().key("seriesLabels");
  write_labels(json, series.labels, series.label_count);
  json.key("exemplars").begin_array();
  for (std::uint64_t i = 0; i < series.exemplar_count; ++i) {
    const nx_exemplar& e = series.exemplars[i];
    json.begin_object().key("labels");
    write_labels(json, e.labels, e.label_count);
    std::string value;
    sdk::append_number(value, e.v);
    json.field("value", std::string_view(value));
    std::string t;
    append_timestamp(t, e.t);
    json.key("timestamp").raw(t).end_object();
  }
  json.end_array().end_object();
}

}  // namespace

net::Response query_exemplars(const Services& s, const net::Request& request) {
  const Result<std::int64_t> start = time_param(request, "start", kMinTimeMs);
  if (!start.ok()) return invalid_parameter("start", start.status().message());
  const Result<std::int64_t> end = time_param(request, "end", kMaxTimeMs);
  if (!end.ok()) return invalid_parameter("end", end.status().message());
  if (*end < *start) {
    return error(ErrorType::kBadData, "end timestamp must not be before start timestamp");
  }
  const Result<promql::Query> query =
      promql::Query::parse(request.value("query"), s.functions, parse_options(*s.status.config()));
  if (!query.ok()) return error(ErrorType::kBadData, query.status().message());
  const Result<std::vector<Selector>> selectors = selectors_of(query->root());
  if (!selectors.ok()) return error(selectors.status());
  JsonWriter json;
  json.begin_array();
  if (!selectors->empty()) {
    Result<store::Querier> querier = s.store.open(*start, *end);
    if (!querier.ok()) return error(querier.status());
    const Status told = querier->exemplars(
        *selectors, [&](const nx_exemplar_series& series) { write_series(json, series); });
    if (!told.ok()) return error(told);
  }
  json.end_array();
  return success(json.text());
}

}  // namespace narthex::api
