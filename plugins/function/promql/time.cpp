// SPDX-License-Identifier: Apache-2.0
// The time of a step, and parts of dates (UTC).
#include "plugins/function/promql/families.hpp"

#include <narthex/sdk/function.hpp>

#include <limits>

namespace narthex::function_promql {

namespace {

using sdk::FunctionContext;

constexpr std::int64_t kDaySeconds = 86'400;

std::int64_t to_seconds(double v) {
  constexpr double kLimit = 9223372036854775808.0;
  // What the hardware answers for numbers that do not fit, NaN included.
  if (!(v >= -kLimit && v < kLimit)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(v);
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

// The reference counts seconds from a year far before the oldest date, in 64 bits without a sign:
// what lies before that year is far in the future.
constexpr std::uint64_t kEpochSeconds = 9'223'372'028'741'760'000u;
static_assert(kEpochSeconds % kDaySeconds == 0);
std::uint64_t seconds_of(double v) {
  return static_cast<std::uint64_t>(to_seconds(v)) + kEpochSeconds;
}

struct Date {
  std::int64_t year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31
};

// Days since the epoch as a date of the Gregorian calendar. Years are counted from March, so that
// the leap day is the last of a year.
Date date_of(std::int64_t days) {
  days += 719'468;  // from 0000-03-01
  const std::int64_t era = floor_divide(days, 146'097);
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  Date date;
  date.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  date.month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_of_month(const Date& date) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return date.month == 2 && is_leap(date.year) ? 29 : kDays[date.month - 1];
}

// Days since 1970.
std::int64_t days_at(double v) {
  return static_cast<std::int64_t>(seconds_of(v) / kDaySeconds) -
         static_cast<std::int64_t>(kEpochSeconds / kDaySeconds);
}
Date date_at(double v) { return date_of(days_at(v)); }
std::int64_t second_of_day(double v) {
  return static_cast<std::int64_t>(seconds_of(v) % kDaySeconds);
}

double minute(double v) { return static_cast<double>(second_of_day(v) / 60 % 60); }
double hour(double v) { return static_cast<double>(second_of_day(v) / 3600); }
double day_of_month(double v) { return date_at(v).day; }
double month(double v) { return date_at(v).month; }
double year(double v) { return static_cast<double>(date_at(v).year); }
double days_in_month(double v) { return days_of_month(date_at(v)); }
double day_of_week(double v) {
  const std::int64_t days = days_at(v) + 4;  // 1970-01-01: Thursday
  return static_cast<double>(days - floor_divide(days, 7) * 7);
}
double day_of_year(double v) {
  const Date date = date_at(v);
  double day = date.day;
  for (Date before = {date.year, 1, 1}; before.month < date.month; ++before.month) {
    day += days_of_month(before);
  }
  return day;
}

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

void time(const FunctionContext&, const nx_elem_in& in, const nx_elem_out& out) {
  for (std::uint32_t i = 0; i < in.step_count; ++i) out.v[i] = seconds(in.step_t[i]);
}

// Of anything but a selector: there every element is as old as its step. (The agent itself knows
// the times of a selector's samples.)
void timestamp(const FunctionContext&, const nx_elem_in& in, const nx_elem_out& out) {
  for (std::uint64_t i = 0; i < in.n; ++i) out.v[i] = seconds(in.step_t[i % in.step_count]);
}

constexpr std::uint32_t kVector[] = {NX_ARG_VECTOR};

template <auto F>
void part(const FunctionContext&, const nx_elem_in& in, const nx_elem_out& out) {
  for (std::uint64_t i = 0; i < in.n; ++i) out.v[i] = F(in.v[i]);
}

template <auto F>
constexpr nx_function date_part(std::string_view name, std::string_view doc) {
  return sdk::elements<part<F>>(name, doc, {kVector, 0});
}

const nx_function kRows[] = {
    sdk::scalars<time>("time", "Seconds since 1970 at the step.", {{}, 0, false, NX_ARG_SCALAR}),
    sdk::elements<timestamp>("timestamp", "Time of each sample in seconds.",
                             {kVector, 1, false, NX_ARG_VECTOR, NX_FN_HISTOGRAMS}),
    date_part<minute>("minute", "Minute of the hour."),
    date_part<hour>("hour", "Hour of the day."),
    date_part<day_of_week>("day_of_week", "0 for Sunday to 6."),
    date_part<day_of_month>("day_of_month", "1 to 31."),
    date_part<day_of_year>("day_of_year", "1 to 366."),
    date_part<days_in_month>("days_in_month", "28 to 31."),
    date_part<month>("month", "1 to 12."),
    date_part<year>("year", "The year."),
};

}  // namespace

std::span<const nx_function> time_functions() { return kRows; }

}  // namespace narthex::function_promql
