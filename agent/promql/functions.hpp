// SPDX-License-Identifier: Apache-2.0
// functions.hpp - the functions a query may call: their types, for the parser, and their kernels,
// for the evaluator. Filled from function plugins.
//
// A table is built once and immutable afterwards, then thread-safe; queries keep it alive by
// shared_ptr. Functions of Prometheus that no plugin offers are there with their types only, so
// that every query of the language can be parsed and formatted; evaluating one is an error.
#pragma once

#include <narthex/function.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::promql {

enum class ValueType : std::uint8_t { kScalar, kString, kVector, kMatrix };

// "scalar", "instant vector", "range vector", "string": in messages.
std::string_view documented_name(ValueType type);
// "scalar", "vector", "matrix", "string": in JSON.
std::string_view json_name(ValueType type);

struct FunctionSignature {
  std::string name;
  std::vector<ValueType> params;
  std::uint32_t required = 0;  // how many of them; the rest is optional
  bool repeats = false;        // the last one may repeat without end
  ValueType returns = ValueType::kVector;
  bool experimental = false;

  // 0: none, -1: without end, else how many may be left out: the number that Prometheus shows.
  int variadic() const;
};

// Makes the calls into the plugin of a function, so that its host can guard and measure them.
class KernelCaller {
 public:
  virtual ~KernelCaller() = default;
  // Runs f(instance, error) and returns what it said as Status.
  virtual Status call(const std::function<nx_status(void*, nx_error*)>& f) const = 0;
};

struct FunctionEntry {
  FunctionSignature signature;
  const nx_function* kernel = nullptr;  // null: built in, or known by name only
  std::shared_ptr<const KernelCaller> caller;
  bool standard = false;  // one of Prometheus's: its meaning is known
  bool built_in = false;  // evaluated by the engine, since it looks at its argument's text

  bool available() const { return built_in || kernel != nullptr; }
};

class FunctionTable {
 public:
  FunctionTable();  // with the types of Prometheus's functions

  // Adds what a plugin offers. A function that another plugin has offered before keeps its first
  // owner and is named in the answer; so is one whose description makes no sense.
  std::vector<std::string> add(const nx_function_set& set,
                               std::shared_ptr<const KernelCaller> caller);

  const FunctionEntry* find(std::string_view name) const;
  // All, by name.
  const std::map<std::string, FunctionEntry, std::less<>>& entries() const { return entries_; }

 private:
  std::map<std::string, FunctionEntry, std::less<>> entries_;
};

}  // namespace narthex::promql
