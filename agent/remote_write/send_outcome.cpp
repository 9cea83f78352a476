// SPDX-License-Identifier: Apache-2.0
#include "remote_write/send_outcome.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

namespace narthex::remote_write {
namespace {

constexpr std::size_t kShownBodyMax = 256;

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

// The first line of an answer, for people.
std::string first_line(const net::FetchResponse& answer) {
  if (!answer.body) return {};
  const std::string_view body = view(*answer.body.get());
  return std::string(body.substr(0, std::min(body.find('\n'), kShownBodyMax)));
}

bool read_written(const net::FetchResponse& answer, RowCounts& written) {
  const auto samples = number_in(answer.header("x-prometheus-remote-write-samples-written"));
  const auto histograms = number_in(answer.header("x-prometheus-remote-write-histograms-written"));
  const auto exemplars = number_in(answer.header("x-prometheus-remote-write-exemplars-written"));
  written = {samples.value_or(0), histograms.value_or(0), exemplars.value_or(0)};
  return samples || histograms || exemplars;
}

}  // namespace

std::int64_t retry_after_ms(std::string_view value, std::int64_t now_ms) {
  constexpr std::uint64_t kSecondsMax = 86'400;
  if (const auto seconds = number_in(value)) {
    return static_cast<std::int64_t>(std::min(*seconds, kSecondsMax)) * 1'000;
  }
  std::tm date{};
  const std::string text(value);
  if (text.empty() || ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) {
    return 0;
  }
  const std::int64_t wait_ms = static_cast<std::int64_t>(::timegm(&date)) * 1'000 - now_ms;
  return std::clamp<std::int64_t>(wait_ms, 0, static_cast<std::int64_t>(kSecondsMax) * 1'000);
}

SendOutcome outcome_of(const Result<net::FetchResponse>& answer, bool retry_on_429,
                       bool counts_told, const RowCounts& sent, std::int64_t now_ms) {
  SendOutcome out;
  if (!answer.ok()) {
    out.kind = SendOutcome::Kind::kRetry;
    out.text = answer.status().message();
    return out;
  }
  const bool told = counts_told && read_written(*answer, out.written);
  if (answer->status / 100 == 2) {
    if (!counts_told) {
      out.written = sent;
    } else if (!told || (out.written.all() == 0 && sent.all() != 0)) {
      out.kind = SendOutcome::Kind::kFailed;
      out.text = "the answer is " + answer->status_line +
                 " but says that nothing was written: does the receiver know remote write 2.0?";
    }
    return out;
  }
  out.text = "server returned HTTP status " + answer->status_line + ": " + first_line(*answer);
  const bool again = answer->status / 100 == 5 || (answer->status == 429 && retry_on_429);
  out.kind = again ? SendOutcome::Kind::kRetry : SendOutcome::Kind::kFailed;
  if (again) out.retry_after_ms = retry_after_ms(answer->header("retry-after"), now_ms);
  return out;
}

}  // namespace narthex::remote_write
