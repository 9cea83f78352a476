// SPDX-License-Identifier: Apache-2.0
#include "ingest/manager.hpp"

#include "host/request_of.hpp"
#include "ingest/receiver.hpp"
#include "ingest/socket_receiver.hpp"

#include <algorithm>
#include <utility>

namespace narthex::ingest {
namespace {

constexpr std::int64_t kStopBudgetNs = std::int64_t{2} * 1'000'000'000;

}  // namespace

Manager::Manager(ManagerServices services) : services_(services) {
  services_.plugins.offer(NX_EXT_APPEND, &append_service());
}

Manager::~Manager() { stop(); }

Status Manager::apply(std::span<const ReceiverOptions> receivers) {
  const auto wanted = [&](const Running& r) {
    return std::any_of(receivers.begin(), receivers.end(), [&](const ReceiverOptions& o) {
      return o.plugin == r.plugin && o.fingerprint == r.fingerprint;
    });
  };
  const std::int64_t deadline = services_.executor.clock().mono_ns() + kStopBudgetNs;
  std::erase_if(running_, [&](const Running& r) {
    if (wanted(r)) return false;
    r.receiver->stop(deadline);
    return true;
  });
  Status first;
  for (const ReceiverOptions& options : receivers) {
    const bool runs = std::any_of(running_.begin(), running_.end(), [&](const Running& r) {
      return options.plugin == r.plugin && options.fingerprint == r.fingerprint;
    });
    if (runs) continue;
    Status status = start(options);
    if (first.ok() && !status.ok()) first = std::move(status);
  }
  return first;
}

Status Manager::start(const ReceiverOptions& options) {
  const host::InstanceRequest request =
      host::request_of(options.interface_id(), "ingest", options, free_name(options.plugin));
  if (const std::string why = services_.plugins.quarantine_of(request); !why.empty()) {
    log_.error("A receiver did not start", {{"plugin", options.plugin}, {"err", why}});
    return Status();  // everything else runs
  }
  Result<std::shared_ptr<host::Instance>> made = services_.plugins.create(request);
  if (!made.ok()) return made.status().with_prefix("receiver " + options.plugin);
  std::unique_ptr<Receiving> receiver = make(options, *std::move(made));
  const Status started = receiver->start();
  if (!started.ok()) return started.with_prefix("receiver " + options.plugin);
  running_.push_back({options.plugin, options.fingerprint, std::move(receiver)});
  return Status();
}

std::unique_ptr<Receiving> Manager::make(const ReceiverOptions& options,
                                         std::shared_ptr<host::Instance> instance) {
  if (options.listen.empty()) {
    return std::make_unique<Receiver>(std::move(instance), services_.server, services_.store,
                                      services_.registry);
  }
  return std::make_unique<SocketReceiver>(options, std::move(instance), services_.executor,
                                          services_.store, services_.registry);
}

// "ingest.remote_write" for the first receiver of a plugin, with a number for others.
std::string Manager::free_name(const std::string& plugin) {
  const std::string name = "ingest." + plugin;
  const bool taken = std::any_of(running_.begin(), running_.end(),
                                 [&](const Running& r) { return r.plugin == plugin; });
  return taken ? name + "#" + std::to_string(++started_) : name;
}

void Manager::stop() {
  const std::int64_t deadline = services_.executor.clock().mono_ns() + kStopBudgetNs;
  for (const Running& r : running_) r.receiver->stop(deadline);
  running_.clear();
}

}  // namespace narthex::ingest
