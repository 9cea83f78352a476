// SPDX-License-Identifier: Apache-2.0
// streamed_answer.hpp - the frames of all queries, made piece by piece as the reader takes them:
// what is held meanwhile is one block of the store. Thread: one at a time.
#pragma once

#include "remote_read/selected_series.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace narthex::remote_read {

class StreamedAnswer {
 public:
  // The store outlives it.
  StreamedAnswer(store::Store& store, std::vector<Selection> selections, ExternalLabels external,
                 std::uint64_t frame_bytes_max,
                 std::shared_ptr<runtime::Cancellation> cancellation);
  StreamedAnswer(const StreamedAnswer&) = delete;
  StreamedAnswer& operator=(const StreamedAnswer&) = delete;

  // Appends some 64 KiB of whole frames, or what is left. False: that was all.
  Result<bool> produce(std::string& out);

 private:
  Result<bool> open_next();

  store::Store& store_;
  const std::vector<Selection> selections_;
  const ExternalLabels external_;
  const std::uint64_t frame_bytes_max_;
  const std::shared_ptr<runtime::Cancellation> cancellation_;
  std::size_t opened_ = 0;  // queries; the last of them is the current one
  std::unique_ptr<SelectedSeries> current_;
};

}  // namespace narthex::remote_read
