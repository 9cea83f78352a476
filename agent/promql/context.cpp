// SPDX-License-Identifier: Apache-2.0
#include "promql/context.hpp"

#include <algorithm>

namespace narthex::promql {

namespace {

constexpr std::uint64_t kLoadNsPerSample = 5;
constexpr const char* kTimedOut = "query timed out in expression evaluation";

}  // namespace

bool Context::fail(ErrorKind kind, std::string message) {
  if (!failed()) error_ = {kind, std::move(message)};
  elements_ = kElementsPerLook;  // from here on every loop that asks has to stop
  return false;
}

bool Context::fail(const Status& status) {
  switch (status.code()) {
    case NX_ERR_CANCELLED:
      if (out_of_time()) return fail(ErrorKind::kTimeout, kTimedOut);
      return fail(ErrorKind::kCanceled, "query was canceled in expression evaluation");
    case NX_ERR_DEADLINE:
      return fail(ErrorKind::kTimeout, kTimedOut);
    default:
      return fail(ErrorKind::kInternal, status.message());
  }
}

bool Context::stop() {
  elements_ = 0;
  if (failed()) {
    elements_ = kElementsPerLook;
  } else if (out_of_time()) {  // at its deadline a query is cancelled, too: the storage notices
    fail(ErrorKind::kTimeout, kTimedOut);
  } else if (options.cancellation != nullptr && options.cancellation->cancelled()) {
    fail(ErrorKind::kCanceled, "query was canceled in expression evaluation");
  }
  return failed();
}

bool Context::intern(const nx_series_table& table, std::vector<Symbol>& out) {
  out.resize(table.symbol_count);
  for (std::uint32_t i = 0; i < table.symbol_count; ++i) {
    if (stop_after(kWorkOfKey)) return false;
    out[i] = labels.intern(table, i);
  }
  return true;
}

bool Context::fail_for_memory() {
  return fail(ErrorKind::kExecution,
              options.memory != nullptr ? options.memory->refusal() : MemoryMeter().refusal());
}

bool Context::out_of_time() const {
  return options.deadline_mono_ns != 0 && options.clock != nullptr &&
         options.clock->mono_ns() >= options.deadline_mono_ns;
}

void Context::count_read(std::uint64_t samples, std::uint32_t steps) {
  touched_ += samples;
  if (options.progress != nullptr) {
    options.progress->samples.store(touched_, std::memory_order_relaxed);
  }
  if (inner_ == 0) stats_.samples_total += steps == 1 ? samples * grid.count : samples;
}

std::uint64_t* Context::reads_by_step(std::uint32_t steps) {
  if (stats_.by_step.empty() || inner_ != 0) return nullptr;
  return steps == grid.count ? stats_.by_step.data() : &read_for_all_;
}

SampleStats Context::stats() const {
  SampleStats out = stats_;
  for (std::uint64_t& samples : out.by_step) samples += read_for_all_;
  return out;
}

bool Context::refuse_for_size() {
  if (options.deadline_mono_ns != 0 && options.clock != nullptr) {
    const std::int64_t left_ns = options.deadline_mono_ns - options.clock->mono_ns();
    if (left_ns < static_cast<std::int64_t>(options.max_samples * kLoadNsPerSample)) {
      return fail(ErrorKind::kTimeout, kTimedOut);
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
