// SPDX-License-Identifier: Apache-2.0
#include "scrape/loop.hpp"

#include "net/client.hpp"
#include "runtime/thread.hpp"
#include "scrape/failure_log.hpp"

#include <narthex/plugin.h>

#include <utility>

namespace narthex::scrape {
namespace {

// What a thread that serves other targets too stores itself: some milliseconds at most.
constexpr std::int64_t kSmallBodyBytes = 512 << 10;
constexpr std::int64_t kQuickNs = 5'000'000;

double seconds(std::int64_t ns) { return static_cast<double>(ns) * 1e-9; }

}  // namespace

Loop::Loop(LoopServices services, std::string job, TargetPtr target, LoopPlan plan)
    : services_(services),
      job_(std::move(job)),
      target_(std::move(target)),
      lengths_(services.writer.metrics.interval_lengths(target_->interval_ms)),
      writer_(services.writer, job_, target_->labels, target_->interval_ms),
      plan_(std::move(plan)),
      schedule_(target_->interval_ms) {}

void Loop::start(std::uint64_t places) {
  const runtime::Clock& clock = services_.executor.clock();
  const std::int64_t delay_ns =
      first_delay_ns(clock.now_ms(), target_->interval_ms, target_->hash, services_.seed, places);
  const std::lock_guard lock(mutex_);
  schedule_.start(clock.mono_ns() + delay_ns);
  wait_locked();
}

// A source that keeps the time spares us a timer and two threads their waking.
void Loop::wait_locked() {
  phase_ = Phase::kWaiting;
  const std::int64_t due_ns = schedule_.due_ns();
  const auto begun = [weak = weak_from_this()](std::int64_t begun_ns) {
    if (const auto self = weak.lock()) self->on_begun(begun_ns);
  };
  if (!plan_.source->gather_at(due_ns, due_ns + schedule_.interval_ns(), begun)) set_timer_locked();
}

void Loop::set_timer_locked() {
  timer_ =
      services_.executor.at(schedule_.due_ns(), runtime::Pool::kIo, [self = shared_from_this()] {
        self->gather(self->services_.executor.clock().mono_ns(), Place::kWorker);
      });
}

// By the source, which kept the time; 0: it could not.
void Loop::on_begun(std::int64_t begun_ns) {
  if (begun_ns != 0) return gather(begun_ns, Place::kHere);
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kWaiting) set_timer_locked();
}

bool Loop::enter(Phase from, Phase to) {
  const std::lock_guard lock(mutex_);
  if (phase_ != from) return false;
  phase_ = to;
  return true;
}

void Loop::gather(std::int64_t begun_ns, Place place) {
  const runtime::Clock& clock = services_.executor.clock();
  std::shared_ptr<Source> source;
  Status forced;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::kWaiting) return;
    phase_ = Phase::kGathering;
    if (begun_ns_ != 0) lengths_.observe(seconds(begun_ns - begun_ns_));
    begun_ns_ = begun_ns;
    last_scrape_ms_ = clock.now_ms() - (clock.mono_ns() - begun_ns) / 1'000'000;
    t_ms_ = schedule_.align(last_scrape_ms_);
    source = plan_.source;
    forced = forced_;
  }
  if (!forced.ok()) return on_gathered({std::move(forced), 0, {}}, place);
  auto fetch = source->gather([self = shared_from_this(), place](Gathered gathered) {
    self->on_gathered(std::move(gathered), place);
  });
  std::unique_lock lock(mutex_);
  if (phase_ == Phase::kGathering) fetch_ = std::move(fetch);
  const bool stopped = phase_ == Phase::kEnded;
  lock.unlock();
  if (stopped && fetch != nullptr) fetch->cancel();
}

void Loop::on_gathered(Gathered gathered, Place place) {
  bool may_block = false;
  bool small = false;
  std::shared_ptr<net::Fetch> done;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::kGathering) return;
    phase_ = Phase::kStoring;
    done = std::move(fetch_);
    may_block = plan_.source->may_block();
    small = gathered.body_bytes <= kSmallBodyBytes && !gathered.waits && storing_ns_ <= kQuickNs;
  }
  if (place == Place::kHere) return store(gathered);
  auto task = [self = shared_from_this(), g = std::make_shared<Gathered>(std::move(gathered))] {
    self->store(*g);
  };
  if (may_block) return services_.blocking_work.post(std::move(task));
  if (small && runtime::this_thread_kind() == NX_THREAD_WORKER) {
    return services_.work.run_or_post(std::move(task));
  }
  services_.work.post(std::move(task));
}

void Loop::store(const Gathered& gathered) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::kStoring) return;
  }
  const std::int64_t at_ns = services_.executor.clock().mono_ns();
  auto workbench = services_.shelf.take();
  const WriteOutcome outcome = write(gathered, *workbench);
  services_.shelf.put_back(std::move(workbench));
  const std::int64_t now_ns = services_.executor.clock().mono_ns();
  note(outcome, seconds(now_ns - begun_ns_));
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kStoring) return;
  storing_ns_ = now_ns - at_ns;
  schedule_.advance(now_ns);
  leaving_ ? leave_locked() : wait_locked();
}

