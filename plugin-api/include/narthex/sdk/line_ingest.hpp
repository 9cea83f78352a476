// SPDX-License-Identifier: Apache-2.0
// line_ingest.hpp - what receivers of lines have in common (influx, graphite, statsd, opentsdb,
// import): options, the cache of known series, a pool of writers, metrics, and the round trip of
// one push. A receiver is left with what is its own: how a line is read.
//
//   struct Options : sdk::LineOptions { bool skip_single_field = false; };
//   static constexpr auto kOptions = sdk::line_option_rows<Options>(sdk::OptionRow<Options>{...});
//   class Graphite {
//     sdk::LineIngest lines_;    // lines_(host, options, "graphite")
//     Status handle(...) { return lines_.take(append, keep_going, report, [&](SampleWriter& w) {
//       sdk::each_line(body, [&](std::string_view line, std::uint64_t number) { ... w.add(...) });
//     }); }
#pragma once

#include <narthex/sdk/component.hpp>
#include <narthex/sdk/ingest.hpp>
#include <narthex/sdk/line_report.hpp>
#include <narthex/sdk/sample_writer.hpp>
#include <narthex/sdk/series_cache.hpp>
#include <narthex/sdk/value.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::sdk {

// Options that every receiver of lines takes.
struct LineOptions {
  std::int64_t label_value_max_bytes = 16 << 10;
  std::int64_t labels_max = 64;
  std::int64_t known_series_max = 4'000'000;
  bool legacy_names = false;
  const nx_value* labels = nullptr;  // a table of texts
};

// The table of options: those of LineOptions, then the receiver's own.
template <class O, class... Row>
constexpr std::array<OptionRow<O>, 5 + sizeof...(Row)> line_option_rows(Row... own) {
  return {
      OptionRow<O>{"label_value_max_bytes", &O::label_value_max_bytes, R"("16KiB")",
                   "Longest label value that is taken.", "bytes"},
      OptionRow<O>{"labels_max",
                   &O::labels_max,
                   "64",
                   "Most labels a series may have.",
                   {},
                   R"("minimum": 1)"},
      OptionRow<O>{"known_series_max",
                   &O::known_series_max,
                   "4000000",
                   "Series remembered by their names in the protocol, 38 to 77 bytes each.",
                   {},
                   R"("minimum": 0)"},
      OptionRow<O>{"legacy_names",
                   &O::legacy_names,
                   {},
                   "Whether characters that Prometheus's names did not have before UTF-8 become "
                   "underscores in metric and label names."},
      OptionRow<O>{"labels",
                   &O::labels,
                   {},
                   "Labels that every sample gets; they win over the sender's.",
                   {},
                   R"("type": "object", "additionalProperties": {"type": "string"})"},
      own...};
}

// Calls use(line, number) for each line, numbers from 1, without its line break (\n or \r\n). The
// last one may lack it.
template <class Use>
void each_line(std::string_view text, Use&& use) {
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    use(line, number);
  }
}

using OwnedLabels = std::vector<std::pair<std::string, std::string>>;

// The labels of `extra_label=name=value` in a request's URL, as VictoriaMetrics takes them.
inline Result<OwnedLabels> extra_labels_of(const nx_ingest_request& request) {
  OwnedLabels labels;
  for (const nx_kv& param : std::span(request.query_params, request.query_param_count)) {
    if (view(param.key) != "extra_label") continue;
    const auto text = Value(&param.value).get<std::string_view>();
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return invalid_argument("extra_label must be name=value, got " + quote_excerpt(text));
    }
    labels.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return labels;
}

// Thread-safe.
class LineIngest {
 public:
  // `name` is the component's: metrics are narthex_ingest_<name>_*.
  LineIngest(Host host, const LineOptions& options, std::string_view name)
      : host_(host),
        append_(*host.service<nx_ext_append>(NX_EXT_APPEND)),
        limits_{static_cast<std::size_t>(options.labels_max),
                static_cast<std::size_t>(options.label_value_max_bytes)},
        legacy_names_(options.legacy_names),
        cache_(static_cast<std::size_t>(options.known_series_max)),
        lines_(host, NX_TYPE_COUNTER, metric(name, "lines_total"), "Lines that were read."),
        bad_lines_(host, NX_TYPE_COUNTER, metric(name, "bad_lines_total"),
                   "Lines that were refused, as they could not be understood."),
        bad_samples_(host, NX_TYPE_COUNTER, metric(name, "refused_samples_total"),
                     "Samples that were refused, for their labels or by the storage."),
        known_(host, NX_TYPE_GAUGE, metric(name, "known_series"),
               "Series that are remembered by their names in the protocol.") {
    for (const nx_kv& label : Value(options.labels).entries()) {
      labels_.emplace_back(view(label.key), Value(&label.value).get<std::string_view>());
    }
  }

