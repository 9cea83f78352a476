// SPDX-License-Identifier: Apache-2.0
#include "promql/arithmetic.hpp"

#include "promql/histogram_math.hpp"
#include "promql/operators.hpp"
#include "promql/quoting.hpp"

#include <cmath>

namespace narthex::promql {

namespace {

ElementResult number(double value) { return {{value, nullptr}, true, true}; }
ElementResult comparison(double left, bool holds) { return {{left, nullptr}, holds, true}; }

ElementResult mismatch(Context& context, TokenKind op, const Element& a, const Element& b,
                       Position where) {
  const auto type = [](const Element& e) { return e.h != nullptr ? "histogram" : "float"; };
  const std::string sign(spelling(op));
  context.annotations.info(where, "incompatible sample types encountered for binary operator " +
                                      quote(sign) + ": " + type(a) + " " + sign + " " + type(b));
  return {};
}

ElementResult histogram(const nx_histogram* h) { return {{0, h}, true, true}; }

ElementResult combine_histograms(Context& context, TokenKind op, const nx_histogram& a,
                                 const nx_histogram& b, Position where) {
  if (op == TokenKind::kAdd || op == TokenKind::kSub) {
    const int sign = op == TokenKind::kAdd ? 1 : -1;
    const HistogramSum sum = add_histograms(a, b, sign, context.arena);
    if (sum.result == nullptr) {
      context.annotations.warn(where,
                               "incompatible bucket layout encountered for binary operator " +
                                   std::string(spelling(op)));
      return {};
    }
    if (sum.reset_collision) {
      context.annotations.warn(where, std::string("conflicting counter resets during histogram ") +
                                          (sign > 0 ? "addition" : "subtraction"));
    }
    return histogram(sum.result);
  }
  const bool equal = equal_histograms(a, b);
  if (op == TokenKind::kEqualEqual) return {{0, &a}, equal, true};
  if (op == TokenKind::kNotEqual) return {{0, &a}, !equal, true};
  return mismatch(context, op, {0, &a}, {0, &b}, where);
}

}  // namespace

double scalar_scalar(TokenKind op, double a, double b) {
  const ElementResult result = combine_floats(op, a, b);
  if (!is_comparison(op)) return result.value.v;
  return result.keep ? 1 : 0;
}

ElementResult combine_floats(TokenKind op, double a, double b) {
  switch (op) {
    case TokenKind::kAdd:
      return number(a + b);
    case TokenKind::kSub:
      return number(a - b);
    case TokenKind::kMul:
      return number(a * b);
    case TokenKind::kDiv:
      return number(a / b);
    case TokenKind::kMod:
      return number(std::fmod(a, b));
    case TokenKind::kPow:
      return number(std::pow(a, b));
    case TokenKind::kAtan2:
      return number(std::atan2(a, b));
    case TokenKind::kEqualEqual:
      return comparison(a, a == b);
    case TokenKind::kNotEqual:
      return comparison(a, a != b);
    case TokenKind::kLess:
      return comparison(a, a < b);
    case TokenKind::kLessEqual:
      return comparison(a, a <= b);
    case TokenKind::kGreater:
      return comparison(a, a > b);
    default:
      return comparison(a, a >= b);
  }
}

namespace {

template <class F>
void compute(std::span<const double> a, const double* b, double* out, F f) {
  const double* left = a.data();
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = f(left[i], b[i]);
}

}  // namespace

void combine_rows(TokenKind op, bool return_bool, std::span<const double> a, const double* b,
                  double* out, std::uint8_t* present) {
  switch (op) {
    case TokenKind::kAdd:
      return compute(a, b, out, [](double x, double y) { return x + y; });
    case TokenKind::kSub:
      return compute(a, b, out, [](double x, double y) { return x - y; });
    case TokenKind::kMul:
      return compute(a, b, out, [](double x, double y) { return x * y; });
    case TokenKind::kDiv:
      return compute(a, b, out, [](double x, double y) { return x / y; });
    default:
      break;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (present[i] == 0) continue;
    const ElementResult result = combine_floats(op, a[i], b[i]);
    out[i] = result.value.v;
    if (return_bool) {
      out[i] = result.keep ? 1 : 0;
    } else if (!result.keep) {
      present[i] = 0;
    }
  }
}

ElementResult combine(Context& context, TokenKind op, const Element& a, const Element& b,
                      Position where) {
  if (a.h == nullptr && b.h == nullptr) return combine_floats(op, a.v, b.v);
  if (a.h != nullptr && b.h != nullptr) {
    return combine_histograms(context, op, *a.h, *b.h, where);
  }
  if (op == TokenKind::kMul) {
    return histogram(a.h != nullptr ? scale_histogram(*a.h, b.v, context.arena)
                                    : scale_histogram(*b.h, a.v, context.arena));
  }
  if (op == TokenKind::kDiv && a.h != nullptr) {
    return histogram(divide_histogram(*a.h, b.v, context.arena));
  }
  return mismatch(context, op, a, b, where);
}

bool changes_meaning(TokenKind op) { return !is_comparison(op) && !is_set_operator(op); }

}  // namespace narthex::promql
