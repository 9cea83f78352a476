// SPDX-License-Identifier: Apache-2.0
#include "blocks/output_file.hpp"
#include "transfer/exporter.hpp"
#include "transfer/series_stream.hpp"

#include <narthex/sdk/number.hpp>
#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <unordered_map>

namespace narthex::transfer {

namespace {

constexpr std::string_view kTotal = "_total";

bool is_plain_name(std::string_view name, bool colons) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [colons](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (colons && c == ':');
  });
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

// name{a="b"}, or {"name of other bytes",a="b"}.
std::string series_text(std::span<const nx_label> labels, std::string_view name) {
  std::string out, pairs;
  const bool plain = is_plain_name(name, true);
  if (plain) {
    out = name;
  } else if (!name.empty()) {
    append_quoted(pairs, name);
  }
  for (const nx_label& label : labels) {
    const std::string_view label_name = view(label.name);
    if (label_name == kMetricName) continue;
    if (!pairs.empty()) pairs += ',';
    if (is_plain_name(label_name, false)) {
      pairs += label_name;
    } else {
      append_quoted(pairs, label_name);
    }
    pairs += '=';
    append_quoted(pairs, view(label.value));
  }
  if (!pairs.empty() || !plain) ((out += '{') += pairs) += '}';
  return out;
}

// Seconds with as many decimals as are needed.
void append_seconds(std::string& out, std::int64_t t_ms) {
  const bool negative = t_ms < 0;
  const std::uint64_t magnitude =
      negative ? ~static_cast<std::uint64_t>(t_ms) + 1 : static_cast<std::uint64_t>(t_ms);
  if (negative) out += '-';
  out += std::to_string(magnitude / 1000);
  if (magnitude % 1000 == 0) return;
  const std::string decimals = std::to_string(1000 + magnitude % 1000);
  out += '.';
  out.append(decimals, 1, decimals.find_last_not_of('0'));
}

class OpenMetricsWriter {
 public:
  OpenMetricsWriter(blocks::OutputFile& file, ExportCounts& counts)
      : file_(file), counts_(counts) {}

  void know(const nx_metadata& family) {
    facts_[std::string(view(family.family))] = {family.type, std::string(view(family.help))};
  }

  Status write(const StreamedSeries& series) {
    std::string_view name;
    for (const nx_label& label : series.labels) {
      if (view(label.name) == kMetricName) name = view(label.value);
    }
    std::string out;
    const std::string text = series_text(series.labels, name);
    const blocks::SampleView& samples = series.samples;
    std::uint64_t written = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      // A stale mark says that there is nothing, which the text says by having nothing.
      if (blocks::is_stale(samples.v[i])) continue;
      if (!samples.h.empty() && samples.h[i] != NX_NONE) {
        ++counts_.left_out;
        continue;
      }
      if (written++ == 0) describe(name, out);
      out += text;
      out += ' ';
      sdk::append_exposition(out, samples.v[i]);
      out += ' ';
      append_seconds(out, samples.t[i]);
      out += '\n';
    }
    counts_.samples += written;
    if (written > 0) ++counts_.series;
    return file_.write(out);
  }

 private:
  struct Facts {
    std::uint32_t type = NX_TYPE_UNKNOWN;
    std::string help;
  };

  // Type and help in front of the first series of a name, where both are sure to be right: the
  // series of one name follow each other, those of a histogram or summary do not.
  void describe(std::string_view name, std::string& out) {
    if (name == described_ || !is_plain_name(name, true)) return;
    described_ = name;
    std::string_view family = name;
    if (family.ends_with(kTotal)) family.remove_suffix(kTotal.size());
    const Facts* facts = find(name);
    if (facts == nullptr) facts = find(family);
    if (facts == nullptr) return;
    const bool counter = facts->type == NX_TYPE_COUNTER && family != name;
    if (!counter && facts->type != NX_TYPE_GAUGE) return;
    if (!counter) family = name;
    ((out += "# TYPE ") += family) += counter ? " counter\n" : " gauge\n";
    if (facts->help.empty()) return;
    ((out += "# HELP ") += family) += ' ';
    append_escaped(out, facts->help);
    out += '\n';
  }
  const Facts* find(std::string_view family) const {
    const auto at = facts_.find(std::string(family));
    return at != facts_.end() ? &at->second : nullptr;
  }

  blocks::OutputFile& file_;
  ExportCounts& counts_;
  std::unordered_map<std::string, Facts> facts_;
  std::string described_;
};

}  // namespace

Result<ExportCounts> export_open_metrics(store::Store& store, const ExportOptions& options,
                                         const ExportProgress& progress) {
  Result<blocks::OutputFile> file = blocks::OutputFile::create(options.out);
  if (!file.ok()) return file.status();
  ExportCounts counts;
  OpenMetricsWriter writer(*file, counts);
  if ((store.capabilities() & NX_STORAGE_METADATA) != 0) {
    Result<store::Querier> querier = store.open(options.range.min_t, options.range.max_t);
    if (!querier.ok()) return querier.status();
    const Status known = querier->metadata("", 0, [&](std::span<const nx_metadata> families) {
      for (const nx_metadata& family : families) writer.know(family);
    });
    if (!known.ok()) return known;
  }
  Result<SeriesStream> stream = SeriesStream::open(store, options.selectors, options.range);
  if (!stream.ok()) return stream.status();
  while (stream->next()) {
    const Status written = writer.write(stream->series());
    if (!written.ok()) return written;
    counts.bytes = file->size();
    progress(counts);
  }
  Status status = stream->status();
  if (status.ok()) status = file->write("# EOF\n");
  if (status.ok()) status = file->close();
  if (!status.ok()) return status;
  counts.bytes = file->size();
  return counts;
}

}  // namespace narthex::transfer
