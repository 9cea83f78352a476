// SPDX-License-Identifier: Apache-2.0
// oauth2_source.hpp - access tokens by OAuth 2's client credentials: fetched when first needed,
// kept until shortly before they end, one fetch at a time. Lives on the strand of the client.
#pragma once

#include "net/client.hpp"
#include "net/options.hpp"
#include "net/url.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace narthex::net {

class OAuth2Source : public std::enable_shared_from_this<OAuth2Source> {
 public:
  using Done = std::function<void(const Result<std::string>& token)>;
  using ReadSecret = std::function<Result<std::string>()>;
  // client does the fetching: with the TLS and proxy options of the token server.
  OAuth2Source(const OAuth2Options& options, std::shared_ptr<Client> client, ReadSecret read_secret,
               const runtime::Clock& clock)
      : options_(options),
        client_(std::move(client)),
        read_secret_(std::move(read_secret)),
        clock_(clock) {}

  // May call done before it returns. timeout_ms bounds a fetch that this call begins.
  void token(std::int64_t timeout_ms, Done done);

 private:
  enum class Style { kUnknown, kHeader, kParams };
  void ask(std::int64_t timeout_ms, Style style);
  void on_answer(std::int64_t timeout_ms, Style style, const Result<FetchResponse>& answer);
  void tell(const Result<std::string>& token);

  const OAuth2Options options_;
  const std::shared_ptr<Client> client_;
  const ReadSecret read_secret_;
  const runtime::Clock& clock_;
  Style style_ = Style::kUnknown;  // how this server wants the client's name and secret
  std::string secret_;             // the one the token was got with
  std::string token_;
  std::int64_t good_until_ns_ = 0;
  std::vector<Done> waiting_;
};

// The token of a token server's answer and for how many seconds it is good (0: not said).
struct OAuth2Token {
  std::string token;
  double expires_in_s = 0;
};
Result<OAuth2Token> parse_oauth2_answer(std::string_view body);

}  // namespace narthex::net