  Host host() const { return host_; }
  // Adds labels of a push, then those of the option `labels`, which win.
  void add_labels(const OwnedLabels& of_push, SeriesLabels& to) const {
    for (const OwnedLabels* labels : {&of_push, &labels_}) {
      for (const auto& [name, value] : *labels) to.add(name, value);
    }
  }
  RequestAppender appender(const nx_ingest_request& request) const {
    return RequestAppender(append_, request.appender);
  }
  RequestAppender appender(nx_appender* of_packets) const {
    return RequestAppender(append_, of_packets);
  }

  // One push. read(writer) adds all its samples and tells `report` about bad lines; it may be
  // called a second time, and must then do the same. A failure means that nothing is stored; what
  // was refused otherwise is in the report. keep_going as in SampleWriter::write.
  template <class Read>
  Status take(const RequestAppender& appender, bool keep_going, LineReport& report, Read&& read) {
    std::unique_ptr<SampleWriter> writer = take_writer();
    writer->begin(report);
    read(*writer);
    Status status = writer->write(appender, keep_going);
    if (status.ok() && writer->forgotten()) {
      writer->begin_again();
      read(*writer);
      status = writer->write(appender, keep_going);
    }
    give_back(std::move(writer));
    lines_.add(static_cast<double>(report.lines()));
    bad_lines_.add(static_cast<double>(report.bad_lines()));
    bad_samples_.add(static_cast<double>(report.bad_samples()));
    known_.set(static_cast<double>(cache_.size()));
    return status;
  }

  // A push over HTTP: what was refused makes it NX_PARTIAL.
  template <class Read>
  Status take_request(const nx_ingest_request& request, LineReport& report, Read&& read) {
    Status status = take(appender(request), false, report, std::forward<Read>(read));
    return status.ok() && !report.all_taken() ? Status(NX_PARTIAL, report.text()) : status;
  }

  // A run of packets, which nobody waits for: what was refused is counted and logged. read(writer,
  // packet, report) is called for each; line numbers count within a packet.
  template <class Read>
  Status take_packets(std::span<const nx_bytes> packets, std::span<const nx_str> peers,
                      nx_appender* to, Read&& read) {
    LineReport report;
    std::string_view peer;
    const Status status = take(appender(to), true, report, [&](SampleWriter& writer) {
      for (std::size_t i = 0; i < packets.size(); ++i) {
        const bool good = report.all_taken();
        read(writer, view(packets[i]), report);
        if (good && !report.all_taken()) peer = view(peers[i]);
      }
    });
    if (status.ok() && !report.all_taken()) {
      host_.warn("lines refused", {{"err", report.text()}, {"peer", peer}});
    }
    return status;
  }

 private:
  static constexpr std::size_t kIdleWritersMax = 8;

  static std::string metric(std::string_view name, std::string_view what) {
    return "narthex_ingest_" + std::string(name) + "_" + std::string(what);
  }
  std::unique_ptr<SampleWriter> take_writer() {
    const std::lock_guard lock(mutex_);
    if (writers_.empty()) return std::make_unique<SampleWriter>(cache_, limits_, legacy_names_);
    std::unique_ptr<SampleWriter> writer = std::move(writers_.back());
    writers_.pop_back();
    return writer;
  }
  void give_back(std::unique_ptr<SampleWriter> writer) {
    writer->shrink();
    const std::lock_guard lock(mutex_);
    if (writers_.size() < kIdleWritersMax) writers_.push_back(std::move(writer));
  }

  const Host host_;
  const nx_ext_append& append_;
  const LabelLimits limits_;
  const bool legacy_names_;
  OwnedLabels labels_;
  SeriesCache cache_;
  const Cell lines_, bad_lines_, bad_samples_, known_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<SampleWriter>> writers_;  // idle ones; guarded by mutex_
};

}  // namespace narthex::sdk
