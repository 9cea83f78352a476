// SPDX-License-Identifier: Apache-2.0
#include "net/failure_text.hpp"

#include "net/request_head.hpp"
#include "net/response_parser.hpp"

#include <cerrno>
#include <system_error>

namespace narthex::net {

std::string system_text(int error) {
  std::string text = std::generic_category().message(error);
  if (error == ETIMEDOUT) return "connection timed out";
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

Status dial_failure(std::string_view address, int error) {
  return unavailable("dial tcp " + std::string(address) + ": connect: " + system_text(error));
}

std::string fetch_prefix(std::string_view method, std::string_view url) {
  std::string text(method.substr(0, 1));
  text += lower(method.substr(std::min<std::size_t>(1, method.size())));
  return text + " \"" + std::string(url) + "\": ";
}

}  // namespace narthex::net
