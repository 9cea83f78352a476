// SPDX-License-Identifier: Apache-2.0
#include "net/server.hpp"

#include "net/front.hpp"

#include <utility>

namespace narthex::net {

struct Server::Impl {
  Impl(ServerOptions options, runtime::AsioExecutor& executor, telemetry::Registry& r)
      : registry(r), front(std::make_shared<Front>(std::move(options), executor, r)) {}

  Handler current_fallback() {
    const std::lock_guard lock(mutex);
    return fallback;
  }

  telemetry::Registry& registry;
  const std::shared_ptr<Front> front;
  std::shared_ptr<void> gathering;
  std::mutex mutex;
  Handler fallback;  // guarded by mutex
};

Server::Server(ServerOptions options, runtime::AsioExecutor& executor,
               telemetry::Registry& registry)
    : impl_(std::make_shared<Impl>(std::move(options), executor, registry)) {
  impl_->gathering = registry.on_gather([front = impl_->front](telemetry::Gathering& gathering) {
    gathering.gauge("narthex_http_connections", "Open HTTP connections.", {},
                    front->connection_count());
  });
}

Server::~Server() { stop(0); }

Status Server::add(Route route) {
  RouteMetrics metrics(impl_->registry, route.path);
  return impl_->front->router().add(std::move(route), std::move(metrics));
}

void Server::remove(std::string_view method, std::string_view path) {
  impl_->front->router().remove(method, path);
}

bool Server::serves(std::string_view method, std::string_view path) const {
  return impl_->front->router().find(method, path).entry != nullptr;
}

void Server::set_fallback(Handler handler) {
  const std::lock_guard lock(impl_->mutex);
  impl_->fallback = std::move(handler);
}

Status Server::start() {
  auto environment = std::make_shared<CallEnvironment>();
  auto cors = CorsPolicy::make(impl_->front->options().cors_origin);
  if (!cors.ok()) return cors.status();
  environment->cors = *std::move(cors);
  environment->clock = &impl_->front->clock();
  environment->fallback = [impl = std::weak_ptr<Impl>(impl_)]() -> Handler {
    const auto held = impl.lock();
    return held != nullptr ? held->current_fallback() : Handler();
  };
  environment->resume = [front = std::weak_ptr<Front>(impl_->front)](Lane lane, runtime::Task job) {
    if (const auto held = front.lock()) held->resume(lane, std::move(job));
  };
  return impl_->front->start(std::move(environment));
}

std::string Server::address() const { return impl_->front->address(); }

void Server::stop(std::int64_t deadline_mono_ns) { impl_->front->stop(deadline_mono_ns); }

}  // namespace narthex::net
