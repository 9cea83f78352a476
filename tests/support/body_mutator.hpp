// SPDX-License-Identifier: Apache-2.0
// body_mutator.hpp - damages an exposition body at random: inserts fragments that matter to the
// formats, deletes, flips and copies pieces.
#pragma once

#include <random>
#include <string>
#include <string_view>

namespace narthex::test {

inline std::string mutate_body(std::string body, std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"{",
                                                 "}",
                                                 "\"",
                                                 "\\",
                                                 "\n",
                                                 "# TYPE ",
                                                 "# HELP ",
                                                 "# EOF\n",
                                                 "\xff\xfe",
                                                 "=",
                                                 ",",
                                                 " ",
                                                 "1e999",
                                                 "NaN",
                                                 "-",
                                                 "_",
                                                 "\r",
                                                 "\t",
                                                 "{\"a.b\"}",
                                                 "# {",
                                                 "le=",
                                                 "quantile=",
                                                 "9223372036854775808",
                                                 "0x",
                                                 "__name__",
                                                 "\xc3\xa9",
                                                 "a=\"b\"",
                                                 "1e-400",
                                                 "12345678901234567890",
                                                 "0.1",
                                                 ".5",
                                                 "5.",
                                                 "+1",
                                                 "Inf",
                                                 " # {a=\"b\"} 1"};
  const int times = 1 + static_cast<int>(random() % 4);
  for (int i = 0; i < times; ++i) {
    const std::size_t at = random() % (body.size() + 1);
    switch (random() % 4) {
      case 0:
        body.insert(at, kPieces[random() % std::size(kPieces)]);
        break;
      case 1:
        body.erase(at, 1 + random() % 12);
        break;
      case 2:
        if (at < body.size()) body[at] = static_cast<char>(1 + random() % 255);
        break;
      default:
        body.insert(at, body.substr(random() % (body.size() + 1), 30));
    }
  }
  return body;
}

}  // namespace narthex::test
