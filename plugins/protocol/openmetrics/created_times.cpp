// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/openmetrics/created_times.hpp"

#include <narthex/sdk/decimal.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace narthex::openmetrics {
namespace {

constexpr std::string_view kCreated = "_created";
constexpr std::string_view kTotal = "_total";

}  // namespace

std::int64_t to_ms(double seconds) {
  const double ms = seconds * 1000;
  if (ms >= 9.2e18) return std::numeric_limits<std::int64_t>::max();
  if (ms <= -9.2e18) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(ms);
}

void CreatedTimes::begin_family(std::string_view name, std::uint32_t type, std::string_view rest) {
  clear();
  if (type != NX_TYPE_COUNTER && type != NX_TYPE_SUMMARY && type != NX_TYPE_HISTOGRAM) return;
  stem_ = name.ends_with(kTotal) ? name.substr(0, name.size() - kTotal.size()) : name;
  rest = rest.substr(0, rest.find("\n# TYPE "));
  for (std::size_t at = rest.find(kCreated); at != std::string_view::npos;) {
    const std::size_t newline = rest.rfind('\n', at);
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    const std::size_t end = std::min(rest.find('\n', at), rest.size());
    add(rest.substr(begin, end - begin));
    at = rest.find(kCreated, end);
  }
}

// Lines that are not what they should be are left to the parser.
void CreatedTimes::add(std::string_view line) {
  const char* const end = line.data() + line.size();
  const char* key_end = sdk::find_name_end(line.data(), end);
  if (key_end != end && *key_end == '{') key_end = sdk::find_labels_end(key_end + 1, end);
  if (key_end == nullptr || key_end == end || *key_end != ' ') return;
  const auto key_size = static_cast<std::size_t>(key_end - line.data());
  if (!is_one(line.substr(0, key_size))) return;
  line.remove_prefix(key_size + 1);
  double seconds = 0;
  const auto error = sdk::parse_number(line.substr(0, line.find(' ')), seconds);
  if (error != sdk::NumberError::kNone || !std::isfinite(seconds)) return;
  labels_.clear();
  text_.write({}, {}, {}, labels_);
  starts_.emplace(labels_, to_ms(seconds));
}

bool CreatedTimes::is_created_name(std::string_view name) const {
  return name.size() == stem_.size() + kCreated.size() && name.starts_with(stem_) &&
         name.ends_with(kCreated);
}

bool CreatedTimes::is_one(std::string_view series) {
  return series.find(kCreated) != std::string_view::npos && text_.split(series, {}) &&
         is_created_name(text_.name());
}

std::int64_t CreatedTimes::start_of(std::string_view series) {
  if (!text_.split(series, {})) return 0;
  labels_.clear();
  text_.write({}, "le", "quantile", labels_);
  const auto found = starts_.find(labels_);
  return found != starts_.end() ? found->second : 0;
}

}  // namespace narthex::openmetrics
