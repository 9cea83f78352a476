// SPDX-License-Identifier: Apache-2.0
// process_collect.cpp - collections of a plugin's process: those it is asked for, and those that it
// begins by itself, which are "ahead" until they are told and taken.
#include "host/process_instance.hpp"

#include "host/host_context.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <utility>

namespace narthex::host {
namespace {

std::string collect_question(std::int64_t deadline_mono_ns, bool fresh) {
  std::string body;
  WireWriter out(body);
  out.number(deadline_mono_ns);
  out.number(std::uint8_t{fresh});
  return body;
}

}  // namespace

bool ProcessInstance::collect_at(const CallSite& site, std::int64_t at_ns, std::int64_t next_ns,
                                 Instance::Begun begun) {
  const Lock lock(calls_mutex_, std::try_to_lock);
  if (!lock.owns_lock() || child_ == nullptr || !started_ || stopping_.load()) return false;
  forget_told();
  if (ahead_.has_value()) return false;
  Ahead& ahead = ahead_.emplace(Ahead{});
  ahead.entry = site.entry;
  ahead.at_ns = at_ns;
  const std::int64_t from_ns = std::max(at_ns, owner_.context().clock.mono_ns());
  ahead.give_up_ns = from_ns + patience_ms(site.deadline_ms) * 1'000'000;
  ahead.fresh = player_.wants_fresh();
  ahead.begun = std::move(begun);
  child_->ask_at(Message::kCollect,
                 collect_question(from_ns + site.deadline_ms * 1'000'000, ahead.fresh), at_ns,
                 next_ns);
  give_up_ns_.store(ahead.give_up_ns);
  if (!watcher_.is_this_thread()) (void)::eventfd_write(wake_, 1);
  return true;
}

Status ProcessInstance::collect(const nx_collection& c, Answer& out) {
  Lock lock(calls_mutex_, std::defer_lock);
  const Status entered = enter(lock);
  if (!lock.owns_lock()) return entered;
  std::optional<Ahead> told = told_ahead();
  if (told && Instance::current_frame != nullptr) {
    Instance::current_frame->begun_ns = told->begun_ns;  // for the guard's statistics
  }
  if (told && !told->outcome->ok()) return told->outcome->status();
  if (!entered.ok()) return entered;
  if (!told && stopping_.load()) return unavailable(owner_.name() + ": it was stopped");
  const bool fresh = player_.wants_fresh(c);
  Result<Answer> answer = told && (told->fresh || !fresh)
                              ? *std::move(told->outcome)
                              : ask(Message::kCollect, collect_question(c.deadline_mono_ns, fresh));
  if (!answer.ok()) return answer.status();
  if (answer->code < 0) return answer->status();
  if (Status status = player_.play(answer->body, c); !status.ok()) {
    if (status.code() == NX_ERR_INVALID_DATA) lose(status.message(), 0);
    return status;
  }
  out = *std::move(answer);
  return Status();
}

// Something else is asked: what is ahead is withdrawn, or its answer taken and kept. False: that
// has cost the process its life.
bool ProcessInstance::settle_ahead(std::int64_t timeout_ms) {
  if (!ahead_ || ahead_->withdrawn || ahead_->outcome) return true;
  if (child_->withdraw()) {
    ahead_->withdrawn = true;
    (void)::eventfd_write(wake_, 1);
    return true;
  }
  take_ahead(timeout_ms);
  return child_ != nullptr;
}

// REQUIRES: it has been begun.
void ProcessInstance::take_ahead(std::int64_t timeout_ms) {
  ahead_->begun_ns = std::clamp(child_->begun_ns(), ahead_->at_ns,
                                std::max(ahead_->at_ns, owner_.context().clock.mono_ns()));
  Result<Envelope> reply = child_->take_answer(timeout_ms);
  if (reply.ok() && reply->kind != Message::kReply) {
    reply = invalid_data("the plugin's process asked where it was to answer");
  }
  if (reply.ok()) {
    Result<Answer> answer = decode_answer(std::move(reply->body));
    if (answer.ok()) {
      ahead_->outcome = std::move(answer);
      return;
    }
    reply = answer.status();
  }
  const bool late = reply.status().code() == NX_ERR_DEADLINE;
  lose(ahead_->entry + (late ? " did not come back" : ": " + reply.status().message()),
       late ? 0 : kCoreMs);
  ahead_->outcome = Status(late ? NX_ERR_DEADLINE : NX_ERR_UNAVAILABLE, down_reason_);
}

// What the agent has been told of and nobody has taken yet.
std::optional<ProcessInstance::Ahead> ProcessInstance::told_ahead() {
  if (!ahead_ || ahead_->begun) return std::nullopt;
  return std::exchange(ahead_, std::nullopt);
}

// What was collected and not taken is lost, and with it what the tape after it builds on.
void ProcessInstance::forget_told() {
  if (told_ahead().has_value()) player_.begin_process();
}

// For poll(); below 0: nothing is ahead.
int ProcessInstance::until_give_up_ms() const {
  const std::int64_t give_up_ns = give_up_ns_.load();
  if (give_up_ns == 0) return -1;
  const std::int64_t left_ns = give_up_ns - owner_.context().clock.mono_ns();
  return static_cast<int>(std::clamp<std::int64_t>(left_ns / 1'000'000 + 1, 0, 1'000'000'000));
}

// Tells whoever waits for the collection that is ahead that it is there, or comes too late, or will
// not come; that one takes it and stores it, here.
void ProcessInstance::serve_ahead() {
  Instance::Begun begun;
  std::int64_t begun_ns = 0;
  {
    const std::lock_guard lock(calls_mutex_);
    if (!ahead_ || !ahead_->begun) return;
    if (!ahead_->withdrawn && !ahead_->outcome) {
      const bool over = owner_.context().clock.mono_ns() >= ahead_->give_up_ns;
      if (child_ == nullptr) {
        ahead_->withdrawn = true;
      } else if (over || child_->answered()) {
        take_ahead(std::max<std::int64_t>(0, until_give_up_ms() - 1));
      } else {
        return;
      }
    }
    give_up_ns_.store(0);
    begun = std::exchange(ahead_->begun, nullptr);
    if (ahead_->withdrawn) {
      ahead_.reset();
    } else {
      begun_ns = ahead_->begun_ns;
    }
  }
  begun(begun_ns);
  const std::lock_guard lock(calls_mutex_);
  forget_told();
}

// With calls_mutex_ held: its end was seen while nobody asked it anything.
void ProcessInstance::lose_waiting() {
  const bool idle = !ahead_ || ahead_->withdrawn || ahead_->outcome || child_->withdraw();
  if (!idle) take_ahead(0);
  if (child_ != nullptr) lose("on its own", kCoreMs);
}

}  // namespace narthex::host
