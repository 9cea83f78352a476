// SPDX-License-Identifier: Apache-2.0
#include "check/kit_host.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/value.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace narthex::check {
namespace {

thread_local int t_kind = NX_THREAD_FOREIGN;

constexpr std::int64_t kIoBudgetMs = 10;
constexpr std::size_t kSaidMax = 100'000;
constexpr std::uint64_t kBufferMax = std::uint64_t{256} << 20;
constexpr std::array<std::string_view, 5> kKindNames = {"a thread of the plugin's own", "[control]",
                                                        "[worker]", "[io]", "[query]"};

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

int thread_kind() { return t_kind; }
OnThread::OnThread(int kind) : before_(std::exchange(t_kind, kind)) {}
OnThread::~OnThread() { t_kind = before_; }

// A counted buffer in pages of its own: read-only from the moment it is shared, gone with the last
// reference. The head stays, so that one release too many is seen.
struct KitHost::Buffer {
  nx_buffer head{};
  KitHost* kit = nullptr;
  std::atomic<int> references{1};
  std::unique_ptr<Borrow> memory;

  static Buffer& of(nx_buffer* buffer) { return *static_cast<Buffer*>(buffer->priv); }
  static void retain(nx_buffer* buffer) {
    Buffer& self = of(buffer);
    if (self.references.fetch_add(1) <= 0) {
      self.kit->report_.find("NXR-OWN-3",
                             current_entry() + " retains a buffer that is gone already");
    }
    self.memory->seal();
  }
  static void release(nx_buffer* buffer) {
    Buffer& self = of(buffer);
    const int before = self.references.fetch_sub(1);
    if (before == 1) self.memory->revoke();
    if (before == 1 && !self.kit->plan_.mode.guarded) return self.kit->forget(buffer);
    if (before > 0) return;
    self.kit->report_.find("NXR-OWN-3",
                           current_entry() + " releases a buffer more often than it retained it");
  }
};

void KitHost::fill(nx_host& host, KitHost& kit) {
  host.abi_minor = NX_ABI_MINOR;
  host.impl = &kit;
  host.product = to_nx("narthex");
  host.version = to_nx("0.0.0-check");
  host.instance = kit.life_.text(kit.instance_, "nx_host::instance");
  host.log = [](const nx_host* h, std::int32_t, nx_str text, const nx_kv* fields,
                std::uint32_t count) {
    KitHost& self = of(h);
    self.enter("log", kAnyContext);
    self.say(view(text));
    for (std::uint32_t i = 0; i < count; ++i) {
      self.say(view(fields[i].key));
      self.say(sdk::Value(&fields[i].value).get<std::string_view>());
    }
  };
  host.get_extension = [](const nx_host* h, nx_str id) -> const void* {
    KitHost& self = of(h);
    self.enter("get_extension", kAnyContext);
    const std::string name(view(id));
    const bool needed =
        std::find(self.plan_.needs.begin(), self.plan_.needs.end(), name) != self.plan_.needs.end();
    if (!needed && (self.plan_.deny || self.fails())) return nullptr;
    return kit_service(name);
  };
  host.buffer_new = [](const nx_host* h, std::uint64_t size, void** writable) -> nx_buffer* {
    KitHost& self = of(h);
    self.enter("buffer_new", kAnyContext);
    *writable = nullptr;
    if (self.fails() || size > kBufferMax) return nullptr;
    nx_buffer* const made = self.make_buffer(size, {}, false);
    *writable = const_cast<void*>(made->data);  // open until it is shared
    return made;
  };
  host.now_ms = [](const nx_host* h) -> std::int64_t {
    of(h).enter("now_ms", kAnyContext);
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  host.mono_ns = [](const nx_host* h) {
    of(h).enter("mono_ns", kAnyContext);
    return steady_ns();
  };
  host.thread_kind = [](const nx_host*) -> std::int32_t { return t_kind; };
  host.set_health = [](const nx_host* h, std::int32_t, nx_str reason) {
    of(h).enter("set_health", kAnyContext);
    of(h).say(view(reason));
  };
  host.config_error = [](const nx_host* h, const nx_value*, nx_str text, nx_error* err) {
    of(h).enter("config_error", kControlContext);
    return sdk::fail(err, NX_ERR_INVALID_CONFIG, view(text));
  };
}

KitHost::KitHost(Reporter& report, HostPlan plan, std::string instance)
    : report_(report),
      plan_(std::move(plan)),
      instance_(std::move(instance)),
      life_(plan_.mode, "the life of the instance") {
  nx_host host{};
  fill(host, *this);
  raw_ = life_.make(host, "nx_host");
  life_.seal();
}

KitHost::~KitHost() = default;

nx_buffer* KitHost::make_buffer(std::size_t size, std::string_view content, bool sealed) {
  auto buffer = std::make_unique<Buffer>();
  buffer->kit = this;
  buffer->memory = std::make_unique<Borrow>(plan_.mode, "a buffer");
  const std::string zeros(content.empty() ? size : 0, '\0');
  const std::string_view bytes = content.empty() ? std::string_view(zeros) : content;
  buffer->head.data =
      buffer->memory->array(std::span<const char>(bytes.data(), bytes.size()), "nx_buffer::data");
  buffer->head.size = bytes.size();
  buffer->head.retain = &Buffer::retain;
  buffer->head.release = &Buffer::release;
  buffer->head.priv = buffer.get();
  if (sealed) buffer->memory->seal();
  const std::lock_guard lock(mutex_);
  const nx_buffer* const key = &buffer->head;
  return &buffers_.emplace(key, std::move(buffer)).first->second->head;
}

void KitHost::forget(const nx_buffer* buffer) {
  const std::lock_guard lock(mutex_);
  buffers_.erase(buffer);
}

nx_buffer* KitHost::make_body(std::string_view bytes) {
  return make_buffer(bytes.size(), bytes, true);
}

void KitHost::audit_buffers() {
  std::size_t count = 0;
  std::uint64_t bytes = 0;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, buffer] : buffers_) {
    if (buffer->references <= 0) continue;
    ++count;
    bytes += buffer->head.size;
  }
  if (count == 0) return;
  report_.find("NXR-OWN-3", "after destroy " + std::to_string(count) + " buffers of " +
                                std::to_string(bytes) + " bytes are still held");
}

