// SPDX-License-Identifier: Apache-2.0
#include "api/number_text.hpp"

#include "api/shortest_decimal.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>

namespace narthex::api {

namespace {

constexpr double kExactIntegersEnd = 0x1p53;  // below it each integer is a double
constexpr int kPositionalMin = -6;            // of the exponent of the first digit
constexpr int kPositionalEnd = 21;
constexpr int kDigitsMax = 20;

char* write_text(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

constexpr std::array<char, 200> make_pairs() {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kPairs = make_pairs();

const char* pair_of(std::uint32_t number) { return kPairs.data() + 2 * number; }

// Exactly eight digits before `end`. Halves are independent of each other, which a loop over the
// digits would not be.
char* write_eight_before(char* end, std::uint32_t number) {
  const std::uint32_t high = number / 10'000;
  const std::uint32_t low = number % 10'000;
  std::memcpy(end - 8, pair_of(high / 100), 2);
  std::memcpy(end - 6, pair_of(high % 100), 2);
  std::memcpy(end - 4, pair_of(low / 100), 2);
  std::memcpy(end - 2, pair_of(low % 100), 2);
  return end - 8;
}

// Writes the digits of a number so that they end at `end`; returns where they begin.
char* write_digits_before(char* end, std::uint64_t number) {
  constexpr std::uint64_t kEightDigits = 100'000'000;
  while (number >= kEightDigits) {
    end = write_eight_before(end, static_cast<std::uint32_t>(number % kEightDigits));
    number /= kEightDigits;
  }
  auto rest = static_cast<std::uint32_t>(number);
  for (; rest >= 100; rest /= 100) {
    end -= 2;
    std::memcpy(end, pair_of(rest % 100), 2);
  }
  if (rest >= 10) {
    end -= 2;
    std::memcpy(end, pair_of(rest), 2);
  } else {
    *--end = static_cast<char>('0' + rest);
  }
  return end;
}

// Digits with room behind them: they are copied kRoom bytes at a time, which is faster than as many
// as there are, whatever their number.
struct Digits {
  const char* first;
  std::size_t size;
};
constexpr std::size_t kRoom = 24;

char* copy(char* out, const char* digits, std::size_t size) {
  std::memcpy(out, digits, kRoom);
  return out + size;
}

char* write_integer(char* out, std::uint64_t number) {
  char digits[kDigitsMax + kRoom] = {};
  char* const end = digits + kDigitsMax;
  const char* first = write_digits_before(end, number);
  return copy(out, first, static_cast<std::size_t>(end - first));
}

// first_exponent: of the first digit.
char* write_positional(char* out, const Digits& digits, int first_exponent) {
  if (first_exponent < 0) {
    std::memcpy(out, "0.000000", 8);
    return copy(out + 1 - first_exponent, digits.first, digits.size);
  }
  const auto whole = static_cast<std::size_t>(first_exponent) + 1;
  if (whole >= digits.size) {
    out = copy(out, digits.first, digits.size);
    return std::fill_n(out, whole - digits.size, '0');
  }
  out = copy(out, digits.first, whole);
  *out++ = '.';
  return copy(out, digits.first + whole, digits.size - whole);
}

char* write_exponential(char* out, const Digits& digits, int first_exponent) {
  *out++ = *digits.first;
  if (digits.size > 1) {
    *out++ = '.';
    out = copy(out, digits.first + 1, digits.size - 1);
  }
  *out++ = 'e';
  *out++ = first_exponent < 0 ? '-' : '+';
  const int magnitude = std::abs(first_exponent);
  if (magnitude < 10) *out++ = '0';
  return write_integer(out, static_cast<std::uint64_t>(magnitude));
}

}  // namespace

char* write_number(char* out, double value) {
  if (std::isnan(value)) return write_text(out, "NaN");
  if (std::isinf(value)) return write_text(out, value < 0 ? "-Inf" : "+Inf");
  if (std::signbit(value)) *out++ = '-';
  const double magnitude = std::fabs(value);
  if (magnitude < kExactIntegersEnd) {
    const auto whole = static_cast<std::uint64_t>(magnitude);
    if (static_cast<double>(whole) == magnitude) return write_integer(out, whole);
  }
  const ShortestDecimal decimal = shortest_decimal(magnitude);
  char text[kDigitsMax + kRoom] = {};
  char* const end = text + kDigitsMax;
  const char* const first = write_digits_before(end, decimal.digits);
  const char* last = end;
  while (last[-1] == '0') --last;
  const Digits digits{first, static_cast<std::size_t>(last - first)};
  const int first_exponent = decimal.exponent + static_cast<int>(end - first) - 1;
  return first_exponent >= kPositionalMin && first_exponent < kPositionalEnd
             ? write_positional(out, digits, first_exponent)
             : write_exponential(out, digits, first_exponent);
}

char* write_timestamp(char* out, std::int64_t t_ms) {
  const auto bits = static_cast<std::uint64_t>(t_ms);
  const std::uint64_t ms = t_ms < 0 ? 0 - bits : bits;
  if (t_ms < 0) *out++ = '-';
  out = write_integer(out, ms / 1000);
  const auto fraction = static_cast<unsigned>(ms % 1000);
  if (fraction == 0) return out;
  *out++ = '.';
  *out++ = static_cast<char>('0' + fraction / 100);
  return write_text(out, {pair_of(fraction % 100), 2});
}

}  // namespace narthex::api
