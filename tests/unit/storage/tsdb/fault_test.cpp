// SPDX-License-Identifier: Apache-2.0
// Every call of the file system fails once, or from then on: what was acknowledged is never lost,
// what was refused is told, and nothing needs help afterwards.
#include "harness.hpp"

#include <catch2/catch.hpp>

namespace narthex::storage::tsdb::test {
namespace {

using narthex::test::Call;

Labels series(int i) {
  return Labels{{"__name__", "m"},
                {"instance", "i" + std::to_string(i % 3)},
                {"job", "j"},
                {"n", std::to_string(i)}};
}

// Writes while things fail; remembers what was acknowledged.
class Story {
 public:
  Story(int n, int error, bool sticky) : h_(small()) {
    write(20);
    h_.files->fail_any(n, error, sticky);
  }

  void run() {
    write(20);
    h_.flush_all();
    write(20);
    erase_nothing();
    h_.flush_all();
    write(20);
    (void)h_.db().maintain(0);
  }
  void check_after_healing() {
    h_.files->heal();
    compare("live");
    write(5);
    compare("live, after writing again");
  }
  void check_after(const std::string& how) {
    h_.files->heal();
    if (how == "crash") h_.crash();
    if (how == "restart") h_.restart();
    compare(how);
    write(5);
    compare(how + ", after writing again");
  }
  bool fired() const { return h_.files->fired(); }

  Harness h_;

 private:
  static Options small() {
    Options options;
    options.fsync = "always";
    return options;
  }
  void write(int count) {
    for (int i = 0; i < count; ++i) {
      clock_ += 1000;
      const Labels labels = series(i);
      try {
        const std::uint8_t code = h_.write(labels, clock_, i + 0.25);
        if (code == NX_ROW_OK) acknowledged_[text_of(labels)][clock_] = bits_of(i + 0.25);
      } catch (const sdk::Error&) {
        // Refused, or stored without being acknowledged: the sender comes again.
        maybe_[text_of(labels)][clock_] = bits_of(i + 0.25);
      }
    }
  }
  void erase_nothing() {
    const TestMatcher m = eq("n", "none");
    const nx_matcher* raw = &m;
    (void)h_.db().delete_series(std::span(&raw, 1), 0, kNow);
  }
  void compare(const std::string& when) {
    INFO(when);
    const Found found = h_.read({});
    for (const auto& [name, samples] : acknowledged_) {
      const auto at = found.find(name);
      if (at == found.end()) {
        FAIL_CHECK("no series " << name);
        continue;
      }
      for (const auto& [t, bits] : samples) {
        const bool there =
            std::find(at->second.begin(), at->second.end(), Value{t, bits}) != at->second.end();
        if (!there) FAIL_CHECK(name << " has lost " << t - kNow);
      }
      for (const Value& v : at->second) {
        const bool right = (samples.count(v.t) != 0 && samples.at(v.t) == v.bits) ||
                           (maybe_[name].count(v.t) != 0 && maybe_[name].at(v.t) == v.bits);
        if (!right) FAIL_CHECK(name << " has what was never written at " << v.t - kNow);
      }
    }
  }

  std::int64_t clock_ = kNow - 3'600'000;
  std::map<std::string, std::map<std::int64_t, std::uint64_t>> acknowledged_;
  std::map<std::string, std::map<std::int64_t, std::uint64_t>> maybe_;
};

TEST_CASE("no call that fails loses an acknowledged sample", "[tsdb][fault]") {
  for (const bool sticky : {false, true}) {
    for (const char* how : {"live", "crash", "restart"}) {
      for (int n = 1;; ++n) {
        INFO("call " << n << (sticky ? " and all after it fail, " : " fails, ") << how);
        Story story(n, n % 2 == 0 ? EIO : ENOSPC, sticky);
        story.run();
        if (!story.fired()) break;
        if (std::string(how) == "live") {
          story.check_after_healing();
        } else {
          story.check_after(how);
        }
      }
    }
  }
}

TEST_CASE("closing on a disk that fails loses nothing", "[tsdb][fault]") {
  for (int n = 1; n < 60; ++n) {
    INFO("call " << n);
    Story story(1'000'000, EIO, true);
    story.run();
    story.h_.files->fail_any(n, EIO, true);
    story.h_.backend.reset();
    story.h_.files->heal();
    story.h_.open();
    story.check_after("restart");
  }
}

}  // namespace
}  // namespace narthex::storage::tsdb::test
