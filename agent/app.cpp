// SPDX-License-Identifier: Apache-2.0
#include "app.hpp"

#include "api/api.hpp"
#include "app_options.hpp"
#include "bus/bus.hpp"
#include "configured_plugins.hpp"
#include "discovery/manager.hpp"
#include "discovery/plugin_discoverer.hpp"
#include "host/request_of.hpp"
#include "ingest/manager.hpp"
#include "net/client.hpp"
#include "net/server.hpp"
#include "plugin_functions.hpp"
#include "query/service.hpp"
#include "recovery_watch.hpp"
#include "remote_write/manager.hpp"
#include "remote_reads.hpp"
#include "runtime/asio_executor.hpp"
#include "runtime/control_socket.hpp"
#include "runtime/data_directory.hpp"
#include "runtime/notify.hpp"
#include "runtime/signals.hpp"
#include "runtime/startup_pages.hpp"
#include "runtime/thread.hpp"
#include "scrape/manager.hpp"
#include "store/metrics.hpp"
#include "store/storage_config.hpp"
#include "store/store.hpp"
#include "telemetry/process_metrics.hpp"
#include "web/web.hpp"
#include "web_config_watch.hpp"

#include <narthex/exporter.h>
#include <narthex/protocol.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <mutex>
#include <optional>

namespace narthex {

namespace {

constexpr int kExitConfig = 78;  // EX_CONFIG
constexpr int kExitData = 73;    // EX_CANTCREAT
constexpr int kExitOther = 1;

// So often that what arrives in between is no multiple of what a storage wants to hold in memory.
constexpr std::int64_t kUpkeepIntervalMs = 2'000;
constexpr std::int64_t kUpkeepSliceNs = 50'000'000;
constexpr std::int64_t kStopBudgetNs = 4'000'000'000;
constexpr std::int64_t kJoinLeastNs = 500'000'000;

// Scrapes and connections each take a descriptor: the soft limit is no use to a server.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int refuse(int exit_status, std::string_view text) {
  std::fprintf(stderr, "narthex: %.*s\n", static_cast<int>(text.size()), text.data());
  return exit_status;
}

class App {
 public:
  App(config::CommandLine command_line, std::shared_ptr<const config::Config> config)
      : command_line_(std::move(command_line)),
        executor_(executor_options(*config)),
        scrape_executor_(executor_, "nx-scrape"),
        status_(NARTHEX_VERSION, runtime::SystemClock().now_ms()),
        bus_(executor_, registry_),
        clients_(executor_, "Narthex/" NARTHEX_VERSION),
        scrape_clients_(scrape_executor_, "Narthex/" NARTHEX_VERSION),
        plugins_({plugin_folders(*config), config->storage.data_dir, NARTHEX_VERSION,
                  config->plugins, config->log},
                 {executor_, registry_, bus_, &clients_}),
        discoverers_(plugins_),
        recovery_(bus_, notifier_, status_) {
    status_.set_config(std::move(config), executor_.clock().now_ms());
  }

  int run();

 private:
  const config::Config& config() const { return *status_.config(); }

  Status make_storage();
  Status start_storage();
  scrape::ManagerServices scrape_services();
  Status open_server();
  Status settle_address();
  Status begin();
  void publish_metrics();
  void warn(const config::Config& config) const;
  Status apply(const config::Config& config);
  Status reload();
  void open_control();
  Result<std::string> control(std::string_view command);
  void upkeep();
  void keep_watchdog();
  void ask_to_end();
  void wait_for_end();
  void stop();
  std::int64_t at_least(std::int64_t deadline_ns) const;
  void join_threads(std::int64_t deadline_ns);
  void stop_executors();

