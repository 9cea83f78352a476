// SPDX-License-Identifier: Apache-2.0
#include "remote_read/streamed_answer.hpp"

#include "remote_read/frames.hpp"

#include <utility>

namespace narthex::remote_read {

namespace {

constexpr std::size_t kPieceBytes = 64 << 10;

}  // namespace

StreamedAnswer::StreamedAnswer(store::Store& store, std::vector<Selection> selections,
                               ExternalLabels external, std::uint64_t frame_bytes_max,
                               std::shared_ptr<runtime::Cancellation> cancellation)
    : store_(store),
      selections_(std::move(selections)),
      external_(std::move(external)),
      frame_bytes_max_(frame_bytes_max),
      cancellation_(std::move(cancellation)) {}

// Goes to the next query that can find something; false when there is none.
Result<bool> StreamedAnswer::open_next() {
  current_.reset();
  while (opened_ < selections_.size()) {
    const Selection& selection = selections_[opened_++];
    if (selection.empty()) continue;
    Result<std::unique_ptr<SelectedSeries>> found =
        SelectedSeries::open(store_, selection, 0, external_, cancellation_);
    if (!found.ok()) return found.status();
    current_ = *std::move(found);
    return true;
  }
  return false;
}

Result<bool> StreamedAnswer::produce(std::string& out) {
  const std::size_t end = out.size() + kPieceBytes;
  while (out.size() < end) {
    if (current_ != nullptr && current_->next()) {
      append_series(out, opened_ - 1, current_->labels(), current_->samples(), frame_bytes_max_);
      continue;
    }
    if (current_ != nullptr && !current_->status().ok()) return current_->status();
    const Result<bool> more = open_next();
    if (!more.ok() || !*more) return more;
  }
  return true;
}

}  // namespace narthex::remote_read
