// SPDX-License-Identifier: Apache-2.0
// The shell of storage.memory: options, clocks of the host, entry.
#include "storage/memory/database.hpp"

#include <narthex/sdk/storage.hpp>

namespace narthex::storage::memory {
namespace {

class Plugin : public Database {
 public:
  using Options = memory::Options;
  static constexpr std::string_view kName = "memory";
  static constexpr std::string_view kSummary = "Keeps samples in memory, bounded, oldest dropped first";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT | NX_COMPONENT_NO_ISOLATION;
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"max_bytes", &Options::max_bytes, "\"0\"",
       "Memory for series and samples; 0 means a quarter of the RAM.", "bytes"},
      {"max_exemplars", &Options::max_exemplars, "100000",
       "Exemplars kept, over all series; 0 keeps none.", {}, R"("minimum": 0)"},
  };

  Plugin(sdk::Host host, Options options)
      : Database(options, {[host] { return host.now_ms(); }, [host] { return host.mono_ns(); }}) {}
};

}  // namespace
}  // namespace narthex::storage::memory

NARTHEX_PLUGIN("storage.memory", "0.1.0", "The storage backend that lives in memory",
               narthex::sdk::Storage<narthex::storage::memory::Plugin>)
