// SPDX-License-Identifier: Apache-2.0
#include "host/plugin_process.hpp"

#include "bus/bus.hpp"
#include "host/call_box.hpp"
#include "host/collection_tape.hpp"
#include "host/crash_handler.hpp"
#include "host/host_buffers.hpp"
#include "host/host_context.hpp"
#include "host/library.hpp"
#include "host/plugin_instance.hpp"
#include "host/process_link.hpp"
#include "host/process_protocol.hpp"
#include "host/remote_append.hpp"
#include "host/served_parser.hpp"
#include "host/wire_data.hpp"
#include "host/wire_ingest.hpp"
#include "net/client.hpp"
#include "runtime/asio_executor.hpp"
#include "runtime/thread.hpp"
#include "telemetry/metrics.hpp"

#include <narthex/event.h>
#include <narthex/host.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

namespace narthex::host {
namespace {

constexpr std::int64_t kTellMs = 10'000;

Status set_limit(int what, const char* name, std::uint64_t value) {
  if (value == 0) return Status();
  rlimit both{};
  if (::getrlimit(static_cast<__rlimit_resource>(what), &both) != 0) {
    return io_error(std::string("getrlimit ") + name);
  }
  both.rlim_cur = std::min<rlim_t>(value, both.rlim_max);
  both.rlim_max = both.rlim_cur;
  if (::setrlimit(static_cast<__rlimit_resource>(what), &both) == 0) return Status();
  return io_error(std::string("setrlimit ") + name);
}

Status restrict_process(const Greeting& greeting) {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  Status status = set_limit(RLIMIT_AS, "RLIMIT_AS", greeting.memory_max);
  const auto cpu_s = static_cast<std::uint64_t>((greeting.cpu_max_ms + 999) / 1000);
  if (status.ok()) status = set_limit(RLIMIT_CPU, "RLIMIT_CPU", cpu_s);
  if (status.ok()) status = set_limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", greeting.open_files_max);
  return status;
}

// What the plugin's instance lives on here. The executor ends first.
struct Ground {
  explicit Ground(const Greeting& greeting)
      : bus(executor, registry), clients(executor, "Narthex/" + greeting.agent_version) {
    HostOptions options;
    options.data_dir = greeting.data_dir;
    options.agent_version = greeting.agent_version;
    context = std::make_shared<HostContext>(std::move(options),
                                            HostServices{executor, registry, bus, &clients});
    for (const char* absent : {NX_EXT_BUS, NX_EXT_METRICS, NX_EXT_GATHER}) {
      context->offer(absent, nullptr);
    }
    context->offer(NX_EXT_APPEND, &remote_append_service());
  }

  runtime::AsioExecutor executor{runtime::ExecutorOptions{}};
  telemetry::Registry registry;
  bus::Bus bus;
  net::ClientFactory clients;
  std::shared_ptr<HostContext> context;
};

class PluginProcess {
 public:
  PluginProcess(CallBox box, int calls, int news)
      : box_(std::move(box)), calls_(calls), news_(news) {}

  // Ends when the agent is gone.
  int serve();

 private:
  Answer answer(Envelope& question);
  Answer greet(std::string_view body);
  Answer validate(std::string_view body);
  Answer create(std::string_view body);
  Answer collect(std::string_view body);
  Answer refresh(std::string_view body);
  Answer run();
  Answer notify(std::string_view body);
  Answer probe();
  Answer routes();
  Answer handle(std::string_view body);
  Answer packets(std::string_view body);
  Answer flush();
  Answer parse(std::string question);
  std::string ask_agent(Message kind, std::string_view body);
  RemoteAppender appender() {
    return RemoteAppender(
        [this](Message kind, std::string_view body) { return ask_agent(kind, body); });
  }

  Result<std::shared_ptr<PluginInstance>> make(std::string_view body, bool configured,
                                               std::unique_ptr<ConfigTree>& config);
  void tell(Message kind, std::string_view body);
  void make_sink();
  template <class Table, class F>
  Answer call(const char* interface_id, const char* entry, F&& f);
  const CallSite& site(const char* entry);

