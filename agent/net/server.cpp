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
  Handler fallback;                // guarded by mutex
  WebOptions web;                  // guarded by web_mutex
  std::shared_ptr<ServerTls> tls;  // guarded by web_mutex
  std::mutex web_mutex;
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

Status Server::set_web(const WebOptions& options) {
  const std::lock_guard lock(impl_->web_mutex);
  if (options == impl_->web) return {};
  std::shared_ptr<ServerTls> tls;
  if (options.has_tls && impl_->tls != nullptr && impl_->web.tls == options.tls) {
    tls = impl_->tls;
  } else if (options.has_tls) {
    auto made = ServerTls::make(options.tls);
    if (!made.ok()) return made.status();
    tls = *std::move(made);
  }
  impl_->web = options;
  impl_->tls = tls;
  impl_->front->set_web(options, std::move(tls));
  return {};
}

Status check_web(const WebOptions& options) {
  return options.has_tls ? ServerTls::make(options.tls).status() : Status();
}

std::string Server::address() const { return impl_->front->address(); }

void Server::stop(std::int64_t deadline_mono_ns) { impl_->front->stop(deadline_mono_ns); }

}  // namespace narthex::net
