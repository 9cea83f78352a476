// SPDX-License-Identifier: Apache-2.0
// process_instance.cpp - calls and their failures. Collections are in process_collect.cpp, the
// watcher is in process_watch.cpp.
#include "host/process_instance.hpp"

#include "host/host_context.hpp"
#include "host/remote_append.hpp"
#include "host/wire_data.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <utility>

namespace narthex::host {
namespace {

constexpr std::int64_t kGoodbyeMs = 1'000;
constexpr std::size_t kWatcherStackBytes = 512 * 1024;  // as a worker: it stores collections

Greeting greeting_for(const HostContext& context, const std::string& file, const std::string& name,
                      const std::string& plugin_id) {
  const PluginSettings settings = context.settings_of(plugin_id);
  Greeting greeting;
  greeting.file = file;
  greeting.instance = name;
  greeting.data_dir = context.options.data_dir;
  greeting.agent_version = context.options.agent_version;
  greeting.journal = context.crashes.path();
  greeting.log_level = static_cast<std::int32_t>(context.options.log.level);
  greeting.log_format = static_cast<std::int32_t>(context.options.log.format);
  greeting.memory_max = settings.memory_max;
  greeting.open_files_max = settings.open_files_max;
  greeting.cpu_max_ms = settings.cpu_max_ms;
  return greeting;
}

// What the agent says to a question of the plugin while it is asked itself.
using Aside = std::function<Result<std::string>(const Envelope& asked)>;

// One question and its answer; a failure is one of the link.
Result<Answer> exchange(ChildProcess& child, Message kind, std::string_view body,
                        std::int64_t timeout_ms, const Aside& aside = {}) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  Result<Envelope> reply = child.ask(kind, body, timeout_ms);
  while (reply.ok() && reply->kind != Message::kReply) {
    if (!aside) return invalid_data("the plugin's process asked where it was to answer");
    const Result<std::string> said = aside(*reply);
    if (!said.ok()) return said.status();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    reply = child.ask(Message::kAside, *said, std::max<std::int64_t>(0, left.count()));
  }
  if (!reply.ok()) return reply.status();
  return decode_answer(std::move(reply->body));
}

// A process that has loaded the file, and what it said of it.
Result<std::unique_ptr<ChildProcess>> greeted(const HostContext& context, const Greeting& greeting,
                                              std::string& description) {
  Result<std::unique_ptr<ChildProcess>> child = ChildProcess::start(context.options.program);
  if (!child.ok()) return child.status();
  Result<Answer> answer = exchange(**child, Message::kHello, encode_greeting(greeting),
                                   ProcessInstance::patience_of_call_ms());
  if (!answer.ok()) {
    const bool late = answer.status().code() == NX_ERR_DEADLINE;
    return Status(answer.status().code(), greeting.file + ": while it was loaded its process " +
                                              (late ? "did not answer, and " : std::string()) +
                                              (*child)->end(late ? 0 : ProcessInstance::kCoreMs));
  }
  if (!answer->status().ok()) return answer->status();
  description = std::move(answer->body);
  return child;
}

std::string with_component(std::uint32_t index, const std::string& config) {
  std::string body;
  WireWriter(body).number(index);
  return body + config;
}

}  // namespace

std::int64_t ProcessInstance::patience_of_call_ms() {
  const CallFrame* const frame = Instance::current_frame;
  const bool limited = frame != nullptr && frame->deadline_ms > 0;
  return patience_ms(limited ? frame->deadline_ms : kCallMs);
}

ProcessInstance::ProcessInstance(PluginInstance& owner, std::uint32_t index)
    : owner_(owner), index_(index), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  owner_.set_process(0);
}

ProcessInstance::~ProcessInstance() {
  stop(0);
  {
    const std::lock_guard lock(calls_mutex_);
    if (child_ != nullptr) {
      (void)exchange(*child_, Message::kDestroy, {}, kGoodbyeMs).ok();
      (void)child_->end(kGoodbyeMs);
      child_ = nullptr;
    }
  }
  owner_.set_process(0);
  ::close(wake_);
}

Status ProcessInstance::validate(PluginInstance& owner, std::uint32_t index) {
  std::string description;
  const Greeting greeting =
      greeting_for(owner.context(), owner.library().path(), owner.name(), owner.plugin_id());
  Result<std::unique_ptr<ChildProcess>> child = greeted(owner.context(), greeting, description);
  if (!child.ok()) return child.status();
  const Result<Answer> answer =
      exchange(**child, Message::kValidate, with_component(index, encode_config(*owner.tree())),
               ProcessInstance::patience_of_call_ms());
  if (answer.ok()) return answer->status();
  const bool late = answer.status().code() == NX_ERR_DEADLINE;
  return unavailable("validate: its process " + (*child)->end(late ? 0 : ProcessInstance::kCoreMs));
}

