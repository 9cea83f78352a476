// SPDX-License-Identifier: Apache-2.0
#include "promql/context.hpp"

#include <algorithm>

namespace narthex::promql {

bool Context::fail(ErrorKind kind, std::string message) {
  if (!failed()) error_ = {kind, std::move(message)};
  return false;
}

bool Context::fail(const Status& status) {
  switch (status.code()) {
    case NX_ERR_CANCELLED:
      return fail(ErrorKind::kCanceled, "query was canceled in expression evaluation");
    case NX_ERR_DEADLINE:
      return fail(ErrorKind::kTimeout, "query timed out in expression evaluation");
    default:
      return fail(ErrorKind::kInternal, status.message());
  }
}

bool Context::stop() {
  if (failed()) return true;
  if (options.cancellation != nullptr && options.cancellation->cancelled()) {
    fail(ErrorKind::kCanceled, "query was canceled in expression evaluation");
  } else if (options.deadline_mono_ns != 0 && options.clock != nullptr &&
             options.clock->mono_ns() >= options.deadline_mono_ns) {
    fail(ErrorKind::kTimeout, "query timed out in expression evaluation");
  }
  return failed();
}

namespace {

constexpr std::uint64_t kLoadNsPerSample = 5;

}  // namespace

bool Context::refuse_for_size() {
  if (options.deadline_mono_ns != 0 && options.clock != nullptr) {
    const std::int64_t left_ns = options.deadline_mono_ns - options.clock->mono_ns();
    if (left_ns < static_cast<std::int64_t>(options.max_samples * kLoadNsPerSample)) {
      return fail(ErrorKind::kTimeout, "query timed out in expression evaluation");
    }
  }
  return fail(ErrorKind::kExecution,
              "query processing would load too many samples into memory in query execution");
}

bool Context::hold(std::uint64_t samples) {
  held_ += samples;
  stats_.samples_peak = std::max(stats_.samples_peak, held_);
  if (options.max_samples == 0 || held_ <= options.max_samples) return true;
  return fail(ErrorKind::kExecution,
              "query processing would load too many samples into memory in query execution");
}

}  // namespace narthex::promql
