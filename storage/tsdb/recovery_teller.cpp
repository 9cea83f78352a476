// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/recovery_teller.hpp"

#include <algorithm>
#include <utility>

namespace narthex::storage::tsdb {
namespace {

constexpr std::int64_t kTellEveryNs = 100'000'000;
constexpr std::int64_t kLogEveryNs = 1'000'000'000;

}  // namespace

RecoveryTeller::RecoveryTeller(const Surroundings& world, const std::string& folder)
    : world_(world), told_ns_(world.mono_ns() - kTellEveryNs), logged_ns_(world.mono_ns()) {
  const auto names = world.files.list(folder);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    const auto header = wal::parse_segment_name(name);
    if (!header) continue;
    const std::uint64_t number = header->segment;
    const bool first = progress_.last_segment == 0;
    progress_.first_segment = first ? number : std::min(progress_.first_segment, number);
    progress_.last_segment = std::max(progress_.last_segment, number);
  }
  progress_.segment = progress_.first_segment;
  tell();
}

wal::ReplaySink RecoveryTeller::listen_to(wal::ReplaySink sink) {
  wal::ReplaySink out = std::move(sink);
  out.segment = [this, next = std::move(out.segment)](const wal::SegmentHeader& header) {
    if (next) next(header);
    at_segment(header.segment);
  };
  out.progress = [this, next = std::move(out.progress)](std::uint64_t done, std::uint64_t total) {
    if (next) next(done, total);
    at_bytes(done, total);
  };
  return out;
}

void RecoveryTeller::at_segment(std::uint64_t number) {
  progress_.segment = number;
  tell();
}

void RecoveryTeller::at_bytes(std::uint64_t done, std::uint64_t total) {
  progress_.bytes_done = done;
  progress_.bytes_total = total;
  tell();
}

void RecoveryTeller::tell() {
  const std::int64_t now_ns = world_.mono_ns();
  if (world_.recovering && now_ns - told_ns_ >= kTellEveryNs) {
    told_ns_ = now_ns;
    world_.recovering(progress_);
  }
  if (now_ns - logged_ns_ < kLogEveryNs) return;
  logged_ns_ = now_ns;
  world_.log(NX_LOG_INFO, "recovering: segment " + std::to_string(progress_.segment) + " of " +
                              std::to_string(progress_.first_segment) + " to " +
                              std::to_string(progress_.last_segment) + ", " +
                              std::to_string(progress_.bytes_done) + " of " +
                              std::to_string(progress_.bytes_total) + " bytes");
}

void RecoveryTeller::done() {
  progress_.done = true;
  if (world_.recovering) world_.recovering(progress_);
}

}  // namespace narthex::storage::tsdb
