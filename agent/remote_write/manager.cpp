// SPDX-License-Identifier: Apache-2.0
#include "remote_write/manager.hpp"

#include "remote_write/destination.hpp"
#include "remote_write/families.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <set>
#include <utility>

namespace narthex::remote_write {
namespace {

constexpr std::int64_t kTickMs = 1'000;
constexpr std::int64_t kDrainMs = 1'500;
constexpr std::string_view kPlaceEnding = ".place";

// What a destination is known by from one start to the next: its name, or else its URL.
std::string key_of(const DestinationOptions& options, std::set<std::string>& taken) {
  const std::string text = options.name_given ? "name " + options.name : "url " + options.url;
  for (std::uint64_t seed = 0;; ++seed) {
    char key[17];
    std::snprintf(
        key, sizeof key, "%016llx",
        static_cast<unsigned long long>(XXH3_64bits_withSeed(text.data(), text.size(), seed)));
    if (taken.insert(key).second) return key;
  }
}

std::string text_of(const std::vector<std::pair<std::string, std::string>>& labels) {
  std::string out;
  for (const auto& [name, value] : labels) out += name + '\0' + value + '\0';
  return out;
}

}  // namespace

Manager::Manager(ManagerServices services) : services_(std::move(services)) {
  gatherer_ = services_.registry.on_gather([this](telemetry::Gathering& out) { gather(out); });
}

Manager::~Manager() { stop(); }

Status Manager::open_log(const RemoteWriteOptions& options) {
  if (log_ != nullptr) return Status();
  QueueLogOptions wanted;
  wanted.folder = folder();
  wanted.max_bytes = options.max_bytes;
  wanted.max_age_ms = options.max_age_ms;
  if (options.segment_bytes != 0) wanted.segment_bytes = options.segment_bytes;
  wanted.clock = &services_.executor.clock();
  wanted.sync = services_.sync;
  auto log = std::make_unique<QueueLog>(wanted);
  const Status opened = log->open();
  if (!opened.ok()) return opened;
  const std::lock_guard lock(mutex_);
  log_ = std::move(log);
  tap_ = std::make_shared<QueueTap>(*log_, services_.executor.clock(), [this] { wake_all(); });
  return Status();
}

Result<std::shared_ptr<Destination>> Manager::make(const DestinationOptions& options,
                                                   const RemoteWriteOptions& all,
                                                   const std::string& key) {
  const std::string which = "remote_write " + options.name;
  Result<relabel::Program> rules = relabel::Program::compile(options.write_relabel_configs);
  if (!rules.ok()) return rules.status().with_prefix(which);
  Result<std::shared_ptr<net::Client>> client = services_.make_client(options.client);
  if (!client.ok()) return client.status().with_prefix(which);
  Labels external;
  for (const auto& [name, value] : all.external_labels) external.set(name, value);
  return std::make_shared<Destination>(
      DestinationServices{services_.executor, services_.registry, *log_, tap_->counts(),
                          [this] { return read_families(services_.store); }},
      options, SeriesMapper(std::move(external), *std::move(rules)), *std::move(client),
      folder() + "/" + key + std::string(kPlaceEnding));
}

Status Manager::apply(const RemoteWriteOptions& options) {
  if (options.destinations.empty()) {
    stop_destinations();
    return Status();
  }
  const Status opened = open_log(options);
  if (!opened.ok()) return opened.with_prefix("remote_write");
  const std::string external = text_of(options.external_labels);
  std::vector<Made> old;
  {
    const std::lock_guard lock(mutex_);
    old = running_;
  }
  std::set<std::string> keys;
  std::vector<Made> next;
  std::vector<Destination*> fresh;
  for (const DestinationOptions& wanted : options.destinations) {
    const std::string key = key_of(wanted, keys);
    const auto same = std::find_if(old.begin(), old.end(), [&](const Made& made) {
      return external == external_ && made.key == key &&
             made.destination->options().fingerprint == wanted.fingerprint;
    });
    if (same != old.end()) {
      next.push_back(*same);
      continue;
    }
    Result<std::shared_ptr<Destination>> made = make(wanted, options, key);
    if (!made.ok()) return made.status();
    next.push_back({*made, key});
    fresh.push_back(made->get());
  }
  external_ = external;
  for (const Made& made : old) {
    const bool kept = std::any_of(next.begin(), next.end(), [&](const Made& other) {
      return other.destination == made.destination;
    });
    if (!kept) made.destination->stop();
  }
  for (Destination* destination : fresh) {
    const Status started = destination->start();
    if (!started.ok()) return started.with_prefix("remote_write");
  }
  {
    const std::lock_guard lock(mutex_);
    running_ = next;
  }
  remove_places_but(next);
  services_.store.set_tap(tap_);
  arm();
  return Status();
}

// Who is no longer sent to has no place; it begins anew if it comes back.
void Manager::remove_places_but(const std::vector<Made>& kept) const {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder(), failed)) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() != kPlaceEnding) continue;
    const bool needed = std::any_of(kept.begin(), kept.end(),
                                    [&](const Made& made) { return path.stem() == made.key; });
    std::error_code ignored;
    if (!needed) std::filesystem::remove(path, ignored);
  }
}

