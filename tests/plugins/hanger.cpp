// SPDX-License-Identifier: Apache-2.0
// Its collect() does not come back until a file appears (or 30 s have passed).
#include <narthex/exporter.h>
#include <narthex/sdk/component.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

namespace sdk = narthex::sdk;

class Hanger {
 public:
  static constexpr std::string_view kName = "hanger";
  static constexpr std::string_view kSummary = "Hangs";
  struct Options {
    std::string until;
    std::string inside;
  };
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"until", &Options::until, sdk::required, "Hangs until this file is there."},
      {"inside", &Options::inside, "", "Makes this file when it begins; optional."},
  };
  Hanger(sdk::Host, Options options) : options_(std::move(options)) {}

  void collect() const {
    if (!options_.inside.empty()) std::ofstream(options_.inside) << "here";
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!std::filesystem::exists(options_.until) && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

 private:
  const Options options_;
};

struct HangingExporter {
  static const nx_component* component() {
    static const nx_exporter table = {sizeof(nx_exporter), 0, &collect};
    static const nx_interface interfaces[] = {{NX_STR(NX_EXPORTER_ID), &table}};
    static const nx_component component = sdk::describe<Hanger>(interfaces);
    return &component;
  }
  static nx_status collect(void* instance, const nx_collection*, nx_error* err) noexcept {
    return sdk::guard(err, [&] { static_cast<Hanger*>(instance)->collect(); });
  }
};

NARTHEX_PLUGIN("org.example.hanger", "1.0.0", "Hangs", HangingExporter)
