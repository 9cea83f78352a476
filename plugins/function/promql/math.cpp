// SPDX-License-Identifier: Apache-2.0
// Functions of one number.
#include "plugins/function/promql/families.hpp"

#include <narthex/sdk/function.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace narthex::function_promql {

namespace {

using sdk::FunctionArgs;
using sdk::FunctionContext;

double absolute(double v) { return std::fabs(v); }
double ceiling(double v) { return std::ceil(v); }
double floored(double v) { return std::floor(v); }
double exponential(double v) { return std::exp(v); }
double root(double v) { return std::sqrt(v); }
// The reference's logarithm takes a denormal number for a normal one of the smallest exponent.
double natural_log(double v) {
  if (!(v > 0 && v < std::numeric_limits<double>::min())) return std::log(v);
  constexpr std::uint64_t kHalf = std::uint64_t{0x3FE} << 52;
  return std::log(std::bit_cast<double>(std::bit_cast<std::uint64_t>(v) | kHalf)) -
         1022 * std::numbers::ln2;
}
double binary_log(double v) { return std::log2(v); }
double decimal_log(double v) {
  const bool denormal = v > 0 && v < std::numeric_limits<double>::min();
  return denormal ? natural_log(v) / std::numbers::ln10 : std::log10(v);
}
double sign(double v) { return v < 0 ? -1 : v > 0 ? 1 : v; }
double degrees(double v) { return v * 180 / std::numbers::pi; }
double radians(double v) { return v * std::numbers::pi / 180; }
double sine(double v) { return std::sin(v); }
double cosine(double v) { return std::cos(v); }
double tangent(double v) { return std::tan(v); }
double arcsine(double v) { return std::asin(v); }
double arccosine(double v) { return std::acos(v); }
double arctangent(double v) { return std::atan(v); }
// Large values overflow where the exponential does, a little earlier than they would have to.
constexpr double kLargeAngle = 21;
double hyperbolic_sine(double v) {
  return std::fabs(v) > kLargeAngle ? std::copysign(std::exp(std::fabs(v)) * 0.5, v) : std::sinh(v);
}
double hyperbolic_cosine(double v) {
  return std::fabs(v) > kLargeAngle ? std::exp(std::fabs(v)) * 0.5 : std::cosh(v);
}
double hyperbolic_tangent(double v) { return std::tanh(v); }
double area_sine(double v) { return std::asinh(v); }
double area_cosine(double v) { return std::acosh(v); }
double area_tangent(double v) { return std::atanh(v); }

// Infinity wins over NaN, NaN over the rest.
double smaller(double a, double b) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  if (a == -kInf || b == -kInf) return -kInf;
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  return a < b ? a : b;
}
double larger(double a, double b) { return -smaller(-a, -b); }

// Ties go up.
void round_to(const FunctionContext&, const nx_elem_in& in, const nx_elem_out& out) {
  const FunctionArgs args(in.args, in.arg_count);
  for (std::uint64_t i = 0; i < in.n; ++i) {
    const auto step = static_cast<std::uint32_t>(i % in.step_count);
    const double inverse = 1.0 / (args.size() > 1 ? args.at(1, step) : 1.0);
    out.v[i] = std::floor(in.v[i] * inverse + 0.5) / inverse;
  }
}

void clamp(const FunctionContext&, const nx_elem_in& in, const nx_elem_out& out) {
  const FunctionArgs args(in.args, in.arg_count);
  for (std::uint64_t i = 0; i < in.n; ++i) {
    const auto step = static_cast<std::uint32_t>(i % in.step_count);
    const double low = args.at(1, step);
    const double high = args.at(2, step);
    if (high < low) out.present[i] = 0;
    out.v[i] = larger(low, smaller(high, in.v[i]));
  }
}

void clamp_min(const FunctionContext&, const nx_elem_in& in, const nx_elem_out& out) {
  const FunctionArgs args(in.args, in.arg_count);
  for (std::uint64_t i = 0; i < in.n; ++i) {
    out.v[i] = larger(args.at(1, static_cast<std::uint32_t>(i % in.step_count)), in.v[i]);
  }
}

void clamp_max(const FunctionContext&, const nx_elem_in& in, const nx_elem_out& out) {
  const FunctionArgs args(in.args, in.arg_count);
  for (std::uint64_t i = 0; i < in.n; ++i) {
    out.v[i] = smaller(args.at(1, static_cast<std::uint32_t>(i % in.step_count)), in.v[i]);
  }
}

void pi(const FunctionContext&, const nx_elem_in& in, const nx_elem_out& out) {
  for (std::uint64_t i = 0; i < in.n; ++i) out.v[i] = std::numbers::pi;
}

constexpr std::uint32_t kVectorScalars[] = {NX_ARG_VECTOR, NX_ARG_SCALAR, NX_ARG_SCALAR};
constexpr std::span<const std::uint32_t> kParams(kVectorScalars);

const nx_function kRows[] = {
    sdk::each<absolute>("abs", "Absolute value."),
    sdk::each<ceiling>("ceil", "Rounded up to an integer."),
    sdk::each<floored>("floor", "Rounded down to an integer."),
    sdk::each<exponential>("exp", "e to the power of the value."),
    sdk::each<root>("sqrt", "Square root."),
    sdk::each<natural_log>("ln", "Natural logarithm."),
    sdk::each<binary_log>("log2", "Logarithm to base 2."),
    sdk::each<decimal_log>("log10", "Logarithm to base 10."),
    sdk::each<sign>("sgn", "-1, 0 or 1."),
    sdk::each<degrees>("deg", "Radians as degrees."),
    sdk::each<radians>("rad", "Degrees as radians."),
    sdk::each<sine>("sin", "Sine."),
    sdk::each<cosine>("cos", "Cosine."),
    sdk::each<tangent>("tan", "Tangent."),
    sdk::each<arcsine>("asin", "Arcsine."),
    sdk::each<arccosine>("acos", "Arccosine."),
    sdk::each<arctangent>("atan", "Arctangent."),
    sdk::each<hyperbolic_sine>("sinh", "Hyperbolic sine."),
    sdk::each<hyperbolic_cosine>("cosh", "Hyperbolic cosine."),
    sdk::each<hyperbolic_tangent>("tanh", "Hyperbolic tangent."),
    sdk::each<area_sine>("asinh", "Inverse hyperbolic sine."),
    sdk::each<area_cosine>("acosh", "Inverse hyperbolic cosine."),
    sdk::each<area_tangent>("atanh", "Inverse hyperbolic tangent."),
    sdk::elements<round_to>("round", "Rounded to a multiple of the second argument, or of 1.",
                            {kParams.first(2), 1}),
    sdk::elements<clamp>("clamp", "Limited to an interval.", {kParams, 3}),
    sdk::elements<clamp_min>("clamp_min", "At least so much.", {kParams.first(2), 2}),
    sdk::elements<clamp_max>("clamp_max", "At most so much.", {kParams.first(2), 2}),
    sdk::scalars<pi>("pi", "3.14159...", {{}, 0, false, NX_ARG_SCALAR}),
};

}  // namespace

std::span<const nx_function> math_functions() { return kRows; }

}  // namespace narthex::function_promql