  config::CommandLine command_line_;  // with the address that port 0 became
  const telemetry::Log log_{"agent"};
  const runtime::ServiceNotifier notifier_ = runtime::ServiceNotifier::from_environment();
  runtime::AsioExecutor executor_;
  runtime::AsioExecutor scrape_executor_;  // targets are asked, and stored, on a thread of its own
  telemetry::Registry registry_;
  api::AgentStatus status_;
  bus::Bus bus_;
  net::ClientFactory clients_;
  net::ClientFactory scrape_clients_;
  host::PluginHost plugins_;
  discovery::PluginDiscovererFactory discoverers_;
  RecoveryWatch recovery_;
  std::shared_ptr<host::Instance> storage_;
  std::optional<store::Store> store_;
  std::shared_ptr<query::Service> queries_;
  std::optional<RemoteReads> remote_reads_;
  std::optional<net::Server> server_;
  std::optional<WebConfigWatch> web_config_;
  std::unique_ptr<runtime::ControlSocket> control_;
  std::optional<scrape::Manager> scrape_;
  std::optional<discovery::Manager> discovery_;
  std::optional<ingest::Manager> ingest_;
  std::optional<remote_write::Manager> remote_write_;
  std::vector<std::shared_ptr<void>> gatherers_;
  std::optional<runtime::SignalWatch> signals_;
  runtime::Timer upkeep_;
  runtime::Timer watchdog_;
  std::mutex reload_mutex_;  // one reload at a time