void Manager::arm() {
  timer_ = services_.executor.after(kTickMs, runtime::Pool::kWorker, [this, life = life_] {
    const std::lock_guard alive(life->mutex);
    if (!life->ended) tick();
  });
}

void Manager::tick() {
  std::vector<Made> running;
  {
    const std::lock_guard lock(mutex_);
    running = running_;
  }
  std::uint32_t needed = UINT32_MAX;
  for (const Made& made : running) {
    made.destination->tick();
    needed = std::min(needed, made.destination->needed_segment());
  }
  if (!running.empty()) log_->forget_before(needed);
  log_->drop_aged();
  log_->sync();
  arm();
}

void Manager::wake_all() {
  const std::lock_guard lock(mutex_);
  for (const Made& made : running_) made.destination->wake();
}

void Manager::stop_destinations() {
  services_.store.set_tap(nullptr);
  std::vector<Made> running;
  {
    const std::lock_guard lock(mutex_);
    running.swap(running_);
  }
  for (const Made& made : running) made.destination->stop();
}

// Receivers that are there get the last rows now: this host may not come back with its disk.
void Manager::drain_destinations() {
  struct Drain {
    std::mutex mutex;
    std::condition_variable done;
    std::size_t left = 0;
    bool late = false;
  };
  auto drain = std::make_shared<Drain>();
  {
    const std::lock_guard lock(mutex_);
    drain->left = running_.size();
    for (const Made& made : running_) {
      made.destination->drain([drain] {
        const std::lock_guard one_less(drain->mutex);
        --drain->left;
        drain->done.notify_all();
      });
    }
  }
  const runtime::Timer limit = services_.executor.after(kDrainMs, runtime::Pool::kWorker, [drain] {
    const std::lock_guard too_late(drain->mutex);
    drain->late = true;
    drain->done.notify_all();
  });
  std::unique_lock lock(drain->mutex);
  drain->done.wait(lock, [&] { return drain->left == 0 || drain->late; });
}

void Manager::stop() {
  if (std::exchange(stopped_, true)) return;
  {
    const std::lock_guard alive(life_->mutex);
    life_->ended = true;
  }
  timer_.cancel();
  gatherer_.reset();
  drain_destinations();
  stop_destinations();
  if (log_ != nullptr) log_->sync();
}

void Manager::gather(telemetry::Gathering& out) const {
  const std::lock_guard lock(mutex_);
  if (log_ == nullptr) return;
  const TapCounts& counts = tap_->counts();
  const QueueLog::Stats stats = log_->stats();
  const auto number = [](auto value) { return static_cast<double>(value); };
  out.counter("prometheus_remote_storage_samples_in_total",
              "Samples that came in for remote storage.", {}, number(counts.samples.load()));
  out.counter("prometheus_remote_storage_histograms_in_total",
              "Histogram samples that came in for remote storage.", {},
              number(counts.histograms.load()));
  out.counter("prometheus_remote_storage_exemplars_in_total",
              "Exemplars that came in for remote storage.", {}, number(counts.exemplars.load()));
  out.gauge("prometheus_remote_storage_highest_timestamp_in_seconds",
            "Highest timestamp that came in for remote storage.", {},
            number(counts.highest_t_ms.load()) / 1'000);
  out.gauge("narthex_remote_write_log_bytes", "Size of the log of rows to send.", {},
            number(stats.bytes));
  out.gauge("narthex_remote_write_log_segments", "Segments of the log of rows to send.", {},
            number(stats.segments));
  out.counter("narthex_remote_write_log_dropped_segments_total",
              "Segments dropped since the log had reached its bound.", {},
              number(stats.dropped_segments));
  out.counter("narthex_remote_write_log_write_failures_total",
              "Writes to the log of rows to send that failed.", {}, number(stats.write_failures));
  out.counter("narthex_remote_write_unwritten_rows_total",
              "Rows that are not sent since the log could not be written.", {},
              number(counts.unwritten_rows.load()));
}

}  // namespace narthex::remote_write
