// SPDX-License-Identifier: Apache-2.0
#include "net/client.hpp"

#include "net/failure_text.hpp"
#include "net/fetch_flow.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace narthex::net {
namespace {

class FlowClient final : public Client {
 public:
  explicit FlowClient(std::shared_ptr<ClientCore> core) : core_(std::move(core)) {}
  std::shared_ptr<Fetch> fetch(FetchRequest request, FetchDone done) override {
    auto flow = std::make_shared<FetchFlow>(core_, std::move(request), std::move(done));
    flow->start();
    return flow;
  }

 private:
  const std::shared_ptr<ClientCore> core_;
};

Status check_tls(const TlsOptions& tls) {
  for (const std::string& version : {tls.min_version, tls.max_version}) {
    const bool known = version.empty() || version == "TLS10" || version == "TLS11" ||
                       version == "TLS12" || version == "TLS13";
    if (!known) return invalid_config("unknown TLS version: " + version);
  }
  return TlsSource(tls).current().status();
}

Status check_proxy(const std::string& proxy_url) {
  if (proxy_url.empty() || proxy_url.find("://") == std::string::npos) return {};
  return parse_url(proxy_url).status().with_prefix("proxy_url");
}

Status check(const ClientOptions& options) {
  Status status = check_tls(options.tls);
  if (status.ok()) status = check_proxy(options.proxy_url);
  if (status.ok() && options.has_oauth2) status = check_tls(options.oauth2.tls);
  if (status.ok() && options.has_oauth2) {
    status = parse_url(options.oauth2.token_url).status().with_prefix("oauth2 token_url");
  }
  return status;
}

// The client that fetches tokens: no credentials of its own.
ClientOptions token_client_options(const OAuth2Options& oauth2) {
  ClientOptions options;
  options.tls = oauth2.tls;
  options.proxy_url = oauth2.proxy_url;
  options.no_proxy = oauth2.no_proxy;
  options.proxy_from_environment = oauth2.proxy_from_environment;
  return options;
}

}  // namespace

Result<FetchResponse> Client::fetch_now(FetchRequest request) {
  struct Waiting {
    std::mutex mutex;
    std::condition_variable ready;
    std::optional<Result<FetchResponse>> result;
  };
  const auto waiting = std::make_shared<Waiting>();
  // A stopping executor may never answer: do not wait for ever.
  const auto patience = std::chrono::milliseconds(request.timeout_ms + 1000);
  const auto handle = fetch(std::move(request), [waiting](Result<FetchResponse> result) {
    const std::lock_guard lock(waiting->mutex);
    waiting->result = std::move(result);
    waiting->ready.notify_one();
  });
  std::unique_lock lock(waiting->mutex);
  waiting->ready.wait_for(lock, patience, [&] { return waiting->result.has_value(); });
  if (!waiting->result) return cancelled_failure();
  return *std::move(waiting->result);
}

struct ClientFactory::Impl {
  Impl(runtime::AsioExecutor& executor, std::string agent)
      : engines(std::make_shared<Engines>(executor)), user_agent(std::move(agent)) {}
  const std::shared_ptr<Engines> engines;
  const std::string user_agent;
};

ClientFactory::ClientFactory(runtime::AsioExecutor& executor, std::string user_agent)
    : impl_(std::make_shared<Impl>(executor, std::move(user_agent))) {}

ClientFactory::~ClientFactory() { impl_->engines->close(); }

Result<std::shared_ptr<Client>> ClientFactory::make(const ClientOptions& options) {
  const Status status = check(options);
  if (!status.ok()) return status;
  auto core = std::make_shared<ClientCore>(options, impl_->engines, impl_->user_agent);
  if (options.has_oauth2) {
    auto token_core = std::make_shared<ClientCore>(token_client_options(options.oauth2),
                                                   impl_->engines, impl_->user_agent);
    core->oauth2 = std::make_shared<OAuth2Source>(
        options.oauth2, std::make_shared<FlowClient>(std::move(token_core)),
        [credentials = std::make_shared<Credentials>(options), oauth2 = options.oauth2] {
          return credentials->client_secret(oauth2);
        },
        impl_->engines->executor().clock());
  }
  return std::shared_ptr<Client>(std::make_shared<FlowClient>(std::move(core)));
}

}  // namespace narthex::net