Result<std::vector<ComponentFacts>> ProcessInstance::describe(HostContext& context,
                                                              const std::string& file,
                                                              const std::string& id) {
  std::string description;
  const Result<std::unique_ptr<ChildProcess>> child =
      greeted(context, greeting_for(context, file, id, id), description);
  if (!child.ok()) return child.status();
  return decode_description(description);
}

Status ProcessInstance::enter(Lock& lock) {
  if (!lock.try_lock_for(std::chrono::milliseconds(ProcessInstance::patience_of_call_ms()))) {
    return {NX_ERR_DEADLINE, owner_.name() + ": its process is busy"};
  }
  if (child_ == nullptr) return unavailable(owner_.name() + ": " + down_reason_);
  return Status();
}

Status ProcessInstance::launch() {
  std::string description;
  const Greeting greeting =
      greeting_for(owner_.context(), owner_.library().path(), owner_.name(), owner_.plugin_id());
  Result<std::unique_ptr<ChildProcess>> child = greeted(owner_.context(), greeting, description);
  if (!child.ok()) return child.status();
  child_ = *std::move(child);
  pid_.store(child_->pid());
  player_.begin_process();
  groups_known_ = false;
  const Result<Answer> created = ask(Message::kCreate, with_component(index_, config_));
  return created.ok() ? created->status() : created.status();
}

Result<Answer> ProcessInstance::ask(Message kind, std::string_view body, nx_appender* appender) {
  if (!settle_ahead(ProcessInstance::patience_of_call_ms())) return unavailable(down_reason_);
  Aside aside;
  if (appender != nullptr) {
    const auto* service =
        static_cast<const nx_ext_append*>(owner_.context().extension(NX_EXT_APPEND));
    if (service == nullptr) return unavailable("nothing can be stored at present");
    aside = [service, appender](const Envelope& asked) {
      return answer_append(*service, appender, asked.kind, asked.body);
    };
  }
  Result<Answer> answer =
      exchange(*child_, kind, body, ProcessInstance::patience_of_call_ms(), aside);
  if (answer.ok()) return answer;
  return lose_call(answer.status());
}

// The call under way failed for this, and the process is given up.
Status ProcessInstance::lose_call(const Status& failure) {
  const bool late = failure.code() == NX_ERR_DEADLINE;
  const CallFrame* const frame = Instance::current_frame;
  const std::string entry = frame != nullptr ? frame->entry : "a call";
  lose(late ? entry + " did not come back" : entry + ": " + failure.message(),
       failure.code() == NX_ERR_UNAVAILABLE ? kCoreMs : 0);
  return {late ? NX_ERR_DEADLINE : NX_ERR_UNAVAILABLE, down_reason_};
}

void ProcessInstance::lose(const std::string& why, std::int64_t grace_ms) {
  const std::string fate = child_->end(grace_ms);
  const int died_of = child_->died_of();
  child_ = nullptr;
  pid_.store(0);
  ++losses_;
  down_reason_ = why + ": its process " + fate;
  owner_.set_process(0);
  owner_.set_health(NX_HEALTH_FAILED, down_reason_);
  tell_loss(why, fate, died_of);
}

// The process itself wrote down what it could; what it was killed for, it could not.
void ProcessInstance::tell_loss(const std::string& why, const std::string& fate, int died_of) {
  HostContext& context = owner_.context();
  const std::int64_t now_ms = context.clock.now_ms();
  context.crashes.read_again();
  const std::vector<Crash> all = context.crashes.all();
  const bool told = died_of != 0 && !all.empty() && all.back().isolated &&
                    all.back().instance == owner_.name() && now_ms - all.back().time_ms < 60'000;
  if (told) return context.tell_crash(all.back());
  Crash crash;
  crash.time_ms = now_ms;
  crash.signal = fate;
  crash.plugin = owner_.plugin_id();
  crash.instance = owner_.name();
  crash.entry = why;
  crash.build_id = owner_.library().facts().build_id;
  crash.isolated = true;
  context.crashes.note(crash);
  context.tell_crash(crash);
}

Status ProcessInstance::create() {
  const std::lock_guard lock(calls_mutex_);
  config_ = encode_config(*owner_.tree());
  Status status = launch();
  if (!status.ok() && child_ != nullptr) {
    (void)child_->end(0);
    child_ = nullptr;
    pid_.store(0);
  }
  return status;
}

// What makes a process that was created serve.
Status ProcessInstance::begin_life() {
  const Result<Answer> started = ask(Message::kStart, {});
  if (!started.ok()) return started.status();
  if (!started->status().ok()) return started->status();
  if (sink_.load() != nullptr) {
    const Result<Answer> running = ask(Message::kRun, {});
    if (!running.ok()) return running.status();
    if (!running->status().ok()) return running->status();
  }
  if (!routes_.empty()) {
    // The agent keeps what was told the first time; the plugin's next life is asked as its first.
    const Result<Answer> told = ask(Message::kRoutes, {});
    if (!told.ok()) return told.status();
    if (!told->status().ok()) return told->status();
  }
  life_begun_ns_ = owner_.context().clock.mono_ns();
  owner_.set_process(child_->pid());
  return Status();
}

