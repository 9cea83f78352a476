// SPDX-License-Identifier: Apache-2.0
#include "net/packet_server.hpp"

#include "net/packet_front.hpp"

#include <utility>

namespace narthex::net {

struct PacketServer::Impl {
  std::shared_ptr<PacketFront> front;
};

PacketServer::PacketServer(PacketServerOptions options, const std::string& receiver,
                           runtime::AsioExecutor& executor, telemetry::Registry& registry,
                           std::function<void()> on_packets)
    : impl_(std::make_shared<Impl>()) {
  impl_->front = std::make_shared<PacketFront>(std::move(options), receiver, executor, registry,
                                               std::move(on_packets));
}

PacketServer::~PacketServer() { impl_->front->stop_soon(); }

Status PacketServer::start() { return impl_->front->start(); }
std::string PacketServer::address() const { return impl_->front->address(); }
std::vector<Packet> PacketServer::take(std::size_t bytes_max) {
  return impl_->front->take(bytes_max);
}
void PacketServer::stop(std::int64_t deadline_mono_ns) { impl_->front->stop(deadline_mono_ns); }

}  // namespace narthex::net
