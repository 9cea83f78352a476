// SPDX-License-Identifier: Apache-2.0
#include "remote_read/sampled_answer.hpp"

#include <narthex/sdk/prompb.hpp>

namespace narthex::remote_read {

namespace {

namespace prompb = sdk::prompb;

// Protobuf ends at 2 GiB, snappy at 4.
constexpr std::size_t kMessageMax = std::size_t{1} << 30;

void add_samples(prompb::Series& series, const blocks::SampleView& samples) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!samples.h.empty() && samples.h[i] != NX_NONE) {
      series.add(samples.t[i], samples.hists[samples.h[i]]);
    } else {
      series.add(samples.t[i], samples.v[i]);
    }
  }
}

// A QueryResult. `room` is what the message may grow by.
Status append_result(SelectedSeries& found, std::uint64_t samples_max, std::size_t room,
                     std::string& out) {
  prompb::Series series;
  std::uint64_t count = 0;
  while (found.next()) {
    if (!found.continues()) {
      if (!series.bytes().empty()) series.append_to(out);
      series.clear();
      for (const nx_label& l : found.labels()) series.add_label(view(l.name), view(l.value));
    }
    const blocks::SampleView samples = found.samples();
    count += samples.size();
    if (samples_max != 0 && count > samples_max) {
      return {NX_ERR_EXHAUSTED, "exceeded sample limit (" + std::to_string(samples_max) + ")"};
    }
    add_samples(series, samples);
    if (out.size() + series.bytes().size() > room) {
      return {NX_ERR_EXHAUSTED,
              "the answer would be larger than 1 GiB: ask for less, or for STREAMED_XOR_CHUNKS"};
    }
  }
  if (!series.bytes().empty()) series.append_to(out);
  return found.status();
}

}  // namespace

Result<std::string> sampled_answer(store::Store& store, std::span<const Selection> selections,
                                   const ExternalLabels& external, std::uint64_t samples_max,
                                   const std::shared_ptr<runtime::Cancellation>& cancellation) {
  std::string message;
  for (const Selection& selection : selections) {
    std::string result;
    if (!selection.empty()) {
      const std::uint32_t flags = selection.labels_only ? NX_SCAN_NO_SAMPLES : 0;
      Result<std::unique_ptr<SelectedSeries>> found =
          SelectedSeries::open(store, selection, flags, external, cancellation);
      if (!found.ok()) return found.status();
      const Status read = append_result(**found, samples_max, kMessageMax - message.size(), result);
      if (!read.ok()) return read;
    }
    sdk::protobuf::bytes(message, 1, result);
  }
  return message;
}

}  // namespace narthex::remote_read
