// SPDX-License-Identifier: Apache-2.0
// Wants more than it may: keeps buffers, floods the log and the bus, publishes on the agent's
// topics, asks for metrics with bad names. Says in its log what the host let it have, and what it
// did not offer. Its collections are right.
#include <narthex/sdk/event.hpp>
#include <narthex/sdk/exporter.hpp>

#include <string>

extern "C" __attribute__((weak)) void __lsan_ignore_object(const void* block);  // LeakSanitizer's

namespace sdk = narthex::sdk;

class Greedy {
 public:
  static constexpr std::string_view kName = "greedy";
  static constexpr std::string_view kSummary = "Wants too much";

  explicit Greedy(sdk::Host host) : host_(host) {}

  void start() {
    say("buffer", take_buffer(100));
    say("huge_buffer", take_buffer(std::uint64_t{1} << 40));
    const sdk::Topic foreign(host_, "plugin.state");
    say("foreign_topic", foreign.publish({}).ok());
    const sdk::Topic own(host_, "org.example.greedy.noise");
    say("own_topic", own.publish({}).ok());
    int taken = 0;
    while (taken < 5000 && own.publish({}).ok()) ++taken;
    host_.info("greedy", {{"what", "flood"}, {"taken", std::to_string(taken)}});
    const std::string text(70'000, 'x');
    sdk::TreeArena arena;
    const nx_kv large[] = {arena.entry("text", arena.string(text))};
    say("large_event", own.publish(large).ok());
    const auto* metrics = host_.service<nx_ext_metrics>(NX_EXT_METRICS);
    say("bad_metric",
        metrics != nullptr && metrics->cell(host_.raw(), NX_TYPE_COUNTER, NX_STR("no good name"),
                                            NX_STR(""), nullptr, 0) != nullptr);
    say("unknown_service", host_.service<int>("narthex.unheard_of/1") != nullptr);
    for (int i = 0; i < 1000; ++i) host_.info("noise", {{"i", std::to_string(i)}});
  }

  void collect(sdk::Collection&) const {}

 private:
  void say(std::string_view what, bool got) const {
    host_.info("greedy", {{"what", what}, {"got", got ? "yes" : "no"}});
  }
  bool take_buffer(std::uint64_t size) const {
    void* memory = nullptr;
    // Never released: that is what is bad about it. A leak checker is told so.
    nx_buffer* const taken = host_.raw()->buffer_new(host_.raw(), size, &memory);
    if (taken != nullptr && __lsan_ignore_object != nullptr) __lsan_ignore_object(taken);
    return taken != nullptr;
  }
  const sdk::Host host_;
};

NARTHEX_PLUGIN("org.example.greedy", "1.0.0", "Wants too much", sdk::Exporter<Greedy>)
