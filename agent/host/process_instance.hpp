// SPDX-License-Identifier: Apache-2.0
// process_instance.hpp - an instance whose plugin runs in a process of its own, as the agent sees
// it: it has the life cycle of a component and sends every call on.
//
//   up --died, hung, told nonsense--> down --after 0.5, 1, 2 ... 60 s--> up
//
// An exporter keeps the time of its collections itself (Instance::collect_at): so a collection
// costs one waking of the process, by its own timer, and one of the watcher, who stores it.
//
// One call at a time. A call that is half its deadline late (at least a second) is given up and the
// process killed; a watcher thread hears what the process says on its own, notices its end, and
// starts it again. Thread-safe as PluginInstance's calls are.
#pragma once

#include "host/child_process.hpp"
#include "host/collection_tape.hpp"
#include "host/plugin_instance.hpp"
#include "host/process_protocol.hpp"
#include "host/timed_mutex.hpp"
#include "host/wire_ingest.hpp"
#include "runtime/thread.hpp"

#include <narthex/discovery.h>
#include <narthex/exporter.h>
#include <narthex/notifier.h>
#include <narthex/protocol.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace narthex::host {

struct ParserScratch;

// Where the rows of a page go.
struct PageSink {
  nx_parsed_sink push = nullptr;
  void* context = nullptr;
};

class ProcessInstance {
 public:
  // The owner outlives it. `index` of the component in its plugin.
  ProcessInstance(PluginInstance& owner, std::uint32_t index);
  ~ProcessInstance();
  ProcessInstance(const ProcessInstance&) = delete;
  ProcessInstance& operator=(const ProcessInstance&) = delete;

  static constexpr std::int64_t kCoreMs = 2'000;  // a core is written before the end is seen
  // How long a call with a deadline may take before its process is given up.
  static std::int64_t patience_ms(std::int64_t deadline_ms) {
    return deadline_ms + std::max<std::int64_t>(1'000, deadline_ms / 2);
  }
  static constexpr std::int64_t kCallMs = 30'000;  // of calls without a deadline
  // Of the call under way on this thread.
  static std::int64_t patience_of_call_ms();

  // A short life that only says what a configuration is worth, or what a plugin is.
  static Status validate(PluginInstance& owner, std::uint32_t index);
  static Result<std::vector<ComponentFacts>> describe(HostContext& context, const std::string& file,
                                                      const std::string& id);

  Status create();
  Status start();
  void stop(std::int64_t deadline_mono_ns);
  Status reconfigure();

  Status collect(const nx_collection& c, Answer& answer);
  // As Instance says; collect() then finds the answer.
  bool collect_at(const CallSite& site, std::int64_t at_ns, std::int64_t next_ns,
                  Instance::Begun begun);
  Status refresh(const nx_discovery_sink& sink);
  Status run(const nx_discovery_sink* sink);
  Status notify(const nx_alert* const* alerts, std::uint32_t count, std::int64_t deadline_mono_ns);
  Status probe();

  // What is appended meanwhile goes to the appender of the call. The routes live until stop().
  Status routes(const nx_route** routes, std::uint32_t* count);
  Status handle(const nx_ingest_request& request, nx_ingest_reply& reply, Answer& answer);
  Status packets(const nx_bytes* packets, const nx_str* peers, std::uint32_t count,
                 nx_appender* appender, Answer& answer);
  Status flush(nx_appender* appender, Answer& answer);

  // As nx_parser says; labels() only from within the sink, on its thread.
  Status parse(ParserScratch& scratch, std::string_view page, const nx_parse_opts& opts,
               PageSink sink);
  Status labels(ParserScratch& scratch, std::span<const nx_str> keys, nx_series_sink sink,
                void* sink_ctx);

 private:
  using Lock = std::unique_lock<TimedMutex>;

  // A collection that the process begins by itself. Waiting until there is an outcome or it was
  // withdrawn; then told, when `begun` was called; then gone, when collect() took it.
  struct Ahead {
    std::string entry;
    std::int64_t at_ns = 0, begun_ns = 0;
    std::int64_t give_up_ns = 0;
    bool fresh = false;
    bool withdrawn = false;
    std::optional<Result<Answer>> outcome;
    Instance::Begun begun;  // empty: told
  };

  Status enter(Lock& lock);
  // All with calls_mutex_ held.
  Status launch();
  Result<Answer> ask(Message kind, std::string_view body, nx_appender* appender = nullptr);
  Status ask_for_rows(Message kind, std::string_view body, nx_appender* appender, Answer& answer);
  void lose(const std::string& why, std::int64_t grace_ms);
  Status lose_call(const Status& failure);
  bool settle_ahead(std::int64_t timeout_ms);
  void take_ahead(std::int64_t timeout_ms);
  void lose_waiting();
  std::optional<Ahead> told_ahead();
  void forget_told();
  void tell_loss(const std::string& why, const std::string& fate, int died_of);
  Status begin_life();
  Result<Envelope> ask_of_page(ParserScratch& scratch, Message kind, std::string_view body,
                               std::string_view more = {});
  Status ask_again(ParserScratch& scratch);
  Status go_on(ParserScratch& scratch, nx_status taken, PageSink sink);

  Result<Answer> ask_for_page(ParserScratch& scratch);
  Status refuse_page(ParserScratch& scratch, const Status& nonsense);

  void watch();
  void hear(ChildProcess& child);
  void serve_ahead();
  int until_give_up_ms() const;
  void take_news(const Envelope& envelope);
  bool wait_ms(std::int64_t ms);
  Status revive();

  PluginInstance& owner_;
  const std::uint32_t index_;
  const int wake_;  // eventfd: the watcher is to look at what has changed
  std::atomic<bool> stopping_{false};
  std::atomic<pid_t> pid_{0};
  std::atomic<const nx_discovery_sink*> sink_{nullptr};  // of a watch
  std::atomic<std::int64_t> give_up_ns_{0};              // of what is ahead; 0: nothing is

  TimedMutex calls_mutex_;
  // Guarded by calls_mutex_.
  std::shared_ptr<ChildProcess> child_;  // null: down
  std::string down_reason_ = "it was not started";
  std::string config_;  // encoded
  bool started_ = false;
  TapePlayer player_;
  std::optional<Ahead> ahead_;
  std::string groups_;  // of the last refresh
  bool groups_known_ = false;
  std::vector<RouteFacts> route_facts_;  // of a receiver that was asked
  std::vector<nx_route> routes_;
  int losses_ = 0;  // without a long life between them
  std::int64_t life_begun_ns_ = 0;

  runtime::Thread watcher_;
};

}  // namespace narthex::host
