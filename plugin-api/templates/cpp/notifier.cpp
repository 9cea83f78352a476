// SPDX-License-Identifier: Apache-2.0
// A notifier plugin: writes every alert into the agent's log.
#include <narthex/sdk/notifier.hpp>

#include <string>

namespace sdk = narthex::sdk;

class @CLASS@ {
 public:
  static constexpr std::string_view kName = "@NAME@";
  static constexpr std::string_view kSummary = "Alerts into the log";

  explicit @CLASS@(sdk::Host host) : host_(host) {}

  void notify(const sdk::Alerts& alerts, std::int64_t) {
    for (std::size_t i = 0; i < alerts.size(); ++i) {
      const sdk::Alert alert = alerts[i];
      host_.warn(alert.firing() ? "alert fires" : "alert is over",
                 {{"alertname", alert.name()}, {"summary", alert.annotation("summary")}});
    }
  }

 private:
  const sdk::Host host_;
};

NARTHEX_PLUGIN("@ID@", "1.0.0", "Alerts into the log", sdk::Notifier<@CLASS@>)