  CallBox box_;
  ProcessLink calls_;
  ProcessLink news_;
  std::mutex news_mutex_;
  Greeting greeting_;
  std::optional<Ground> ground_;
  std::shared_ptr<const Library> library_;
  std::shared_ptr<PluginInstance> loaded_;  // what load() got as its host
  std::shared_ptr<PluginInstance> instance_;
  std::optional<ServedParser> parser_;     // since the first page
  std::map<const char*, CallSite> sites_;  // of the instance, by the address of the entry's name
  CollectionTape tape_;
  nx_discovery_sink sink_{};
  bool refreshing_ = false;
  std::string groups_, known_groups_;  // of this refresh and the last one
};

Answer answer_of(const Status& status) {
  return {status.code(), status.retry_after_ms(), status.message(), {}};
}

int PluginProcess::serve() {
  // A plugin that hangs keeps this thread: another one notices that the agent is gone.
  const runtime::Thread watcher =
      runtime::Thread::start({.name = "agent-watch"}, [descriptor = news_.descriptor()] {
        pollfd waited{descriptor, POLLRDHUP, 0};
        while (::poll(&waited, 1, -1) < 0) {
        }
        ::_exit(0);
      });
  for (;;) {
    Result<Envelope> question = box_.next_question(calls_);
    if (!question.ok()) ::_exit(0);
    const Answer given = answer(*question);
    std::function<void()> said;
    if (box_.was_put_for_later()) said = [this] { tell(Message::kAnswered, {}); };
    const Status sent =
        box_.answer(calls_, Message::kReply, encode_answer_head(given), given.body, said);
    // Nothing that a destructor of the plugin or of the agent could do is wanted any more.
    if (!sent.ok() || question->kind == Message::kDestroy) ::_exit(0);
  }
}

bool is_work(Message kind) {
  switch (kind) {
    case Message::kCollect:
    case Message::kRefresh:
    case Message::kNotify:
    case Message::kProbe:
    case Message::kHandle:
    case Message::kPackets:
    case Message::kFlush:
    case Message::kParse:
      return true;
    default:
      return false;
  }
}

Answer PluginProcess::answer(Envelope& question) {
  runtime::set_this_thread_kind(is_work(question.kind) ? NX_THREAD_WORKER : NX_THREAD_CONTROL);
  if (question.kind == Message::kHello) return greet(question.body);
  if (library_ == nullptr) return answer_of(internal_error("no plugin is loaded"));
  if (question.kind == Message::kValidate) return validate(question.body);
  if (question.kind == Message::kCreate) return create(question.body);
  if (instance_ == nullptr) return answer_of(internal_error("no instance was created"));
  WireReader in(question.body);
  switch (question.kind) {
    case Message::kStart:
      return answer_of(instance_->start());
    case Message::kStop:
      instance_->stop(in.number<std::int64_t>());
      return {};
    case Message::kReconfigure: {
      Result<std::unique_ptr<ConfigTree>> config = decode_config(question.body, greeting_.instance);
      if (!config.ok()) return answer_of(config.status());
      return answer_of(instance_->reconfigure(*std::move(config)));
    }
    case Message::kDestroy:
      parser_.reset();
      instance_->shut_down();
      return {};
    case Message::kCollect:
      return collect(question.body);
    case Message::kRefresh:
      return refresh(question.body);
    case Message::kRun:
      return run();
    case Message::kNotify:
      return notify(question.body);
    case Message::kProbe:
      return probe();
    case Message::kRoutes:
      return routes();
    case Message::kHandle:
      return handle(question.body);
    case Message::kPackets:
      return packets(question.body);
    case Message::kFlush:
      return flush();
    case Message::kParse:
      return parse(std::move(question.body));
    default:
      return answer_of(internal_error("an unknown question"));
  }
}

Answer PluginProcess::greet(std::string_view body) {
  Result<Greeting> greeting = decode_greeting(body);
  if (!greeting.ok()) return answer_of(greeting.status());
  greeting_ = *std::move(greeting);
  telemetry::configure_log({static_cast<telemetry::Level>(greeting_.log_level),
                            static_cast<telemetry::LogFormat>(greeting_.log_format)});
  if (!greeting_.journal.empty()) {
    // Without a journal the agent still sees which signal it was.
    (void)install_crash_handler(greeting_.journal, greeting_.agent_version,
                                CrashedProcess::kPluginHost)
        .ok();
  }
  if (Status status = restrict_process(greeting_); !status.ok()) return answer_of(status);
  ground_.emplace(greeting_);
  ground_->context->on_health = [this](std::int32_t health, std::string_view reason) {
    std::string news;
    WireWriter out(news);
    out.number(health);
    out.text(reason);
    tell(Message::kHealth, news);
  };
  Result<std::shared_ptr<const Library>> opened = Library::open(greeting_.file);
  if (!opened.ok()) return answer_of(opened.status());
  library_ = *std::move(opened);
  loaded_ = PluginInstance::make(
      ground_->context,
      {.library = library_, .component = nullptr, .name = library_->id(), .config = nullptr});
  if (Status status = loaded_->load(&library_->plugin()); !status.ok()) return answer_of(status);
  return {NX_OK, 0, {}, encode_description(facts_of(library_->plugin()))};
}

// `configured`: the instance gets the configuration; otherwise the caller keeps it.
Result<std::shared_ptr<PluginInstance>> PluginProcess::make(std::string_view body, bool configured,
                                                            std::unique_ptr<ConfigTree>& config) {
  WireReader in(body);
  const auto index = in.number<std::uint32_t>();
  const nx_plugin& plugin = library_->plugin();
  if (!in.ok() || index >= plugin.component_count) return internal_error("no such component");
  const nx_component* const component = plugin.components[index];
  for (const nx_str need : std::span(component->needs, component->needs_count)) {
    if (ground_->context->extension(view(need)) != nullptr) continue;
    return Status(NX_ERR_UNSUPPORTED, "needs the host service " + std::string(view(need)) +
                                          ", which a process of its own has not");
  }
  Result<std::unique_ptr<ConfigTree>> decoded = decode_config(in.rest(), greeting_.instance);
  if (!decoded.ok()) return decoded.status();
  config = *std::move(decoded);
  return PluginInstance::make(ground_->context,
                              {.library = library_,
                               .component = component,
                               .name = greeting_.instance,
                               .config = configured ? std::move(config) : nullptr});
}

Answer PluginProcess::validate(std::string_view body) {
  std::unique_ptr<ConfigTree> config;
  const Result<std::shared_ptr<PluginInstance>> asked = make(body, false, config);
  return answer_of(asked.ok() ? (*asked)->validate(*config) : asked.status());
}

Answer PluginProcess::create(std::string_view body) {
  std::unique_ptr<ConfigTree> unused;
  Result<std::shared_ptr<PluginInstance>> made = make(body, true, unused);
  if (!made.ok()) return answer_of(made.status());
  instance_ = *std::move(made);
  ground_->context->add(instance_);
  make_sink();
  return answer_of(instance_->create());
}

// Looked up once: a collection is a call every few seconds, and its process sleeps in between.
const CallSite& PluginProcess::site(const char* entry) {
  const auto known = sites_.find(entry);
  if (known != sites_.end()) return known->second;
  return sites_.emplace(entry, instance_->site(entry, 0)).first->second;
}

// A call of an interface's function; f(table, instance, err) -> nx_status.
template <class Table, class F>
Answer PluginProcess::call(const char* interface_id, const char* entry, F&& f) {
  const auto* table = static_cast<const Table*>(instance_->table(interface_id));
  if (table == nullptr) return answer_of(internal_error("the component does not offer this"));
  Answer given;
  nx_status code = NX_OK;
  const Status status = instance_->call(
      site(entry),
      [&](void* self, nx_error* err) {
        const nx_status returned = f(table, self, err);
        if (returned > 0 && NX_HAS(err, nx_error, text)) {
          given.text.assign(err->text, std::min<std::size_t>(err->text_len, NX_ERROR_TEXT));
        }
        return returned;
      },
      &code);
  if (!status.ok()) return answer_of(status);
  given.code = code;
  return given;
}

Answer PluginProcess::collect(std::string_view body) {
  WireReader in(body);
  const auto deadline_ns = in.number<std::int64_t>();
  tape_.begin(deadline_ns, in.number<std::uint8_t>() != 0);
  Answer given = call<nx_exporter>(NX_EXPORTER_ID, NX_EXPORTER_ID ".collect",
                                   [&](const nx_exporter* table, void* self, nx_error* err) {
                                     return table->collect(self, &tape_.raw(), err);
                                   });
  if (given.code >= 0) {
    given.body = tape_.end();
  } else {
    tape_.discard();
  }
  return given;
}

void PluginProcess::make_sink() {
  sink_.struct_size = sizeof sink_;
  sink_.impl = this;
  sink_.update = [](const nx_discovery_sink* sink, const nx_target_group* const* groups,
                    std::uint32_t count, nx_error* err) -> nx_status {
    return sdk::guard(err, [&] {
      auto& self = *static_cast<PluginProcess*>(sink->impl);
      if (self.refreshing_) {
        WireWriter out(self.groups_);
        write_groups(out, groups, count);
        return;
      }
      std::string news;
      WireWriter out(news);
      write_groups(out, groups, count);
      self.tell(Message::kGroups, news);
    });
  };
  sink_.synced = [](const nx_discovery_sink* sink) {
    (void)sdk::guard(nullptr, [&] {
      auto& self = *static_cast<PluginProcess*>(sink->impl);
      if (!self.refreshing_) self.tell(Message::kSynced, {});
    });
  };
}

Answer PluginProcess::refresh(std::string_view body) {
  const bool fresh = WireReader(body).number<std::uint8_t>() != 0;
  if (fresh) known_groups_.assign(1, '\0');  // what no groups are
  groups_.clear();
  refreshing_ = true;
  Answer given = call<nx_discovery>(NX_DISCOVERY_ID, NX_DISCOVERY_ID ".refresh",
                                    [&](const nx_discovery* table, void* self, nx_error* err) {
                                      return table->refresh(self, &sink_, err);
                                    });
  refreshing_ = false;
  if (given.code < 0) return given;
  const bool same = groups_ == known_groups_;
  WireWriter(given.body).number(std::uint8_t{same});
  if (same) return given;
  given.body += groups_;
  known_groups_.swap(groups_);
  return given;
}

Answer PluginProcess::run() {
  return call<nx_discovery>(NX_DISCOVERY_ID, NX_DISCOVERY_ID ".run",
                            [&](const nx_discovery* table, void* self, nx_error* err) {
                              return table->run(self, &sink_, err);
                            });
}

Answer PluginProcess::notify(std::string_view body) {
  WireReader in(body);
  WireArrays arrays;
  const auto deadline_ns = in.number<std::int64_t>();
  const std::vector<nx_alert> alerts = read_alerts(in, arrays);
  std::vector<const nx_alert*> pointers;
  for (const nx_alert& alert : alerts) pointers.push_back(&alert);
  return call<nx_notifier>(NX_NOTIFIER_ID, NX_NOTIFIER_ID ".notify",
                           [&](const nx_notifier* table, void* self, nx_error* err) {
                             return table->notify(self, pointers.data(),
                                                  static_cast<std::uint32_t>(pointers.size()),
                                                  deadline_ns, err);
                           });
}

Answer PluginProcess::probe() {
  return call<nx_notifier>(
      NX_NOTIFIER_ID, NX_NOTIFIER_ID ".probe",
      [&](const nx_notifier* table, void* self, nx_error* err) { return table->probe(self, err); });
}

Answer PluginProcess::routes() {
  std::string told;
  Answer given = call<nx_ingest>(NX_INGEST_ID, NX_INGEST_ID ".routes",
                                 [&](const nx_ingest* table, void* self, nx_error* err) {
                                   const nx_route* routes = nullptr;
                                   std::uint32_t count = 0;
                                   const nx_status code = table->routes(self, &routes, &count, err);
                                   WireWriter out(told);
                                   if (code >= 0) write_routes(out, routes, count);
                                   return code;
                                 });
  given.body = std::move(told);
  return given;
}

// A question of the plugin in the middle of an answer.
std::string PluginProcess::ask_agent(Message kind, std::string_view body) {
  Status sent = box_.answer(calls_, kind, body, {});
  Result<Envelope> said = sent.ok() ? box_.next_question(calls_) : sent;
  if (!said.ok() || said->kind != Message::kAside) ::_exit(0);
  return std::move(said->body);
}

// What a plugin answers to a request.
struct RecordedReply {
  RecordedReply() {
    raw.struct_size = sizeof raw;
    raw.impl = &facts;
    raw.header = [](nx_ingest_reply* reply, nx_str name, nx_str value) {
      static_cast<ReplyFacts*>(reply->impl)->headers.emplace_back(view(name), view(value));
    };
    raw.body = [](nx_ingest_reply* reply, nx_bytes chunk) {
      static_cast<ReplyFacts*>(reply->impl)->body += view(chunk);
    };
  }
  ReplyFacts facts;
  nx_ingest_reply raw{};
};

Answer PluginProcess::handle(std::string_view body) {
  WireReader in(body);
  WireArrays arrays;
  ReceivedRequest request = read_request(in, arrays);
  if (!in.ok()) return answer_of(internal_error("a request that is none"));
  void* bytes = nullptr;
  nx_buffer* const buffer = make_host_buffer(instance_->buffers(), request.body.size(), &bytes);
  if (buffer == nullptr) return answer_of({NX_ERR_NO_MEMORY, "no memory for a request's body"});
  std::copy(request.body.begin(), request.body.end(), static_cast<char*>(bytes));
  RemoteAppender appender = this->appender();
  request.raw.body = buffer;
  request.raw.appender = appender.handle();
  RecordedReply reply;
  Answer given = call<nx_ingest>(NX_INGEST_ID, NX_INGEST_ID ".handle",
                                 [&](const nx_ingest* table, void* self, nx_error* err) {
                                   return table->handle(self, &request.raw, &reply.raw, err);
                                 });
  buffer->release(buffer);
  reply.facts.status = reply.raw.status;
  WireWriter out(given.body);
  write_reply(out, reply.facts);
  return given;
}

Answer PluginProcess::packets(std::string_view body) {
  WireReader in(body);
  const ReceivedPackets received = read_packets(in);
  RemoteAppender appender = this->appender();
  return call<nx_ingest_datagram>(NX_INGEST_DATAGRAM_ID, NX_INGEST_DATAGRAM_ID ".packets",
                                  [&](const nx_ingest_datagram* table, void* self, nx_error* err) {
                                    return table->packets(
                                        self, received.packets.data(), received.peers.data(),
                                        static_cast<std::uint32_t>(received.packets.size()),
                                        appender.handle(), err);
                                  });
}

Answer PluginProcess::flush() {
  RemoteAppender appender = this->appender();
  return call<nx_ingest_datagram>(NX_INGEST_DATAGRAM_ID, NX_INGEST_DATAGRAM_ID ".flush",
                                  [&](const nx_ingest_datagram* table, void* self, nx_error* err) {
                                    return table->flush(self, appender.handle(), err);
                                  });
}

Answer PluginProcess::parse(std::string question) {
  std::string batches;
  Answer given = call<nx_parser>(
      NX_PARSER_ID, NX_PARSER_ID ".parse", [&](const nx_parser* table, void* self, nx_error* err) {
        if (!parser_) {
          parser_.emplace(*table, self, [this](Message kind, std::string_view body) {
            return ask_agent(kind, body);
          });
        }
        return parser_->parse(std::move(question), batches, err);
      });
  given.body = std::move(batches);
  return given;
}

void PluginProcess::tell(Message kind, std::string_view body) {
  const std::lock_guard lock(news_mutex_);
  // Where nobody listens, the watcher ends the process.
  (void)news_.send(kind, body, kTellMs).ok();
}

}  // namespace

int serve_plugin(int calls_descriptor, int news_descriptor, int box_descriptor) {
  // They came through exec; what the plugin starts is not to have them.
  for (const int each : {calls_descriptor, news_descriptor, box_descriptor}) {
    ::fcntl(each, F_SETFD, FD_CLOEXEC);
  }
  Result<CallBox> box = CallBox::open(box_descriptor);
  if (!box.ok()) {
    std::fprintf(stderr, "narthex plugin-host: %s\n", box.status().message().c_str());
    return 1;
  }
  return PluginProcess(*std::move(box), calls_descriptor, news_descriptor).serve();
}

}  // namespace narthex::host
