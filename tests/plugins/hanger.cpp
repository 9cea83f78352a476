// SPDX-License-Identifier: Apache-2.0
// Its collect() does not come back until a file appears (or 30 s have passed).
#include <narthex/sdk/exporter.hpp>

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

  void collect(sdk::Collection&) const {
    if (!options_.inside.empty()) std::ofstream(options_.inside) << "here";
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!std::filesystem::exists(options_.until) && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

 private:
  const Options options_;
};

NARTHEX_PLUGIN("org.example.hanger", "1.0.0", "Hangs", sdk::Exporter<Hanger>)
