// SPDX-License-Identifier: Apache-2.0
#include "promql/functions.hpp"

#include "promql/signatures.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <array>

namespace narthex::promql {

namespace {

// They look at the text of their arguments, or at the query as a whole.
constexpr std::array<std::string_view, 9> kBuiltIn = {
    "absent", "absent_over_time", "end", "info", "max_of", "min_of", "range", "start", "step"};

bool is_built_in(std::string_view name) {
  return std::find(kBuiltIn.begin(), kBuiltIn.end(), name) != kBuiltIn.end();
}

bool value_type_of(std::uint32_t arg, ValueType& out) {
  switch (arg) {
    case NX_ARG_SCALAR:
      out = ValueType::kScalar;
      return true;
    case NX_ARG_STRING:
      out = ValueType::kString;
      return true;
    case NX_ARG_VECTOR:
      out = ValueType::kVector;
      return true;
    case NX_ARG_RANGE:
      out = ValueType::kMatrix;
      return true;
    default:
      return false;
  }
}

bool has_kernel(const nx_function& f) {
  switch (f.kind) {
    case NX_FN_SCALAR:
    case NX_FN_ELEMENTWISE:
      return f.eval != nullptr;
    case NX_FN_WINDOW:
      return f.eval_window != nullptr;
    case NX_FN_MATRIX:
      return f.eval_matrix != nullptr;
    default:
      return false;
  }
}

// Which argument of a kind has the series: exactly one for the simple kinds.
bool arguments_fit_kind(const FunctionSignature& signature, std::uint32_t kind) {
  const auto count = [&](ValueType type) {
    return std::count(signature.params.begin(), signature.params.end(), type);
  };
  switch (kind) {
    case NX_FN_SCALAR:
      return count(ValueType::kVector) == 0 && count(ValueType::kMatrix) == 0;
    case NX_FN_ELEMENTWISE:
      return count(ValueType::kVector) == 1 && count(ValueType::kMatrix) == 0;
    case NX_FN_WINDOW:
      return count(ValueType::kMatrix) == 1 && count(ValueType::kVector) == 0;
    default:
      return count(ValueType::kMatrix) == 0;
  }
}

bool read_signature(const nx_function& f, FunctionSignature& out) {
  out.name = std::string(view(f.name));
  out.required = f.required;
  out.repeats = f.variadic != 0;
  out.experimental = (f.flags & NX_FN_EXPERIMENTAL) != 0;
  if (out.name.empty() || f.required > f.param_count || !value_type_of(f.returns, out.returns)) {
    return false;
  }
  if (out.returns != ValueType::kScalar && out.returns != ValueType::kVector) return false;
  for (std::uint32_t i = 0; i < f.param_count; ++i) {
    ValueType type{};
    if (!value_type_of(f.params[i], type)) return false;
    out.params.push_back(type);
  }
  return has_kernel(f) && arguments_fit_kind(out, f.kind);
}

}  // namespace

std::string_view documented_name(ValueType type) {
  switch (type) {
    case ValueType::kVector:
      return "instant vector";
    case ValueType::kMatrix:
      return "range vector";
    default:
      return json_name(type);
  }
}

std::string_view json_name(ValueType type) {
  switch (type) {
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kString:
      return "string";
    case ValueType::kVector:
      return "vector";
    default:
      return "matrix";
  }
}

int FunctionSignature::variadic() const {
  return repeats ? -1 : static_cast<int>(params.size()) - static_cast<int>(required);
}

FunctionTable::FunctionTable() {
  for (FunctionSignature& signature : known_signatures()) {
    FunctionEntry& entry = entries_[signature.name];
    entry.built_in = is_built_in(signature.name);
    entry.signature = std::move(signature);
    entry.standard = true;
  }
}

std::vector<std::string> FunctionTable::add(const nx_function_set& set,
                                            std::shared_ptr<const KernelCaller> caller) {
  std::vector<std::string> refused;
  for (std::uint32_t i = 0; i < set.count; ++i) {
    const nx_function& f = *set.functions[i];
    FunctionSignature signature;
    const bool sound = read_signature(f, signature);
    const auto known = entries_.find(signature.name);
    if (!sound || (known != entries_.end() && known->second.available())) {
      refused.push_back(signature.name);
      continue;
    }
    FunctionEntry& entry = entries_[signature.name];
    entry = {std::move(signature), &f, caller, entry.standard, false};
  }
  return refused;
}

const FunctionEntry* FunctionTable::find(std::string_view name) const {
  const auto at = entries_.find(name);
  return at != entries_.end() ? &at->second : nullptr;
}

}  // namespace narthex::promql
