// SPDX-License-Identifier: Apache-2.0
#include "plugin_functions.hpp"

#include "host/plugin_host.hpp"

#include <narthex/function.h>

namespace narthex {

namespace {

constexpr const char* kEntry = NX_FUNCTIONS_ID ".eval";

// Calls kernels inside the guard of their instance.
class GuardedCaller final : public promql::KernelCaller {
 public:
  explicit GuardedCaller(std::shared_ptr<host::Instance> instance)
      : instance_(std::move(instance)), site_(instance_->site(kEntry, 0)) {}
  Status call(const std::function<nx_status(void*, nx_error*)>& f) const override {
    return instance_->call(site_, f);
  }

 private:
  const std::shared_ptr<host::Instance> instance_;
  const host::CallSite site_;
};

}  // namespace

std::shared_ptr<const promql::FunctionTable> load_plugin_functions(host::PluginHost& plugins,
                                                                   const telemetry::Log& log) {
  auto table = std::make_shared<promql::FunctionTable>();
  for (const auto& instance : plugins.start_all(NX_FUNCTIONS_ID, "function")) {
    const auto* set = static_cast<const nx_function_set*>(instance->table(NX_FUNCTIONS_ID));
    for (const std::string& refused : table->add(*set, std::make_shared<GuardedCaller>(instance))) {
      log.warn("function not taken", {{"plugin", instance->plugin_id()}, {"err", refused}});
    }
  }
  return table;
}

}  // namespace narthex
