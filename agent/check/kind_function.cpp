// SPDX-License-Identifier: Apache-2.0
// kind_function.cpp - PromQL functions: declarations that hold together, results that do not depend
// on how a block is cut. The blocks are built in function_block.cpp.
#include "check/function_block.hpp"
#include "check/suite.hpp"

#include <algorithm>
#include <cmath>

namespace narthex::check {
namespace {

std::span<const nx_function* const> functions_of(Session& s) {
  const auto& set = *s.table<nx_function_set>(NX_FUNCTIONS_ID);
  return {set.functions, set.count};
}

void exercise_function(Session& s, std::mt19937_64& random) {
  for (const nx_function* f : functions_of(s)) {
    FunctionBlock block = FunctionBlock::random(*f, random);
    block.cancelled = random() % 16 == 0;
    (void)evaluate(s, *f, block);
  }
}

std::string bad_declaration(const nx_function& f) {
  const std::string_view name = view(f.name);
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (name.empty() || !std::ranges::all_of(name, good) || (name[0] >= '0' && name[0] <= '9'))
    return "its name is not [a-z_][a-z0-9_]*";
  if (f.kind < NX_FN_SCALAR || f.kind > NX_FN_MATRIX)
    return "its kind is " + std::to_string(f.kind);
  if (f.returns != NX_ARG_SCALAR && f.returns != NX_ARG_VECTOR)
    return "it returns " + std::to_string(f.returns);
  if (f.required > f.param_count) return "it requires more parameters than it has";
  const std::span<const std::uint32_t> params(f.params, f.param_count);
  const auto count = [&](std::uint32_t type) { return std::ranges::count(params, type); };
  if (f.kind == NX_FN_WINDOW && count(NX_ARG_RANGE) != 1) return "a WINDOW takes one range vector";
  if (f.kind == NX_FN_ELEMENTWISE && count(NX_ARG_VECTOR) != 1)
    return "an ELEMENTWISE takes one instant vector";
  if (f.kind == NX_FN_SCALAR && count(NX_ARG_VECTOR) + count(NX_ARG_RANGE) != 0)
    return "a SCALAR takes no vectors";
  return {};
}

void check_declarations(Case& c) {
  Session s(c, {});
  for (const nx_function* f : functions_of(s)) {
    const std::string name(view(f->name));
    if (std::string why = bad_declaration(*f); !why.empty()) {
      c.report.find("NXR-FUN-1", "function " + name + ": " + why);
    }
    if (f->doc.len == 0) c.report.find("NXR-DSC-3", "function " + name + " has no doc");
  }
  c.report.note(std::to_string(functions_of(s).size()) + " functions");
}

bool same(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) == std::isnan(b);
  if (a == b) return true;
  return std::fabs(a - b) <= 1e-9 * std::max(std::fabs(a), std::fabs(b)) + 1e-12;
}

// How the elements of `part`, which is `whole` cut, differ from what they were in it; empty: they
// don't.
std::string difference(const nx_function& f, const FunctionResult& whole,
                       const FunctionResult& part, const FunctionBlock& block, std::uint32_t series,
                       std::uint32_t step, const char* how) {
  for (std::uint64_t i = 0; i < part.v.size(); ++i) {
    const std::uint64_t at =
        (series + i / part.step_count) * block.step_count + step + i % part.step_count;
    if (whole.present[at] == part.present[i] &&
        (part.present[i] == 0 || same(whole.v[at], part.v[i])))
      continue;
    return "function " + std::string(view(f.name)) + " " + how + ": series " +
           std::to_string(series) + " step " + std::to_string(step) + " gives " +
           std::to_string(part.v[i]) + " instead of " + std::to_string(whole.v[at]);
  }
  return {};
}

// Kernels see all steps of a query at once, so they may look across them: that is only noted.
// REQUIRES: a block of one series.
bool looks_across_steps(Session& s, const nx_function& f, const FunctionBlock& block,
                        const FunctionResult& whole) {
  const std::uint32_t half = block.step_count / 2;
  if (half == 0) return false;
  const FunctionBlock first = block.cut(0, 1, 0, half);
  const FunctionBlock second = block.cut(0, 1, half, block.step_count);
  return !difference(f, whole, evaluate(s, f, first), block, 0, 0, "").empty() ||
         !difference(f, whole, evaluate(s, f, second), block, 0, half, "").empty();
}

void check_cuts(Case& c) {
  Session s(c, {});
  if (!s.up()) return;
  for (const nx_function* f : functions_of(s)) {
    if (f->kind == NX_FN_MATRIX || (f->flags & NX_FN_VOLATILE) != 0) continue;
    bool across = false;
    for (int round = 0; round < 6; ++round) {
      const FunctionBlock block = FunctionBlock::random(*f, c.random);
      const FunctionResult whole = evaluate(s, *f, block);
      if (whole.status < 0) continue;
      for (std::uint32_t series = 0; series < block.series_count; ++series) {
        const FunctionBlock one = block.cut(series, series + 1, 0, block.step_count);
        const FunctionResult alone = evaluate(s, *f, one);
        const std::string why = difference(*f, whole, alone, block, series, 0, "alone");
        if (!why.empty()) c.report.find("NXR-FUN-2", why);
        across = across || looks_across_steps(s, *f, one, alone);
      }
    }
    if (across) c.report.note("function " + std::string(view(f->name)) + " looks across steps");
  }
}

void check_edges(Case& c) {
  Session s(c, {});
  if (!s.up()) return;
  for (const nx_function* f : functions_of(s)) {
    for (const std::uint32_t samples : {0u, 1u, 2u}) {
      (void)evaluate(s, *f, FunctionBlock::sized(*f, c.random, 1, 1, samples));
      (void)evaluate(s, *f, FunctionBlock::sized(*f, c.random, 3, 2, samples));
    }
  }
}

constexpr std::array kFunctionChecks = {
    Check{"function", "declarations", &check_declarations},
    Check{"function", "cut_anywhere", &check_cuts},
    Check{"function", "edges", &check_edges},
};

}  // namespace

const KindSuite& function_suite() {
  static const KindSuite suite = {"function",      NX_FUNCTIONS_ID, &exercise_function, true, false,
                                  kFunctionChecks, nullptr};
  return suite;
}

}  // namespace narthex::check