void KitHost::enter(const char* what, unsigned contexts, bool work) {
  const Phase phase = phase_;
  const int kind = t_kind;
  if (phase == Phase::kGone) {
    report_.find("NXR-LIF-2", std::string(what) + " is called after destroy");
  } else if (kind == NX_THREAD_FOREIGN && phase != Phase::kRunning && phase != Phase::kStopping) {
    report_.find("NXR-THR-3", std::string(what) + " is called by a thread of the plugin's own " +
                                  (phase == Phase::kStopped ? "after stop" : "before start"));
  }
  if ((contexts & (1u << kind)) == 0) {
    report_.find("NXR-THR-1", std::string(what) + " is called on " +
                                  std::string(kKindNames[static_cast<std::size_t>(kind)]));
  }
  if (work && phase != Phase::kRunning && phase != Phase::kStopping) {
    report_.find("NXR-LIF-2", std::string(what) + " is called outside of start ... stop");
  }
}

bool KitHost::fails() { return ++calls_ == plan_.fail_at; }

void KitHost::say(std::string_view text) {
  if (!plan_.mode.guarded) return;
  const std::lock_guard lock(mutex_);
  if (said_.size() < kSaidMax) said_.emplace_back(text);
}

std::vector<std::string> KitHost::said() const {
  const std::lock_guard lock(mutex_);
  return said_;
}

nx_status KitHost::post(Task task) {
  if (phase_ != Phase::kRunning) return NX_ERR_PRECONDITION;
  const std::lock_guard lock(mutex_);
  tasks_.push_back(task);
  return NX_OK;
}

KitHost::Timer* KitHost::add_timer(Task task, bool once) {
  const std::lock_guard lock(mutex_);
  return &timers_.emplace_back(Timer{task, once, true});
}

void KitHost::stop_timer(Timer* timer) {
  const std::lock_guard lock(mutex_);
  if (timer != nullptr) timer->on = false;
}

void KitHost::watch(std::string path, Task task) {
  const std::lock_guard lock(mutex_);
  if (task.fn == nullptr) {
    watches_.erase(path);
  } else {
    watches_.insert_or_assign(std::move(path), task);
  }
}

void KitHost::answer_later(Answer answer) {
  const std::lock_guard lock(mutex_);
  answers_.push_back(answer);
}

