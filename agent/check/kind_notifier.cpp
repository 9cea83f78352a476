// SPDX-License-Identifier: Apache-2.0
// kind_notifier.cpp - notifiers: deliveries that work, fail for now, and fail for good.
#include "check/suite.hpp"

#include <narthex/notifier.h>

#include <chrono>

namespace narthex::check {
namespace {

constexpr const char* kNotify = NX_NOTIFIER_ID ".notify";
constexpr const char* kProbe = NX_NOTIFIER_ID ".probe";

std::int64_t in_seconds(std::int64_t seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
             .count() +
         seconds * 1'000'000'000;
}

// Texts that break what is put together carelessly: quotes, newlines, markup, other scripts.
constexpr std::array<std::string_view, 5> kTexts = {
    "HighLoad", "a \"quoted\"\nline", "<b>&amp;</b>", "\xC3\xA9t\xC3\xA9 \xE6\x97\xA5",
    "{{ $labels.instance }}"};

const nx_alert* make_alert(Borrow& lent, std::mt19937_64& random) {
  const auto text = [&] { return lent.text(kTexts[random() % kTexts.size()], "an alert's text"); };
  const nx_label labels[] = {
      {lent.text("alertname", "a label"), text()},
      {lent.text("instance", "a label"), lent.text("127.0.0.1:9100", "a label")},
  };
  const nx_label notes[] = {{lent.text("summary", "an annotation"), text()}};
  nx_alert alert{};
  alert.state = random() % 2 == 0 ? NX_ALERT_FIRING : NX_ALERT_RESOLVED;
  if (lent.mode().grown) alert.state = 7;
  alert.fingerprint = random();
  alert.labels = lent.array(std::span(labels), "the labels of an alert");
  alert.label_count = 2;
  alert.annotations = lent.array(std::span(notes), "the annotations of an alert");
  alert.annotation_count = 1;
  alert.starts_at = 1'700'000'000'000;
  alert.fired_at = alert.starts_at + 60'000;
  alert.ends_at = alert.starts_at + 300'000;
  alert.value = 1.5;
  alert.generator_url = lent.text("http://127.0.0.1:9090/graph?g0.expr=up", "a URL");
  alert.rule_group = lent.text("group", "a text");
  return lent.make(alert, "nx_alert");
}

CallResult notify_once(Session& s, std::mt19937_64& random, std::uint32_t count) {
  const auto& table = *s.table<nx_notifier>(NX_NOTIFIER_ID);
  Borrow lent = s.borrow(kNotify);
  std::vector<const nx_alert*> alerts;
  for (std::uint32_t i = 0; i < count; ++i) alerts.push_back(make_alert(lent, random));
  const nx_alert* const* const list = lent.array(alerts, "the list of alerts");
  lent.seal();
  return s.call(kNotify, NX_THREAD_WORKER, [&](nx_error* err) {
    return table.notify(s.self(), list, count, in_seconds(5), err);
  });
}

void exercise_notifier(Session& s, std::mt19937_64& random) {
  constexpr std::array kAnswers = {HttpAnswer::kOk, HttpAnswer::kServerError, HttpAnswer::kDown};
  s.host().http_answer = kAnswers[random() % kAnswers.size()];
  (void)notify_once(s, random, 1 + static_cast<std::uint32_t>(random() % 4));
  const auto* table = s.table<nx_notifier>(NX_NOTIFIER_ID);
  if (!NX_HAS_FN(table, nx_notifier, probe)) return;
  (void)s.call(kProbe, NX_THREAD_WORKER,
               [&](nx_error* err) { return table->probe(s.self(), err); });
}

bool is_retryable(nx_status status) {
  return status == NX_ERR_UNAVAILABLE || status == NX_ERR_DEADLINE || status == NX_ERR_EXHAUSTED;
}

void check_honesty(Case& c) {
  Session s(c, {});
  if (!s.up()) return;
  const std::uint64_t before = s.host().http_requests();
  const CallResult good = notify_once(s, c.random, 2);
  if (s.host().http_requests() == before) return c.report.skip("it does not deliver over HTTP");
  if (!good.ok())
    c.report.find("NXR-NOT-1", "a delivery that was answered 200 fails: " + good.text);
  s.host().http_answer = HttpAnswer::kDown;
  const CallResult down = notify_once(s, c.random, 2);
  if (down.ok()) c.report.find("NXR-NOT-1", "NX_OK though the receiver cannot be reached");
  s.host().http_answer = HttpAnswer::kServerError;
  const CallResult busy = notify_once(s, c.random, 2);
  if (busy.ok()) c.report.find("NXR-NOT-1", "NX_OK though the receiver answered 503");
  if (!down.ok() && !is_retryable(down.status)) {
    c.report.note("an unreachable receiver makes the batch be dropped: status " +
                  std::to_string(down.status));
  }
}

constexpr std::array kNotifierChecks = {Check{"notifier", "honest_answers", &check_honesty}};

}  // namespace

const KindSuite& notifier_suite() {
  static const KindSuite suite = {"notifier",      NX_NOTIFIER_ID, &exercise_notifier, false, false,
                                  kNotifierChecks, nullptr};
  return suite;
}

}  // namespace narthex::check
