// SPDX-License-Identifier: Apache-2.0
#include "net/bcrypt.hpp"

#include <crypt.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace narthex::net {
namespace {

constexpr std::size_t kHashSize = 60;
constexpr std::size_t kPrefixSize = 7;  // "$2y$10$"

}  // namespace

Status check_bcrypt_hash(const std::string& hash) {
  const auto bad = [](const char* why) {
    return invalid_argument(std::string("not a bcrypt hash: ") + why);
  };
  if (hash.size() != kHashSize) return bad("it must have 60 characters, such as $2y$10$...");
  if (!hash.starts_with("$2a$") && !hash.starts_with("$2b$") && !hash.starts_with("$2y$")) {
    return bad("it must begin with $2a$, $2b$ or $2y$");
  }
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!digit(hash[4]) || !digit(hash[5]) || hash[6] != '$') return bad("its cost is no number");
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  if (cost < 4 || cost > 31) return bad("its cost must be between 4 and 31");
  const bool good = std::all_of(hash.begin() + kPrefixSize, hash.end(), [&](char c) {
    return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '/';
  });
  return good ? Status() : bad("only letters, digits, . and / may follow the cost");
}

bool bcrypt_matches(const std::string& password, const std::string& hash) {
  if (password.find('\0') != std::string::npos || hash.size() != kHashSize) return false;
  const auto work = std::make_unique<crypt_data>();  // 32 KiB, zeroed
  const char* made = crypt_r(password.c_str(), hash.c_str(), work.get());
  const bool same = made != nullptr && std::strlen(made) == kHashSize &&
                    CRYPTO_memcmp(made, hash.data(), kHashSize) == 0;
  OPENSSL_cleanse(work.get(), sizeof(crypt_data));
  return same;
}

}  // namespace narthex::net