Status ProcessInstance::start() {
  {
    const std::lock_guard lock(calls_mutex_);
    if (child_ == nullptr) {
      if (Status status = launch(); !status.ok()) return status;
    }
    if (Status status = begin_life(); !status.ok()) return status;
    started_ = true;
  }
  stopping_.store(false);
  watcher_ = runtime::Thread::start(
      {.name = "plugin-watch", .stack_bytes = kWatcherStackBytes, .kind = NX_THREAD_WORKER},
      [this] { watch(); });
  return watcher_ ? Status() : Status(NX_ERR_EXHAUSTED, "no thread for its watcher");
}

void ProcessInstance::stop(std::int64_t deadline_mono_ns) {
  stopping_.store(true);
  (void)::eventfd_write(wake_, 1);
  const std::int64_t left_ms = std::max<std::int64_t>(
      kGoodbyeMs, (deadline_mono_ns - owner_.context().clock.mono_ns()) / 1'000'000);
  Lock lock(calls_mutex_, std::defer_lock);
  if (!lock.try_lock_for(std::chrono::milliseconds(left_ms))) {
    // Whoever waits for its answer gets none.
    if (const pid_t pid = pid_.load(); pid > 0) ::kill(pid, SIGKILL);
    lock.lock();
  }
  if (child_ != nullptr && std::exchange(started_, false)) {
    std::string body;
    WireWriter(body).number(deadline_mono_ns);
    if (settle_ahead(left_ms) && !exchange(*child_, Message::kStop, body, left_ms).ok()) {
      (void)child_->end(0);
      child_ = nullptr;
      pid_.store(0);
      down_reason_ = "it did not stop, and its process was killed";
    }
  }
  // What was told is being taken, on the watcher's thread.
  if (ahead_ && ahead_->begun) ahead_.reset();
  give_up_ns_.store(0);
  lock.unlock();
  watcher_.join();
  eventfd_t ignored = 0;
  (void)::eventfd_read(wake_, &ignored);
  sink_.store(nullptr);
  owner_.set_process(0);
}

Status ProcessInstance::reconfigure() {
  Lock lock(calls_mutex_, std::defer_lock);
  if (Status status = enter(lock); !status.ok()) return status;
  std::string config = encode_config(*owner_.tree());
  const Result<Answer> answer = ask(Message::kReconfigure, config);
  if (!answer.ok()) return answer.status();
  if (answer->status().ok()) config_ = std::move(config);
  return answer->status();
}

Status ProcessInstance::refresh(const nx_discovery_sink& sink) {
  Lock lock(calls_mutex_, std::defer_lock);
  if (Status status = enter(lock); !status.ok()) return status;
  std::string body;
  WireWriter(body).number(std::uint8_t{!groups_known_});
  Result<Answer> answer = ask(Message::kRefresh, body);
  if (!answer.ok()) return answer.status();
  if (answer->code < 0) return answer->status();
  WireReader in(answer->body);
  if (in.number<std::uint8_t>() == 0) {
    groups_ = in.rest();
    groups_known_ = true;
  }
  WireReader updates(groups_);
  while (updates.ok() && !updates.at_end()) {
    WireArrays arrays;
    const std::vector<nx_target_group> groups = read_groups(updates, arrays);
    if (!updates.ok()) break;
    std::vector<const nx_target_group*> pointers;
    for (const nx_target_group& group : groups) pointers.push_back(&group);
    sdk::ErrorSlot err;
    const nx_status taken =
        sink.update(&sink, pointers.data(), static_cast<std::uint32_t>(pointers.size()), &err);
    if (taken < 0) return err.status(taken);
  }
  if (updates.ok()) return Status();
  groups_known_ = false;
  lose("the plugin's process sent what are no target groups", 0);
  return unavailable(down_reason_);
}

Status ProcessInstance::run(const nx_discovery_sink* sink) {
  Lock lock(calls_mutex_, std::defer_lock);
  if (Status status = enter(lock); !status.ok()) return status;
  sink_.store(sink);
  const Result<Answer> answer = ask(Message::kRun, {});
  return answer.ok() ? answer->status() : answer.status();
}

Status ProcessInstance::notify(const nx_alert* const* alerts, std::uint32_t count,
                               std::int64_t deadline_mono_ns) {
  Lock lock(calls_mutex_, std::defer_lock);
  if (Status status = enter(lock); !status.ok()) return status;
  std::string body;
  WireWriter request(body);
  request.number(deadline_mono_ns);
  write_alerts(request, alerts, count);
  const Result<Answer> answer = ask(Message::kNotify, body);
  return answer.ok() ? answer->status() : answer.status();
}

Status ProcessInstance::probe() {
  Lock lock(calls_mutex_, std::defer_lock);
  if (Status status = enter(lock); !status.ok()) return status;
  const Result<Answer> answer = ask(Message::kProbe, {});
  return answer.ok() ? answer->status() : answer.status();
}

}  // namespace narthex::host
