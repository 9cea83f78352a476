// SPDX-License-Identifier: Apache-2.0
// bcrypt.hpp - passwords against bcrypt hashes, by libxcrypt. Pure and slow: some 60 ms at cost 10.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string>

namespace narthex::net {

// Whether `hash` is a bcrypt hash that can be checked against: "$2y$10$" and 53 characters.
Status check_bcrypt_hash(const std::string& hash);

// Compares in constant time. Passwords count up to 72 bytes; one with a NUL byte never matches,
// since libxcrypt would stop reading there.
bool bcrypt_matches(const std::string& password, const std::string& hash);

}  // namespace narthex::net