  std::mutex end_mutex_;
  std::condition_variable end_;
  bool ending_ = false;  // guarded by end_mutex_
};

int App::run() {
  bus_.publish("agent.state", "agent", {{"state", bus::text_value("starting")}}, true);
  if (const Status kept = plugins_.keep_crash_journal(); !kept.ok()) {
    log_.warn("crashes will leave no record", {{"err", kept.message()}});
  }
  // The server listens while the storage recovers: who asks is told how far it is.
  for (const auto step :
       {&App::make_storage, &App::open_server, &App::start_storage, &App::begin}) {
    const Status done = (this->*step)();
    if (done.ok()) continue;
    stop();
    return refuse(kExitOther, done.message());
  }
  wait_for_end();
  stop();
  return 0;
}

Status App::make_storage() {
  Result<std::shared_ptr<host::Instance>> made =
      store::StorageConfig(config().storage).make(plugins_);
  if (!made.ok()) return made.status();
  storage_ = *std::move(made);
  store_.emplace(storage_);
  remote_reads_.emplace(plugins_, *store_);
  return Status();
}

Status App::start_storage() {
  const store::StorageOptions& options = config().storage;
  // Starting is not to need more memory than running does: what it took so far goes before a
  // recovery, and what that took before the rest.
  (void)runtime::release_startup_pages();
  const Status started = storage_->start();
  (void)runtime::release_startup_pages();
  if (!started.ok()) return started.with_prefix("storage backend " + options.backend);
  return store_->set_retention(options.retention);
}

scrape::ManagerServices App::scrape_services() {
  return {scrape_executor_,
          registry_,
          bus_,
          *store_,
          plugins_.start_all(NX_PARSER_ID, "protocol"),
          [this](const net::ClientOptions& options) { return scrape_clients_.make(options); },
          [this](const scrape::ExporterOptions& options, std::string name) {
            return plugins_.create(
                host::request_of(NX_EXPORTER_ID, "exporter", options, std::move(name)));
          },
          host_name()};
}

Status App::open_server() {
  server_.emplace(config().http.server, executor_, registry_);
  web_config_.emplace(executor_, *server_);
  const Status web_set = server_->set_web(config().http.web);
  if (!web_set.ok()) return web_set;
  scrape_.emplace(scrape_services());
  discovery_.emplace(discovery::ManagerServices{executor_, registry_, bus_, discoverers_},
                     [this](std::string_view job, std::span<const discovery::GroupChange> changes) {
                       scrape_->on_groups(job, changes);
                     });
  queries_ = query::Service::make(query_options(config()), executor_, registry_);
  remote_write_.emplace(remote_write::ManagerServices{
      executor_, registry_, *store_,
      [this](const net::ClientOptions& options) { return clients_.make(options); },
      config().storage.data_dir, config().storage.fsync != "never"});
  ingest_.emplace(ingest::ManagerServices{executor_, registry_, *server_, *store_, plugins_});
  const api::Services services{*server_,
                               *store_,
                               load_plugin_functions(plugins_, log_),
                               *queries_,
                               *scrape_,
                               plugins_,
                               bus_,
                               registry_,
                               executor_,
                               status_,
                               [this] { return reload(); },
                               [this] { ask_to_end(); }};
  Status opened = api::mount_all(services);
  if (opened.ok()) opened = web::mount(*server_);
  if (opened.ok()) opened = server_->start();
  if (opened.ok()) log_.info("listening", {{"address", server_->address()}});
  return opened.ok() ? settle_address() : opened;
}

// The embedded default scrapes the agent's own address, which is known only now when the port was
// left to the system.
Status App::settle_address() {
  const std::string address = server_->address();
  if (!config().file.empty() || config().http.server.listen == address) return Status();
  command_line_.flags.emplace_back("listen", address);
  std::vector<document::Finding> findings;
  std::shared_ptr<const config::Config> settled = config::load(command_line_, findings);
  if (settled == nullptr) return invalid_config(document::render(findings));
  status_.set_config(std::move(settled), executor_.clock().now_ms());
  return Status();
}

Status App::begin() {
  signals_.emplace(
      executor_,
      runtime::SignalCallbacks{
          [this](int) { ask_to_end(); },
          [this] { executor_.post(runtime::Pool::kWorker, [this] { (void)reload().ok(); }); }});
  publish_metrics();
  warn(config());
  const Status applied = apply(config());
  if (!applied.ok()) return applied;
  upkeep();
  keep_watchdog();
  open_control();
  recovery_.started();
  status_.ready = true;
  notifier_.ready("serving on " + server_->address());
  log_.info("ready", {{"version", status_.version()}});
  (void)runtime::release_startup_pages();
  bus_.publish("agent.state", "agent", {{"state", bus::text_value("ready")}}, true);
  return Status();
}

void App::publish_metrics() {
  gatherers_.push_back(telemetry::register_process_metrics(registry_));
  gatherers_.push_back(store::export_metrics(*store_, registry_));
  gatherers_.push_back(registry_.on_gather([this](telemetry::Gathering& g) {
    g.gauge("narthex_build_info", "Version of the agent.", {{"version", status_.version()}}, 1);
    g.gauge("prometheus_build_info", "Version of Prometheus whose behaviour this agent has.",
            {{"version", "3.5.3"}}, 1);
    g.gauge("prometheus_ready", "Whether the agent serves.", {}, status_.ready ? 1 : 0);
    g.gauge("prometheus_config_last_reload_successful",
            "Whether the last configuration reload attempt was successful.", {},
            status_.last_reload_ok() ? 1 : 0);
    g.gauge("prometheus_config_last_reload_success_timestamp_seconds",
            "Timestamp of the last successful configuration reload.", {},
            static_cast<double>(status_.last_reload_ms()) / 1000);
  }));
}

void App::warn(const config::Config& config) const {
  for (const document::Finding& finding : config.warnings) {
    std::string place = finding.place.file;
    if (finding.place.line != 0) place += ":" + std::to_string(finding.place.line);
    log_.warn(finding.text, {{"at", place}});
  }
}

// Everything that a configuration can change while the agent runs.
Status App::apply(const config::Config& config) {
  telemetry::configure_log(config.log);
  const Status web_set = server_->set_web(config.http.web);
  if (!web_set.ok()) return web_set;
  web_config_->follow(config.http.web_config_file);
  const Status retention = store_->set_retention(config.storage.retention);
  if (!retention.ok()) return retention;
  const Status logged =
      queries_->configure({config.query.log_file, config.query.log_slower_than_ms});
  if (!logged.ok()) return logged;
  const Status sends = remote_write_->apply(config.remote_write);
  if (!sends.ok()) return sends;
  const Status reading = remote_reads_->apply(config.remote_reads, config.scrape.external_labels);
  if (!reading.ok()) return reading;
  const Status mounted = ingest_->apply(config.ingest);
  if (!mounted.ok()) return mounted;
  const Status scraped = scrape_->apply(config.scrape);
  if (!scraped.ok()) return scraped;
  std::vector<discovery::JobDiscovery> jobs;
  for (const scrape::JobOptions& job : config.scrape.jobs) {
    jobs.push_back({job.job_name, job.discovery});
  }
  for (const Status& failed : discovery_->apply(jobs)) {
    log_.error("discovery did not start", {{"err", failed.message()}});
  }
  return Status();
}

Status App::reload() {
  const std::lock_guard one(reload_mutex_);
  if (!status_.ready) {
    log_.warn("configuration not reloaded: the agent is still starting");
    return {NX_ERR_UNAVAILABLE, "the agent is still starting"};
  }
  notifier_.reloading(executor_.clock().mono_ns());
  std::vector<document::Finding> findings;
  std::shared_ptr<const config::Config> next = config::load(command_line_, findings);
  Status checked;
  if (next != nullptr) plugins_.configure(next->plugins);
  if (next != nullptr) checked = check_plugins(plugins_, *next, findings);
  if (next == nullptr || !checked.ok() || !findings.empty()) {
    const std::string text = findings.empty() ? checked.message() : document::render(findings);
    status_.reload_failed();
    log_.error("configuration not reloaded, the old one stays", {{"err", text}});
    bus_.publish("config.rejected", "agent", {{"error", bus::text_value(text)}});
    notifier_.ready("reload failed: the old configuration stays");
    return invalid_config(text);
  }
  for (const auto& [key, value] : next->restart_only) {
    const auto old = config().restart_only.find(key);
    if (old != config().restart_only.end() && old->second != value) {
      log_.warn("this key changes at the next start only", {{"key", key}, {"value", value}});
    }
  }
  warn(*next);
  plugins_.upgrade();
  const Status applied = apply(stamped(plugins_, *next));
  plugins_.discard_twins();
  if (!applied.ok()) {
    status_.reload_failed();
    log_.error("configuration not wholly applied", {{"err", applied.message()}});
    notifier_.ready("reload failed");
    return applied;
  }
  status_.set_config(next, executor_.clock().now_ms());
  log_.info("configuration reloaded", {{"file", next->file}});
  bus_.publish("config.reloaded", "agent", {{"file", bus::text_value(next->file)}}, true);
  notifier_.ready("serving on " + server_->address());
  return Status();
}

// Without it the tools have HTTP and signals left.
void App::open_control() {
  auto opened =
      runtime::ControlSocket::open(executor_, config().storage.data_dir,
                                   [this](std::string_view command) { return control(command); });
  if (opened.ok()) {
    control_ = *std::move(opened);
  } else {
    log_.warn("tools cannot ask this agent", {{"err", opened.status().message()}});
  }
}

Result<std::string> App::control(std::string_view command) {
  if (command == "reload") {
    const Status done = reload();
    if (!done.ok()) return done;
    return std::string("reloaded\n");
  }
  if (command == "status") {
    const std::string scheme = config().http.web.has_tls ? "https" : "http";
    return "pid " + std::to_string(getpid()) + "\nurl " + scheme + "://" + server_->address() +
           "\nconfig " + config().file + "\n";
  }
  return invalid_argument("unknown command; expected reload or status");
}

void App::upkeep() {
  upkeep_ = executor_.after(kUpkeepIntervalMs, runtime::Pool::kWorker, [this] {
    while (!status_.stopping && store_->maintain(executor_.clock().mono_ns() + kUpkeepSliceNs)) {
    }
    if (!status_.stopping) upkeep();
  });
}

void App::keep_watchdog() {
  const std::int64_t interval_ms = notifier_.watchdog_interval_ms() / 2;
  if (interval_ms <= 0) return;
  notifier_.watchdog();
  watchdog_ = executor_.after(interval_ms, runtime::Pool::kWorker, [this] {
    if (!status_.stopping) keep_watchdog();
  });
}

void App::ask_to_end() {
  const std::lock_guard lock(end_mutex_);
  ending_ = true;
  end_.notify_all();
}

void App::wait_for_end() {
  std::unique_lock lock(end_mutex_);
  end_.wait(lock, [this] { return ending_; });
}

// From the outside in: nothing new comes in, what is under way ends, storage goes last.
void App::stop() {
  const std::int64_t deadline_ns = executor_.clock().mono_ns() + kStopBudgetNs;
  status_.stopping = true;
  notifier_.stopping("stopping");
  bus_.publish("agent.state", "agent", {{"state", bus::text_value("stopping")}}, true);
  signals_.reset();
  control_.reset();
  if (web_config_ != std::nullopt) web_config_->stop();
  { const std::lock_guard no_reload(reload_mutex_); }
  if (queries_ != nullptr) queries_->stop();
  if (server_ != std::nullopt) server_->stop(deadline_ns);
  // Who was answered early may still read from the storage, which then cannot end in good order:
  // what it has acknowledged is in its log.
  const bool idle = queries_ == nullptr || queries_->wait_until_idle(at_least(deadline_ns));
  if (!idle) log_.error("a query does not end: the storage is left as it is");
  if (discovery_ != std::nullopt) discovery_->stop();
  if (scrape_ != std::nullopt) scrape_->stop(deadline_ns);
  if (ingest_ != std::nullopt) ingest_->stop();
  if (remote_write_ != std::nullopt) remote_write_->stop();
  upkeep_.cancel();
  watchdog_.cancel();
  gatherers_.clear();
  if (remote_reads_ != std::nullopt) remote_reads_->stop(deadline_ns);
  if (storage_ != nullptr && idle) storage_->stop(deadline_ns);
  join_threads(at_least(deadline_ns));
  log_.info("ended");
}

// So that who is about to end can, even where others took all the time.
std::int64_t App::at_least(std::int64_t deadline_ns) const {
  return std::max(deadline_ns, executor_.clock().mono_ns() + kJoinLeastNs);
}

void App::stop_executors() {
  scrape_executor_.stop();
  executor_.stop();
}

// Nobody can end a thread that is in a plugin that does not come back, and everything is stored by
// now: then the process ends without it.
void App::join_threads(std::int64_t deadline_ns) {
  std::promise<void> joined;
  const runtime::Thread joiner = runtime::Thread::start({.name = "joiner"}, [&] {
    stop_executors();
    joined.set_value();
  });
  if (!joiner) return stop_executors();
  const std::int64_t left_ns = deadline_ns - executor_.clock().mono_ns();
  if (joined.get_future().wait_for(std::chrono::nanoseconds(left_ns)) ==
      std::future_status::ready) {
    return;
  }
  log_.error("a call into a plugin did not come back: its thread is left behind");
  log_.info("ended");
  std::_Exit(0);
}

}  // namespace

int serve(const config::CommandLine& command_line) {
  std::vector<document::Finding> findings;
  std::shared_ptr<const config::Config> config = config::load(command_line, findings);
  if (config == nullptr) {
    std::fputs(document::render(findings).c_str(), stderr);
    return kExitConfig;
  }
  telemetry::configure_log(config->log);
  raise_descriptor_limit();
  const Result<runtime::DataDirectory> data =
      runtime::DataDirectory::open(config->storage.data_dir);
  if (!data.ok()) return refuse(kExitData, data.status().message());
  App app(command_line, std::move(config));
  return app.run();
}

}  // namespace narthex
