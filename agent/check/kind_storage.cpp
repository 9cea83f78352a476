// SPDX-License-Identifier: Apache-2.0
// kind_storage.cpp - storage backends: what was written is found again, and nothing else.
#include "check/store_book.hpp"
#include "check/suite.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

namespace narthex::check {
namespace {

// Series of a small fleet. `first_t`: some minutes before now, so that no retention bites.
std::vector<SeriesSamples> fleet(std::int64_t first_t, std::uint32_t series, std::uint32_t samples,
                                 std::mt19937_64& random) {
  constexpr std::array<std::uint64_t, 6> kBits = {NX_STALE_NAN_BITS,  NX_NORMAL_NAN_BITS,
                                                  0x8000000000000000, 0x7ff0000000000000,
                                                  0x0000000000000001, 0x7ff800000000beef};
  std::vector<SeriesSamples> list;
  for (std::uint32_t s = 0; s < series; ++s) {
    SeriesSamples each;
    each.labels = {{"__name__", s % 2 == 0 ? "kit_requests_total" : "kit_load"},
                   {"instance", "host-" + std::to_string(s)},
                   {"job", s % 3 == 0 ? "api" : "web"}};
    if (s % 4 == 0) each.labels.set("zone", "\xC3\xB8st");
    for (std::uint32_t k = 0; k < samples; ++k) {
      const double v = random() % 8 == 0 ? std::bit_cast<double>(kBits[random() % kBits.size()])
                                         : static_cast<double>(random() % 100'000) / 8;
      each.samples.push_back({first_t + k * 1000 + s, v});
    }
    list.push_back(std::move(each));
  }
  return list;
}

std::int64_t an_hour_ago(Session& s) { return s.host().raw()->now_ms(s.host().raw()) - 3'600'000; }

std::string text_of(const Labels& labels) {
  std::string text = "{";
  for (const auto& [name, value] : labels) {
    if (text.size() > 1) text += ", ";
    text += name + "=\"" + value + '"';
  }
  return text + '}';
}

Stored expected(const std::vector<SeriesSamples>& series) {
  Stored stored;
  for (const SeriesSamples& each : series) {
    auto& samples = stored[text_of(each.labels)];
    for (const StoredSample& sample : each.samples) {
      samples.emplace_back(sample.t, std::bit_cast<std::uint64_t>(sample.v));
    }
  }
  return stored;
}

const std::vector<MatcherText> kAll = {{NX_MATCH_NE, "__name__", ""}};

void exercise_storage(Session& s, std::mt19937_64& random) {
  StoreBook book(s);
  if (book.can(NX_STORAGE_WRITE)) {
    const std::int64_t t = an_hour_ago(s) + static_cast<std::int64_t>(random() % 1'000'000);
    (void)book.write(fleet(t, 1 + static_cast<std::uint32_t>(random() % 8), 10, random),
                     random() % 8 == 0 ? TxnEnd::kRollback : TxnEnd::kCommit);
  }
  if (book.can(NX_STORAGE_READ)) {
    (void)book.read(kAll, 0, INT64_MAX - 1);
    (void)book.read({{NX_MATCH_RE, "job", "a.*"}}, 0, INT64_MAX - 1, {.flags = 0});
    (void)book.label_names({});
    (void)book.label_values("instance");
  }
  (void)book.maintain(s.host().raw()->mono_ns(s.host().raw()) + 50'000'000);
  (void)book.stats();
}

// A session whose storage takes and gives samples; false: it does not.
bool ready(Session& s, StoreBook& book) {
  if (!s.up()) return false;
  if (book.can(NX_STORAGE_WRITE | NX_STORAGE_READ)) return true;
  s.report().skip("it does not both write and read");
  return false;
}

void find_difference(Case& c, const Stored& want, const Stored& got, const std::string& what) {
  if (want == got) return;
  std::string text =
      what + ": " + std::to_string(got.size()) + " series of " + std::to_string(want.size());
  for (const auto& [name, samples] : want) {
    const auto at = got.find(name);
    if (at != got.end() && at->second == samples) continue;
    text += "; " + name + " has " + std::to_string(at == got.end() ? 0 : at->second.size()) +
            " samples, " + std::to_string(samples.size()) + " were written";
    for (std::size_t i = 0; at != got.end() && i < std::min(samples.size(), at->second.size());
         ++i) {
      if (samples[i] == at->second[i]) continue;
      text += ", sample " + std::to_string(i) + " differs";
      break;
    }
    break;
  }
  c.report.find("NXR-STO-1", text);
}

void check_round_trip(Case& c) {
  Session s(c, {});
  StoreBook book(s);
  if (!ready(s, book)) return;
  const auto written = fleet(an_hour_ago(s), 12, 200, c.random);
  const WriteOutcome outcome = book.write(written);
  if (!outcome.result.ok())
    return c.report.find("NXR-STO-1", "a plain write fails: " + outcome.result.text);
  if (outcome.accepted != 12 * 200) {
    c.report.find("NXR-STO-1",
                  "of 2400 rows " + std::to_string(outcome.accepted) + " are accepted");
  }
  find_difference(c, expected(written), book.read(kAll, 0, INT64_MAX - 1), "read back");
  (void)book.maintain(INT64_MAX);
  find_difference(c, expected(written), book.read(kAll, 0, INT64_MAX - 1), "after maintenance");
  // A part of the time.
  const std::int64_t from = written[0].samples[50].t;
  const std::int64_t to = written[0].samples[99].t;
  Stored part = expected(written);
  for (auto& [name, samples] : part) {
    std::erase_if(samples, [&](const auto& each) { return each.first < from || each.first > to; });
  }
  find_difference(c, part, book.read(kAll, from, to), "a part of the time");
}

void check_order(Case& c) {
  Session s(c, {});
  StoreBook book(s);
  if (!ready(s, book)) return;
  if (!book.can(NX_STORAGE_OUT_OF_ORDER)) return c.report.skip("it takes no samples out of order");
  const std::int64_t t = an_hour_ago(s);
  const Labels labels = {{"__name__", "kit_order"}};
  (void)book.write({{labels, {{t + 3000, 3}}}});
  (void)book.write({{labels, {{t + 1000, 1}}}});
  (void)book.write({{labels, {{t + 2000, 2}}}});
  (void)book.write({{labels, {{t + 1000, 7}}}});  // at an older time the last write wins
  const Stored want = expected({{labels, {{t + 1000, 7}, {t + 2000, 2}, {t + 3000, 3}}}});
  find_difference(c, want, book.read(kAll, 0, INT64_MAX - 1), "written in any order");

  const WriteOutcome same = book.write({{labels, {{t + 3000, 3}}}});
  if (same.accepted != 1) c.report.find("NXR-STO-1", "the newest sample again is not accepted");
  const WriteOutcome other = book.write({{labels, {{t + 3000, 4}}}});
  if (other.refused != 1 || other.codes[0] != NX_ROW_DUPLICATE) {
    c.report.find("NXR-STO-1", "another value at the newest time is not refused as a duplicate");
  }
}

void check_rollback(Case& c) {
  Session s(c, {});
  StoreBook book(s);
  if (!ready(s, book)) return;
  (void)book.write(fleet(an_hour_ago(s), 4, 10, c.random), TxnEnd::kRollback);
  for (const auto& [name, samples] : book.read(kAll, 0, INT64_MAX - 1)) {
    if (!samples.empty()) c.report.find("NXR-STO-3", name + " has samples after a rollback");
  }
}

std::set<std::string> names_in(const Stored& stored) {
  std::set<std::string> names;
  for (const auto& [name, samples] : stored) names.insert(name);
  return names;
}

void check_matchers(Case& c) {
  Session s(c, {});
  StoreBook book(s);
  if (!ready(s, book)) return;
  const auto written = fleet(an_hour_ago(s), 12, 3, c.random);
  (void)book.write(written);
  const std::vector<std::vector<MatcherText>> kTries = {
      {{NX_MATCH_EQ, "__name__", "kit_load"}},
      {{NX_MATCH_EQ, "__name__", "kit_load"}, {NX_MATCH_NE, "job", "web"}},
      {{NX_MATCH_RE, "instance", "host-(1|2|11)"}},
      {{NX_MATCH_NRE, "instance", "host-1.*"}},
      {{NX_MATCH_EQ, "__name__", "kit_load"}, {NX_MATCH_EQ, "zone", ""}},
      {{NX_MATCH_NE, "zone", ""}},
      {{NX_MATCH_EQ, "__name__", "nobody"}},
      {{NX_MATCH_RE, "job", ".+"}, {NX_MATCH_RE, "zone", ".*"}},
  };
  for (const auto& matchers : kTries) {
    std::set<std::string> want;
    for (const SeriesSamples& each : written) {
      const bool all = std::ranges::all_of(matchers, [&](const MatcherText& m) {
        return matcher_accepts(m, each.labels.get(m.name));
      });
      if (all) want.insert(text_of(each.labels));
    }
    if (names_in(book.read(matchers, 0, INT64_MAX - 1)) == want) continue;
    c.report.find("NXR-STO-2", "the matcher " + matchers[0].name + " op " +
                                   std::to_string(matchers[0].op) + " \"" + matchers[0].value +
                                   "\" does not select what it should");
  }
}

void check_selection(Case& c) {
  Session s(c, {});
  StoreBook book(s);
  if (!ready(s, book)) return;
  const auto written = fleet(an_hour_ago(s), 12, 3, c.random);
  (void)book.write(written);
  std::vector<std::string> order;
  const Stored all = book.read(kAll, 0, INT64_MAX - 1, {}, &order);
  if (order.size() != all.size())
    c.report.find("NXR-STO-2", "a sorted scan comes back to a series");
  Stored together;
  for (std::uint32_t shard = 0; shard < 3; ++shard) {
    const Stored part = book.read(kAll, 0, INT64_MAX - 1, {.shard_index = shard, .shard_count = 3});
    for (const auto& [name, samples] : part) {
      if (!together.emplace(name, samples).second)
        c.report.find("NXR-STO-2", name + " is in two shards");
    }
  }
  if (together != all) c.report.find("NXR-STO-2", "three shards are not the whole");
  order.clear();
  const Stored shared = book.read(kAll, 0, INT64_MAX - 1, {.flags = 0, .split = true}, &order);
  if (shared != all || order.size() != all.size())
    c.report.find("NXR-STO-2", "a cursor and its split do not yield each series once");
  const Stored few = book.read(kAll, 0, INT64_MAX - 1, {.limit_series = 5});
  if (few.size() != 5)
    c.report.find("NXR-STO-2", "limit_series 5 gives " + std::to_string(few.size()));
  const Stored bare =
      book.read(kAll, 0, INT64_MAX - 1, {.flags = NX_SCAN_SORTED | NX_SCAN_NO_SAMPLES});
  if (names_in(bare) != names_in(all)) c.report.find("NXR-STO-2", "NO_SAMPLES finds other series");
  const std::vector<std::string> want = {"__name__", "instance", "job", "zone"};
  if (book.label_names({}) != want)
    c.report.find("NXR-STO-2", "label_names are not sorted and whole");
  if (book.label_values("job") != std::vector<std::string>{"api", "web"}) {
    c.report.find("NXR-STO-2", "label_values are not sorted and whole");
  }
}

void check_capabilities(Case& c) {
  Session s(c, {});
  StoreBook book(s);
  if (!s.up()) return;
  const nx_storage& t = book.table();
  const auto needs_all = [&](std::uint64_t bit, const char* name, bool there) {
    if (book.can(bit) && !there)
      c.report.find("NXR-STO-4", std::string(name) + " without its functions");
  };
  needs_all(NX_STORAGE_WRITE, "WRITE", t.begin && t.resolve && t.append && t.commit && t.rollback);
  needs_all(NX_STORAGE_READ, "READ",
            t.open && t.close && t.select && t.next && t.cursor_close && t.cancel &&
                t.label_names && t.label_values);
  needs_all(NX_STORAGE_DELETE, "DELETE", t.delete_series && t.clean_deleted);
  needs_all(NX_STORAGE_SNAPSHOT, "SNAPSHOT", t.snapshot != nullptr);
  needs_all(NX_STORAGE_COHORTS, "COHORTS", t.cohort_open && t.cohort_close && t.layout);
  if (!book.stats()) c.report.find("NXR-STO-4", "stats gives no table");
  if (!book.can(NX_STORAGE_DELETE | NX_STORAGE_WRITE | NX_STORAGE_READ)) return;
  (void)book.write(fleet(an_hour_ago(s), 4, 10, c.random));
  const std::vector<MatcherText> load = {{NX_MATCH_EQ, "__name__", "kit_load"}};
  if (const CallResult gone = book.erase(load, 0, INT64_MAX - 1); !gone.ok()) {
    c.report.find("NXR-STO-4", "DELETE, but delete_series fails: " + gone.text);
  }
  for (const auto& [name, samples] : book.read(kAll, 0, INT64_MAX - 1)) {
    const bool load_series = name.find("kit_load") != std::string::npos;
    if (load_series && !samples.empty())
      c.report.find("NXR-STO-4", name + " was deleted and has samples");
    if (!load_series && samples.empty())
      c.report.find("NXR-STO-4", name + " lost its samples to a deletion");
  }
}

// Writes in a process that ends without stop(), as after kill -9, and reads in this one.
void check_durable(Case& c) {
  const std::uint64_t seed = c.random();
  const pid_t writer = ::fork();
  if (writer == 0) {
    Session s(c, {});
    StoreBook book(s);
    std::mt19937_64 random(seed);
    if (!s.up(true) || !book.can(NX_STORAGE_DURABLE | NX_STORAGE_WRITE)) ::_exit(3);
    const bool good = book.write(fleet(an_hour_ago(s), 8, 50, random)).result.ok();
    ::_exit(good ? 0 : 4);
  }
  int status = 0;
  ::waitpid(writer, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) == 3) return c.report.skip("it is not durable");
  Session s(c, {});
  StoreBook book(s);
  if (!ready(s, book)) return;
  const Stored got = book.read(kAll, 0, INT64_MAX - 1);
  std::size_t samples = 0;
  for (const auto& [name, each] : got) samples += each.size();
  if (got.size() != 8 || samples != 8 * 50) {
    c.report.find("NXR-STO-4", "DURABLE, but of 400 committed samples " + std::to_string(samples) +
                                   " survive the end of the process");
  }
}

constexpr std::array kStorageChecks = {
    Check{"storage", "round_trip", &check_round_trip},
    Check{"storage", "any_order", &check_order},
    Check{"storage", "rollback", &check_rollback},
    Check{"storage", "matchers", &check_matchers},
    Check{"storage", "selection", &check_selection},
    Check{"storage", "capabilities", &check_capabilities},
    Check{"storage", "durable", &check_durable},
};

}  // namespace

const KindSuite& storage_suite() {
  static const KindSuite suite = {"storage",      NX_STORAGE_ID, &exercise_storage, true, true,
                                  kStorageChecks, nullptr};
  return suite;
}

}  // namespace narthex::check
