// SPDX-License-Identifier: Apache-2.0
// promql_functions.hpp - the functions of the promql plugin without any host, for tests of the
// query engine.
#pragma once

#include "plugins/function/promql/families.hpp"
#include "promql/functions.hpp"

#include <narthex/sdk/guard.hpp>

#include <initializer_list>
#include <memory>
#include <span>

namespace narthex::test {

class DirectCaller final : public promql::KernelCaller {
 public:
  Status call(const std::function<nx_status(void*, nx_error*)>& f) const override {
    sdk::ErrorSlot error;
    return error.status(f(nullptr, &error));
  }
};

// Of plugins, each with its rows.
inline std::shared_ptr<const promql::FunctionTable> functions_of(
    std::initializer_list<std::span<const nx_function* const>> plugins) {
  auto table = std::make_shared<promql::FunctionTable>();
  for (const std::span<const nx_function* const> rows : plugins) {
    nx_function_set set{};
    set.struct_size = sizeof set;
    set.count = static_cast<std::uint32_t>(rows.size());
    set.functions = rows.data();
    table->add(set, std::make_shared<DirectCaller>());
  }
  return table;
}

inline std::shared_ptr<const promql::FunctionTable> promql_functions() {
  return functions_of({function_promql::all_functions()});
}

}  // namespace narthex::test
