// SPDX-License-Identifier: Apache-2.0
// A plugin from outside of the tree, in C++: says in the log that it lives.
#include <narthex/sdk/event.hpp>

namespace sdk = narthex::sdk;

class Outside {
 public:
  static constexpr std::string_view kName = "outside_cpp";
  static constexpr std::string_view kSummary = "Built elsewhere";
  explicit Outside(sdk::Host host) : host_(host) {}
  void start() const { host_.info("greetings from outside"); }

 private:
  const sdk::Host host_;
};

NARTHEX_PLUGIN("org.example.outside_cpp", "2.0.0", "Built elsewhere", sdk::Listener<Outside>)
