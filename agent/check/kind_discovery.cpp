// SPDX-License-Identifier: Apache-2.0
// kind_discovery.cpp - discovery plugins: groups that are sound, the same world twice.
#include "check/data_rules.hpp"
#include "check/suite.hpp"

#include <narthex/discovery.h>
#include <narthex/sdk/guard.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace narthex::check {
namespace {

constexpr const char* kRefresh = NX_DISCOVERY_ID ".refresh";
constexpr const char* kRun = NX_DISCOVERY_ID ".run";
// An answer that most services of the world would understand as one target.
constexpr const char* kAnswer = R"([{"targets": ["127.0.0.1:9100"], "labels": {"env": "kit"}}])";

std::string bad_group(const nx_target_group& group) {
  if (group.struct_size < sizeof(nx_target_group)) return "too small a struct_size";
  if (group.source.len == 0) return "no source";
  if (std::string why = bad_labels(group.labels, group.label_count, false); !why.empty())
    return why;
  for (std::uint32_t i = 0; i < group.target_count; ++i) {
    const nx_target& target = group.targets[i];
    if (std::string why = bad_labels(target.labels, target.label_count, false); !why.empty())
      return why;
    const std::span<const nx_label> labels(target.labels, target.label_count);
    const bool address = std::ranges::any_of(labels, [](const nx_label& l) {
      return view(l.name) == "__address__" && l.value.len != 0;
    });
    if (!address) return "a target without __address__";
  }
  return {};
}

// What one sink got: source -> its group as text, for comparisons.
struct SinkBook {
  KitHost* kit = nullptr;
  std::map<std::string, std::string> groups;
  std::uint64_t updates = 0;
};

std::string group_text(const nx_target_group& group) {
  std::set<std::string> targets;
  const auto add = [](std::string& text, const nx_label* labels, std::uint64_t count) {
    std::map<std::string, std::string> sorted;
    for (std::uint64_t i = 0; i < count; ++i) {
      sorted[std::string(view(labels[i].name))] = view(labels[i].value);
    }
    for (const auto& [name, value] : sorted) text += name + '=' + value + ',';
  };
  std::string text;
  add(text, group.labels, group.label_count);
  for (std::uint32_t i = 0; i < group.target_count; ++i) {
    std::string target;
    add(target, group.targets[i].labels, group.targets[i].label_count);
    targets.insert(target);
  }
  for (const std::string& target : targets) text += '\n' + target;
  return text;
}

nx_status on_update(const nx_discovery_sink* sink, const nx_target_group* const* groups,
                    std::uint32_t count, nx_error* err) {
  auto& book = *static_cast<SinkBook*>(sink->impl);
  book.kit->enter("the sink's update", kAnyContext, true);
  if (book.kit->fails()) return sdk::fail(err, NX_ERR_EXHAUSTED, "the kit takes no targets");
  const std::lock_guard lock(book.kit->mutex());
  ++book.updates;
  std::set<std::string_view> sources;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (std::string why = bad_group(*groups[i]); !why.empty()) {
      book.kit->report().find("NXR-DIS-1", "a target group has " + why);
      return sdk::fail(err, NX_ERR_INVALID_ARGUMENT, why);
    }
    const std::string_view source = view(groups[i]->source);
    if (!sources.insert(source).second) {
      book.kit->report().find("NXR-DIS-1",
                              "two groups of one update have the source " + std::string(source));
    }
    book.groups[std::string(source)] = group_text(*groups[i]);
  }
  return NX_OK;
}

void on_synced(const nx_discovery_sink* sink) {
  static_cast<SinkBook*>(sink->impl)->kit->enter("the sink's synced", kAnyContext, true);
}

nx_discovery_sink sink_for(SinkBook& book) {
  nx_discovery_sink sink{};
  sink.impl = &book;
  sink.update = &on_update;
  sink.synced = &on_synced;
  return sink;
}

CallResult refresh_once(Session& s, SinkBook& book) {
  const auto& table = *s.table<nx_discovery>(NX_DISCOVERY_ID);
  book.kit = &s.host();
  Borrow lent = s.borrow(kRefresh);
  const nx_discovery_sink* const sink = lent.make(sink_for(book), "nx_discovery_sink");
  lent.seal();
  return s.call(kRefresh, NX_THREAD_WORKER,
                [&](nx_error* err) { return table.refresh(s.self(), sink, err); });
}

// A watch's sink lives until stop(), and so must its book: with the session's host.
void watch(Session& s) {
  if (s.watch_started) return;
  s.watch_started = true;
  const auto& table = *s.table<nx_discovery>(NX_DISCOVERY_ID);
  static std::vector<std::unique_ptr<SinkBook>> books;  // of sessions that live one by one
  SinkBook& book = *books.emplace_back(std::make_unique<SinkBook>());
  book.kit = &s.host();
  const nx_discovery_sink* const sink = s.while_running().make(sink_for(book), "nx_discovery_sink");
  (void)s.call(kRun, NX_THREAD_CONTROL,
               [&](nx_error* err) { return table.run(s.self(), sink, err); });
}

void exercise_discovery(Session& s, std::mt19937_64& random) {
  constexpr std::array kAnswers = {HttpAnswer::kOk, HttpAnswer::kOk, HttpAnswer::kServerError,
                                   HttpAnswer::kBadRequest, HttpAnswer::kDown};
  s.host().http_body = kAnswer;
  s.host().http_answer = kAnswers[random() % kAnswers.size()];
  if (NX_HAS_FN(s.table<nx_discovery>(NX_DISCOVERY_ID), nx_discovery, refresh)) {
    SinkBook book;
    (void)refresh_once(s, book);
  } else {
    watch(s);
    s.host().pump(2);
  }
}

void check_same_twice(Case& c) {
  Session s(c, {});
  if (!NX_HAS_FN(s.table<nx_discovery>(NX_DISCOVERY_ID), nx_discovery, refresh)) {
    return c.report.skip("it has run(), not refresh()");
  }
  if (!s.up()) return;
  s.host().http_body = kAnswer;
  SinkBook first;
  SinkBook second;
  const CallResult one = refresh_once(s, first);
  const CallResult two = refresh_once(s, second);
  if (!one.ok() || !two.ok()) return c.report.note("refresh says: " + one.text + two.text);
  if (first.groups != second.groups) {
    c.report.find("NXR-DIS-2", "two refreshes of the same world give different targets");
  }
  c.report.note(std::to_string(first.groups.size()) + " groups");
}

constexpr std::array kDiscoveryChecks = {Check{"discovery", "same_twice", &check_same_twice}};

}  // namespace

const KindSuite& discovery_suite() {
  static const KindSuite suite = {
      "discovery", NX_DISCOVERY_ID, &exercise_discovery, false, false, kDiscoveryChecks, nullptr};
  return suite;
}

}  // namespace narthex::check
