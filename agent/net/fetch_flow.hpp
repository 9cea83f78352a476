// SPDX-License-Identifier: Apache-2.0
// fetch_flow.hpp - one fetch from beginning to end: credentials, token, hop after hop along the
// redirects, inflating. Lives on the strand of its engines; cancel() and start() come from
// anywhere.
#pragma once

#include "net/client.hpp"
#include "net/credentials.hpp"
#include "net/engines.hpp"
#include "net/oauth2_source.hpp"
#include "net/proxy_rules.hpp"

#include <memory>
#include <string>

namespace narthex::net {

// What the fetches of one client share. Lives on the strand.
struct ClientCore {
  ClientCore(const ClientOptions& o, std::shared_ptr<Engines> e, std::string agent);
  const ClientOptions options;
  const std::shared_ptr<Engines> engines;
  const std::string user_agent;
  Credentials credentials;
  TlsSource tls;
  const ProxyRules proxies;
  std::shared_ptr<OAuth2Source> oauth2;  // with has_oauth2
};

class FetchFlow final : public Fetch, public std::enable_shared_from_this<FetchFlow> {
 public:
  FetchFlow(std::shared_ptr<ClientCore> core, FetchRequest request, FetchDone done);
  void start();
  void cancel() override;

 private:
  void begin();
  void next_hop();
  void guard();
  void end(const Status& status);
  void send_hop(const std::string& token);
  Result<Hop> make_hop(const std::string& token);
  void on_hop(HopOutcome outcome);
  void follow(const HopResponse& response);
  void deliver(HopResponse response);
  void inflate(HopResponse response);
  void finish(Result<FetchResponse> result);
  void fail(const Status& status);
  Status with_place(const Status& status) const;

  const std::shared_ptr<ClientCore> core_;
  FetchRequest request_;
  FetchDone done_;
  std::int64_t deadline_ns_;
  Url first_;  // whose the credentials are
  Url url_;
  int hops_ = 0;
  bool guarded_ = false;
  std::shared_ptr<HopInFlight> in_flight_;
  runtime::Timer guard_;
};

}  // namespace narthex::net
