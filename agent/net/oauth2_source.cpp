// SPDX-License-Identifier: Apache-2.0
#include "net/oauth2_source.hpp"

#include "net/credentials.hpp"
#include "net/target.hpp"

#include <boost/json.hpp>

#include <utility>

namespace narthex::net {
namespace {

// A token is renewed before its end, as Go's client does.
constexpr double kEarlySeconds = 10;
constexpr double kNoEndSeconds = 365.0 * 86400;
constexpr std::uint64_t kAnswerMax = 1 << 20;

std::string form_of(const OAuth2Options& options, bool with_secret, const std::string& secret) {
  std::string form;
  const auto add = [&](std::string_view name, std::string_view value) {
    form += (form.empty() ? "" : "&") + encode_pair_text(name) + "=" + encode_pair_text(value);
  };
  if (!options.endpoint_params.contains("grant_type")) add("grant_type", "client_credentials");
  std::string scopes;
  for (const std::string& scope : options.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
  if (!scopes.empty()) add("scope", scopes);
  for (const auto& [name, value] : options.endpoint_params) add(name, value);
  if (with_secret) {
    add("client_id", options.client_id);
    if (!secret.empty()) add("client_secret", secret);
  }
  return form;
}

// As Go shows it: the status, and what the server said.
Status token_failure(const FetchResponse& answer) {
  std::string said(answer.body.text().substr(0, 512));
  return unavailable("oauth2: cannot fetch token: " + answer.status_line + "\nResponse: " + said);
}

}  // namespace

Result<OAuth2Token> parse_oauth2_answer(std::string_view body) {
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse({body.data(), body.size()}, error);
  if (error || !parsed.is_object()) return invalid_data("oauth2: cannot parse json");
  const boost::json::object& object = parsed.get_object();
  OAuth2Token token;
  if (const auto* text = object.if_contains("access_token"); text != nullptr && text->is_string()) {
    token.token = std::string(text->get_string().data(), text->get_string().size());
  }
  const bool one_line = token.token.find_first_of("\r\n") == std::string::npos;
  if (token.token.empty() || !one_line) {
    return invalid_data("oauth2: server response missing access_token");
  }
  if (const auto* seconds = object.if_contains("expires_in"); seconds != nullptr) {
    if (seconds->is_number()) token.expires_in_s = seconds->to_number<double>(error);
    if (seconds->is_string()) {
      token.expires_in_s = std::strtod(seconds->get_string().c_str(), nullptr);
    }
  }
  return token;
}

void OAuth2Source::token(std::int64_t timeout_ms, Done done) {
  const auto secret = read_secret_();
  if (!secret.ok()) return done(secret.status());
  const bool good = !token_.empty() && *secret == secret_ && clock_.mono_ns() < good_until_ns_;
  if (good) return done(token_);
  waiting_.push_back(std::move(done));
  if (waiting_.size() > 1) return;
  secret_ = *secret;
  ask(timeout_ms, style_);
}

void OAuth2Source::ask(std::int64_t timeout_ms, Style style) {
  FetchRequest request;
  request.method = "POST";
  request.url = options_.token_url;
  request.timeout_ms = timeout_ms;
  request.body_max_bytes = kAnswerMax;
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  const bool by_params = style == Style::kParams;
  if (!by_params) {
    request.headers.emplace_back(
        "Authorization",
        basic_authorization(encode_pair_text(options_.client_id), encode_pair_text(secret_)));
  }
  request.body = form_of(options_, by_params, secret_);
  client_->fetch(std::move(request), [self = shared_from_this(), timeout_ms,
                                      style](const Result<FetchResponse>& answer) {
    self->on_answer(timeout_ms, style, answer);
  });
}

void OAuth2Source::on_answer(std::int64_t timeout_ms, Style style,
                             const Result<FetchResponse>& answer) {
  if (!answer.ok()) return tell(answer.status());
  if (answer->status < 200 || answer->status > 299) {
    // Servers differ in where they want the secret: try the other place once.
    if (style == Style::kUnknown) return ask(timeout_ms, Style::kParams);
    return tell(token_failure(*answer));
  }
  const auto token = parse_oauth2_answer(answer->body.text());
  if (!token.ok()) return tell(token.status());
  style_ = style == Style::kUnknown ? Style::kHeader : style;
  token_ = token->token;
  const double seconds =
      token->expires_in_s > 0 ? token->expires_in_s - kEarlySeconds : kNoEndSeconds;
  good_until_ns_ = clock_.mono_ns() + static_cast<std::int64_t>(seconds * 1e9);
  tell(token_);
}

void OAuth2Source::tell(const Result<std::string>& token) {
  for (const Done& done : std::exchange(waiting_, {})) done(token);
}

}  // namespace narthex::net