WriteOutcome Loop::write(const Gathered& gathered, Workbench& workbench) {
  std::shared_ptr<const SampleRules> rules;
  std::int64_t t_ms = 0;
  {
    const std::lock_guard lock(mutex_);
    rules = plan_.rules;
    t_ms = t_ms_;
  }
  const runtime::Clock& clock = services_.executor.clock();
  while (true) {
    writer_.begin(rules, t_ms, clock.now_ms(), workbench);
    ScrapeReport report;
    report.failure = gathered.failure;
    report.body_bytes = gathered.body_bytes;
    report.timeout_s = static_cast<double>(target_->timeout_ms) / 1000;
    if (report.failure.ok() && gathered.feed) {
      report.failure = gathered.feed(writer_, workbench, t_ms);
    }
    report.duration_s = seconds(clock.mono_ns() - begun_ns_);
    WriteOutcome outcome = writer_.finish(std::move(report));
    if (!outcome.again) return outcome;
  }
}

void Loop::note(const WriteOutcome& outcome, double duration_s) {
  const bool up = outcome.failure.ok();
  const std::string& error = up ? outcome.stored.message() : outcome.failure.message();
  bool changed = false;
  std::shared_ptr<FailureLog> failure_log;
  {
    const std::lock_guard lock(mutex_);
    const Health health = up ? Health::kUp : Health::kDown;
    changed = health != health_;
    health_ = health;
    last_error_ = error;
    last_duration_s_ = duration_s;
    failure_log = plan_.failure_log;
  }
  if (!up && failure_log != nullptr) {
    failure_log->write(services_.executor.clock().now_ms(), job_, target_->url, error);
  }
  if (!outcome.stored.ok()) {
    log_.error(
        "Scrape commit failed",
        {{"scrape_pool", job_}, {"target", target_->url}, {"err", outcome.stored.message()}});
  }
  if (!up) {
    log_.debug("Scrape failed", {{"scrape_pool", job_}, {"target", target_->url}, {"err", error}});
  }
  if (changed) publish(outcome);
}

void Loop::publish(const WriteOutcome& outcome) const {
  const std::string instance(target_->labels.get("instance"));
  services_.bus.publish("target.state", "scrape",
                        {{"job", bus::text_value(job_)},
                         {"instance", bus::text_value(instance)},
                         {"url", bus::text_value(target_->url)},
                         {"state", bus::text_value(outcome.failure.ok() ? "up" : "down")},
                         {"error", bus::text_value(outcome.failure.message())}});
  if (outcome.failure.code() != NX_ERR_EXHAUSTED) return;
  services_.bus.publish("limits.hit", "scrape",
                        {{"what", bus::text_value(outcome.failure.message())},
                         {"instance", bus::text_value(instance)},
                         {"job", bus::text_value(job_)}});
}

void Loop::replan(LoopPlan plan) {
  const std::lock_guard lock(mutex_);
  plan_ = std::move(plan);
}

void Loop::force(Status failure) {
  const std::lock_guard lock(mutex_);
  forced_ = std::move(failure);
}

void Loop::end() {
  const std::lock_guard lock(mutex_);
  leaving_ = true;
  if (phase_ == Phase::kWaiting) leave_locked();
}

// Markers are written when the target would have been scraped a second time, and for the time of
// the first: a target that is back by then has newer samples, and the storage refuses the markers.
void Loop::leave_locked() {
  phase_ = begun_ns_ == 0 ? Phase::kEnded : Phase::kLeaving;
  timer_.cancel();
  if (phase_ == Phase::kEnded) return;
  const runtime::Clock& clock = services_.executor.clock();
  const std::int64_t t_ms =
      clock.now_ms() + std::max<std::int64_t>(0, schedule_.due_ns() - clock.mono_ns()) / 1'000'000;
  const std::int64_t at_ns =
      schedule_.due_ns() + schedule_.interval_ns() + schedule_.interval_ns() / 10;
  timer_ = services_.executor.at(at_ns, runtime::Pool::kIo, [self = shared_from_this(), t_ms] {
    self->services_.work.post([self, t_ms] { self->write_end(t_ms); });
  });
}

void Loop::write_end(std::int64_t t_ms) {
  if (!enter(Phase::kLeaving, Phase::kEnded)) return;
  auto workbench = services_.shelf.take();
  const Status status = writer_.write_end(t_ms, *workbench);
  services_.shelf.put_back(std::move(workbench));
  if (status.ok()) return;
  log_.warn("Stale append failed",
            {{"scrape_pool", job_}, {"target", target_->url}, {"err", status.message()}});
}

void Loop::stop() {
  std::shared_ptr<net::Fetch> fetch;
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::kEnded;
    timer_.cancel();
    fetch = std::move(fetch_);
  }
  if (fetch != nullptr) fetch->cancel();
}

void Loop::describe(TargetView& view) const {
  view.scrape_pool = job_;
  view.labels = target_->labels;
  view.scrape_url = view.global_url = target_->url;
  view.interval_ms = target_->interval_ms;
  view.timeout_ms = target_->timeout_ms;
  const std::lock_guard lock(mutex_);
  view.last_error = last_error_;
  view.last_scrape_ms = last_scrape_ms_;
  view.last_scrape_duration_s = last_duration_s_;
  view.health = health_;
}

}  // namespace narthex::scrape
