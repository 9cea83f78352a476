// SPDX-License-Identifier: Apache-2.0
#include "net/password_gate.hpp"

#include "net/bcrypt.hpp"
#include "net/request_head.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstring>
#include <exception>
#include <utility>

namespace narthex::net {
namespace {

// Of each kind; a mark is 32 bytes.
constexpr std::size_t kRemembered = 1024;

// Strict: no blanks, padded, nothing behind it.
std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > (64 << 10)) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string_view digits = text.substr(0, text.size() - padding);
  if (digits.find_first_not_of(kAlphabet) != std::string_view::npos) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  out.resize(out.size() - padding);
  return out;
}

void append_part(std::string& out, std::string_view part) {
  const std::uint64_t size = part.size();
  out.append(reinterpret_cast<const char*>(&size), sizeof size).append(part);
}

}  // namespace

std::optional<UserPassword> parse_basic(std::string_view header) {
  constexpr std::string_view kScheme = "basic ";
  if (lower(header.substr(0, kScheme.size())) != kScheme) return std::nullopt;
  std::optional<std::string> text = decode_base64(header.substr(kScheme.size()));
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  if (colon == std::string::npos) return std::nullopt;
  UserPassword pair{text->substr(0, colon), Secret(text->substr(colon + 1))};
  OPENSSL_cleanse(text->data(), text->size());
  return pair;
}

// A mark is as random as its key is secret: part of it is hash enough.
std::size_t PasswordGate::MarkHash::operator()(const Mark& mark) const {
  std::size_t part;
  std::memcpy(&part, mark.data(), sizeof part);
  return part;
}

bool PasswordGate::SameMark::operator()(const Mark& a, const Mark& b) const {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void PasswordGate::Memory::keep(const Mark& mark, bool verdict) {
  if (!verdicts.emplace(mark, verdict).second) return;
  order.push_back(mark);
  if (order.size() <= kRemembered) return;
  verdicts.erase(order.front());
  order.pop_front();
}

PasswordGate::PasswordGate(Users users, std::shared_ptr<LaneQueue> lane, OnStrand on_strand,
                           telemetry::Counter& checks)
    : users_(std::move(users)),
      lane_(std::move(lane)),
      on_strand_(std::move(on_strand)),
      checks_(checks) {
  // Without randomness there is no safe way to remember anything.
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) std::terminate();
}

// An unknown user is checked against somebody's hash, so that it takes as long.
const std::string& PasswordGate::hash_of(const std::string& user) const {
  const auto found = users_.find(user);
  return (found != users_.end() ? found : users_.begin())->second.reveal();
}

PasswordGate::Mark PasswordGate::mark_of(const UserPassword& pair) const {
  std::string text;
  append_part(text, pair.user);
  append_part(text, hash_of(pair.user));
  append_part(text, pair.password.reveal());
  Mark mark;
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mark.data(), &size);
  OPENSSL_cleanse(text.data(), text.size());
  return mark;
}

std::optional<bool> PasswordGate::known(const UserPassword& pair) const {
  const Mark mark = mark_of(pair);
  if (right_.verdicts.contains(mark)) return true;
  if (wrong_.verdicts.contains(mark)) return false;
  return std::nullopt;
}

bool PasswordGate::check(const UserPassword& pair, Verdict verdict) {
  const Mark mark = mark_of(pair);
  const auto [waiters, first] = waiting_.try_emplace(mark);
  waiters->second.push_back(std::move(verdict));
  if (!first) return true;
  const bool is_user = users_.contains(pair.user);
  const bool taken =
      lane_->submit([gate = shared_from_this(), on_strand = on_strand_, mark, is_user,
                     hash = Secret(hash_of(pair.user)), password = pair.password] {
        gate->checks_.add();
        const bool same = bcrypt_matches(password.reveal(), hash.reveal());
        on_strand([gate, mark, allowed = same && is_user] { gate->decide(mark, allowed); });
      });
  if (!taken) waiting_.erase(mark);
  return taken;
}

void PasswordGate::decide(const Mark& mark, bool allowed) {
  (allowed ? right_ : wrong_).keep(mark, allowed);
  const auto found = waiting_.find(mark);
  if (found == waiting_.end()) return;
  const std::vector<Verdict> verdicts = std::move(found->second);
  waiting_.erase(found);
  for (const Verdict& verdict : verdicts) verdict(allowed);
}

}  // namespace narthex::net
