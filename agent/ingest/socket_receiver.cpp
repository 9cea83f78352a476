// SPDX-License-Identifier: Apache-2.0
#include "ingest/socket_receiver.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <future>
#include <utility>

namespace narthex::ingest {
namespace {

constexpr std::int64_t kRunDeadlineMs = 30'000;
constexpr std::int64_t kRetryMs = 1'000;
constexpr std::int64_t kEndBudgetNs = 1'000'000'000;
constexpr std::size_t kRunBytesMax = 256 << 10;

net::PacketServerOptions server_options(const ReceiverOptions& options) {
  net::PacketServerOptions made;
  made.listen = options.listen;
  made.tcp = options.tcp;
  made.udp = options.udp;
  made.connections_max = static_cast<int>(options.connections_max);
  made.idle_timeout_ms = options.idle_timeout_ms;
  made.line_bytes_max = options.line_bytes_max;
  return made;
}

std::size_t bytes_of(const std::vector<net::Packet>& packets) {
  std::size_t bytes = 0;
  for (const net::Packet& packet : packets) bytes += packet.bytes.size();
  return bytes;
}

}  // namespace

SocketReceiver::SocketReceiver(const ReceiverOptions& options,
                               std::shared_ptr<host::Instance> instance,
                               runtime::AsioExecutor& executor, store::Store& store,
                               telemetry::Registry& registry)
    : instance_(std::move(instance)),
      table_(static_cast<const nx_ingest_datagram*>(instance_->table(NX_INGEST_DATAGRAM_ID))),
      packets_site_(instance_->site(NX_INGEST_DATAGRAM_ID ".packets", kRunDeadlineMs)),
      flush_site_(instance_->site(NX_INGEST_DATAGRAM_ID ".flush", kRunDeadlineMs)),
      executor_(executor),
      store_(store),
      grant_(instance_->host(), store),
      rows_(registry, instance_->name()),
      failed_runs_(registry.counter("narthex_ingest_failed_runs_total",
                                    "Runs of packets, and flushes, that failed; runs that may pass "
                                    "later are tried again.",
                                    Labels{{"receiver", instance_->name()}})),
      lost_bytes_(registry.counter("narthex_ingest_lost_bytes_total",
                                   "Bytes of packets that were dropped, as they failed for good.",
                                   Labels{{"receiver", instance_->name()}})),
      flush_interval_ms_(options.flush_interval_ms),
      strand_(std::make_shared<runtime::Strand>(executor, runtime::Pool::kWorker)),
      server_(server_options(options), instance_->name(), executor, registry, [this] { wake(); }) {}

SocketReceiver::~SocketReceiver() { stop(executor_.clock().mono_ns() + kEndBudgetNs); }

Status SocketReceiver::start() {
  Status status = instance_->start();
  if (!status.ok()) return status;
  status = server_.start();
  if (!status.ok()) return status;
  started_ = true;
  log_.info("listening", {{"receiver", instance_->name()}, {"at", server_.address()}});
  if (NX_HAS_FN(table_, nx_ingest_datagram, flush)) {
    next_flush_ns_ = executor_.clock().mono_ns();
    strand_->post([this] { plan_flush(); });
  }
  return Status();
}

void SocketReceiver::stop(std::int64_t deadline_mono_ns) {
  if (!std::exchange(started_, false)) return instance_->stop(deadline_mono_ns);
  server_.stop(deadline_mono_ns);
  // The strand may be shut from under the task when time is up: then its promise breaks.
  auto done = std::make_shared<std::promise<void>>();
  const std::future<void> finished = done->get_future();
  strand_->post([this, done = std::move(done)] {
    finish();
    done->set_value();
  });
  const std::int64_t left_ns = deadline_mono_ns - executor_.clock().mono_ns();
  if (left_ns > 0) finished.wait_for(std::chrono::nanoseconds(left_ns));
  strand_->close();
  retry_.cancel();
  flush_timer_.cancel();
  instance_->stop(deadline_mono_ns);
}

void SocketReceiver::wake() {
  if (!woken_.exchange(true)) strand_->post([this] { pump(); });
}

// One run a task, so that a flush gets its turn.
void SocketReceiver::pump() {
  woken_ = false;
  if (waiting_) return;  // what came since stands behind what waits
  if (take_run()) return wake();
  if (run_.empty()) return;
  waiting_ = true;
  // The strand outlives a callback that is late, and then drops what it posts.
  retry_ = executor_.after(kRetryMs, runtime::Pool::kIo, [this, strand = strand_] {
    strand->post([this] {
      waiting_ = false;
      pump();
    });
  });
}

// False: there is none, or it has to wait; then it stays in run_.
bool SocketReceiver::take_run() {
  if (run_.empty()) run_ = server_.take(kRunBytesMax);
  if (run_.empty()) return false;
  std::vector<nx_bytes> packets;
  std::vector<nx_str> peers;
  for (const net::Packet& packet : run_) {
    packets.push_back(to_nx_bytes(packet.bytes));
    peers.push_back(to_nx(*packet.peer));
  }
  const Status status =
      append(packets_site_, [&](void* self, nx_appender* appender, nx_error* err) {
        return table_->packets(self, packets.data(), peers.data(),
                               static_cast<std::uint32_t>(packets.size()), appender, err);
      });
  if (!status.ok()) {
    failed_runs_.add();
    log_.warn("packets not stored", {{"receiver", instance_->name()}, {"err", status.message()}});
    if (status.retryable() || status.code() == NX_ERR_IO) return false;
    lost_bytes_.add(static_cast<double>(bytes_of(run_)));
  }
  run_.clear();
  return true;
}

void SocketReceiver::flush() {
  const Status status = append(flush_site_, [&](void* self, nx_appender* appender, nx_error* err) {
    return table_->flush(self, appender, err);
  });
  if (status.ok()) return;
  failed_runs_.add();
  log_.warn("flush not stored", {{"receiver", instance_->name()}, {"err", status.message()}});
}

// At steady distances: what a flush takes does not move the next one, and missed ones are skipped.
void SocketReceiver::plan_flush() {
  const std::int64_t interval_ns = flush_interval_ms_ * 1'000'000;
  const std::int64_t late_ns = executor_.clock().mono_ns() - next_flush_ns_;
  next_flush_ns_ += interval_ns * (std::max<std::int64_t>(late_ns, 0) / interval_ns + 1);
  flush_timer_ = executor_.at(next_flush_ns_, runtime::Pool::kIo, [this, strand = strand_] {
    strand->post([this] {
      flush();
      plan_flush();
    });
  });
}

// The last task: everything that came in, and what the plugin has gathered.
void SocketReceiver::finish() {
  while (take_run()) {
  }
  if (!run_.empty()) {
    lost_bytes_.add(static_cast<double>(bytes_of(run_)));
    log_.error("packets lost: the storage did not take them before the end",
               {{"receiver", instance_->name()}, {"bytes", bytes_of(run_)}});
  }
  if (NX_HAS_FN(table_, nx_ingest_datagram, flush)) flush();
}

Status SocketReceiver::append(const host::CallSite& site, const Append& call) {
  SampleAppender appender(store_, instance_->name());
  const Status called = instance_->call(
      site, [&](void* self, nx_error* err) { return call(self, appender.handle(), err); });
  if (!called.ok()) return called;
  nx_append_result result{};
  result.struct_size = sizeof result;
  const Status committed = appender.commit(result);
  if (committed.ok()) rows_.count(result);
  return committed;
}

}  // namespace narthex::ingest
