// SPDX-License-Identifier: Apache-2.0
// A plugin that listens: counts the events below a pattern, shows the count on the agent's
// /metrics, and tells the bus when a round number is reached.
#include <narthex/sdk/event.hpp>

#include <atomic>
#include <string>
#include <utility>

namespace sdk = narthex::sdk;

class Tally {
 public:
  static constexpr std::string_view kName = "tally";
  static constexpr std::string_view kSummary = "Counts events";
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_BUS)};

  struct Options {
    std::string pattern;
    std::int64_t round = 0;
  };
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"pattern", &Options::pattern, "\">\"", "Topics to count."},
      {"round", &Options::round, "100", "Publishes after this many events.", {}, R"("minimum": 1)"},
  };

  Tally(sdk::Host host, Options options)
      : host_(host),
        options_(std::move(options)),
        seen_(host, NX_TYPE_COUNTER, "example_tally_events_total", "Events seen by the example.") {}

  narthex::Status start() {
    reached_ = sdk::Topic(host_, "org.example.tally.reached");
    auto made = sdk::Subscription::make(host_, options_.pattern,
                                        [this](const sdk::Event& event) { take(event); });
    if (!made.ok()) return made.status();
    subscription_ = std::move(made).value();
    return {};
  }
  void stop() { subscription_ = {}; }

 private:
  void take(const sdk::Event& event) {
    if (event.topic() == "org.example.tally.reached") return;
    seen_.add();
    if (++count_ % options_.round != 0) return;
    const nx_kv count = {NX_STR("count"), sdk::TreeArena().integer(count_)};
    (void)reached_.publish({&count, 1});
  }

  const sdk::Host host_;
  const Options options_;
  const sdk::Cell seen_;
  sdk::Topic reached_;
  sdk::Subscription subscription_;
  std::int64_t count_ = 0;
};

NARTHEX_PLUGIN("org.example.tally", "1.0.0", "Counts events", sdk::Listener<Tally>)
