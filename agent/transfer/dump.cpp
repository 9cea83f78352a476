// SPDX-License-Identifier: Apache-2.0
#include "transfer/dump.hpp"

#include "blocks/output_file.hpp"
#include "transfer/histogram_text.hpp"
#include "transfer/series_stream.hpp"

#include <narthex/sdk/number.hpp>
#include <narthex/sdk/quote.hpp>
#include <narthex/sdk/text.hpp>

#include <algorithm>

namespace narthex::transfer {

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

bool needs_no_quotes(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), good);
}

std::string label_set_text(std::span<const nx_label> labels) {
  std::string out = "{";
  for (const nx_label& label : labels) {
    if (out.size() > 1) out += ", ";
    const std::string_view name = view(label.name);
    out += needs_no_quotes(name) ? std::string(name) : sdk::quote(name);
    out += '=';
    out += sdk::quote(view(label.value));
  }
  return out += '}';
}

Status dump_series(const StreamedSeries& series, blocks::OutputFile& file) {
  const std::string labels = label_set_text(series.labels);
  const blocks::SampleView& samples = series.samples;
  std::string out;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    out += labels;
    out += ' ';
    if (!samples.h.empty() && samples.h[i] != NX_NONE) {
      append_histogram_text(out, samples.hists[samples.h[i]]);
    } else {
      sdk::append_exposition(out, samples.v[i]);
    }
    out += ' ';
    out += std::to_string(samples.t[i]);
    out += '\n';
    if (out.size() < kPieceBytes) continue;
    const Status written = file.write(out);
    if (!written.ok()) return written;
    out.clear();
  }
  return file.write(out);
}

}  // namespace

Result<std::uint64_t> dump_samples(store::Store& store, const DumpOptions& options) {
  Result<blocks::OutputFile> file = blocks::OutputFile::create(options.out);
  if (!file.ok()) return file.status();
  Result<SeriesStream> stream = SeriesStream::open(store, options.selectors, options.range);
  if (!stream.ok()) return stream.status();
  std::uint64_t samples = 0;
  while (stream->next()) {
    const Status written = dump_series(stream->series(), *file);
    if (!written.ok()) return written;
    samples += stream->series().samples.size();
  }
  Status status = stream->status();
  if (status.ok()) status = file->close();
  if (!status.ok()) return status;
  return samples;
}

}  // namespace narthex::transfer