KitHost::Subscription* KitHost::subscribe(Subscription subscription) {
  const std::lock_guard lock(mutex_);
  return &subscriptions_.emplace_back(std::move(subscription));
}

void KitHost::unsubscribe(Subscription* subscription) {
  const std::lock_guard lock(mutex_);
  if (subscription != nullptr) subscription->on = false;
}

std::uint32_t KitHost::topic(std::string_view name) {
  const std::lock_guard lock(mutex_);
  return topics_.try_emplace(std::string(name), static_cast<std::uint32_t>(topics_.size() + 1))
      .first->second;
}

double* KitHost::cell() {
  const std::lock_guard lock(mutex_);
  return &cells_.emplace_back(0.0);
}

std::uint64_t KitHost::reference(std::string_view labels) {
  const std::lock_guard lock(mutex_);
  return references_.try_emplace(std::string(labels), references_.size() + 1).first->second;
}

void KitHost::run(const Task& task) {
  const OnThread on(task.kind);
  set_current_entry(task.kind == NX_THREAD_IO ? "an [io] task" : "a [worker] task");
  const std::int64_t begin = steady_ns();
  task.fn(task.user);
  const std::int64_t took_ms = (steady_ns() - begin) / 1'000'000;
  if (task.kind == NX_THREAD_IO && took_ms > kIoBudgetMs) {
    report_.find("NXR-THR-1", "an [io] task took " + std::to_string(took_ms) + " ms");
  }
}

void KitHost::deliver(const Subscription& to) {
  const OnThread on(to.kind);
  set_current_entry("an event callback");
  Borrow borrow(plan_.mode, "an event callback");
  sdk::TreeArena arena;
  const nx_kv entries[] = {arena.entry("state", arena.string("ready")),
                           arena.entry("generation", arena.integer(1))};
  const nx_value payload = borrow.tree(arena.table(entries), "an event's payload");
  nx_event event{};
  event.topic = topic("agent.state");
  event.topic_name = borrow.text("agent.state", "an event's topic");
  event.source = borrow.text("agent", "an event's source");
  event.sequence = 1;
  event.t = 1'700'000'000'000;
  event.payload = borrow.array(std::span(&payload, 1), "an event's payload");
  const nx_event* const list[] = {borrow.make(event, "an event")};
  const nx_event* const* const events = borrow.array(std::span(list), "the list of events");
  borrow.seal();
  to.fn(to.user, events, 1);
}

void KitHost::pump(int rounds) {
  for (int round = 0; round < rounds; ++round) {
    std::vector<Task> due;
    std::vector<Answer> answers;
    std::vector<Subscription*> subscriptions;
    {
      const std::lock_guard lock(mutex_);
      due.swap(tasks_);
      answers.swap(answers_);
      for (Timer& timer : timers_) {
        if (!timer.on) continue;
        due.push_back(timer.task);
        timer.on = !timer.once;
      }
      for (const auto& [path, task] : watches_) due.push_back(task);
      for (Subscription& each : subscriptions_) {
        if (each.on) subscriptions.push_back(&each);
      }
    }
    for (const Task& task : due) run(task);
    for (const Answer& each : answers) answer(each, false);
    for (const Subscription* each : subscriptions) {
      if (each->on) deliver(*each);
    }
  }
}

void KitHost::end_callbacks() {
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(mutex_);
    tasks_.clear();
    watches_.clear();
    for (Timer& timer : timers_) timer.on = false;
    for (Subscription& each : subscriptions_) each.on = false;
    answers.swap(answers_);
  }
  for (const Answer& each : answers) answer(each, true);
}

const void* kit_service(std::string_view id) {
  if (id == NX_EXT_TASKS) return &tasks_table();
  if (id == NX_EXT_HTTP) return &http_table();
  if (id == NX_EXT_TEXT) return &text_table();
  if (id == NX_EXT_METRICS) return &metrics_table();
  if (id == NX_EXT_GATHER) return &gather_table();
  if (id == NX_EXT_APPEND) return &append_table();
  if (id == NX_EXT_STATE) return &state_table();
  if (id == NX_EXT_BUS) return &bus_table();
  return nullptr;
}

bool is_known_service(std::string_view id) { return kit_service(id) != nullptr; }

}  // namespace narthex::check
