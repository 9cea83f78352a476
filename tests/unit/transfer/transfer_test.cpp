// SPDX-License-Identifier: Apache-2.0
// Import and export over the memory backend, through the ABI.
#include "blocks/block_reader.hpp"
#include "storage/memory/memory_storage.hpp"
#include "tests/support/collect_sink.hpp"
#include "tests/support/direct_instance.hpp"
#include "tests/support/histogram_maker.hpp"
#include "tests/support/promtool.hpp"
#include "tests/support/temporary_folder.hpp"
#include "transfer/exporter.hpp"
#include "transfer/selectors.hpp"
#include "transfer/series_stream.hpp"
#include "transfer/sources.hpp"
#include "transfer/store_target.hpp"

#include "plugins/protocol/openmetrics/openmetrics_parser.hpp"
#include "plugins/protocol/prometheus_text/text_parser.hpp"

#include <narthex/sdk/protocol.hpp>
#include <narthex/sdk/storage.hpp>

#include <catch2/catch.hpp>

#include <random>

namespace narthex::transfer {
namespace {

using storage::memory::MemoryStorage;

struct Bench {
  test::FakeHost host;
  std::shared_ptr<test::DirectInstance> instance =
      test::DirectInstance::make(*sdk::Storage<MemoryStorage>::component(), host);
  std::shared_ptr<test::DirectInstance> text =
      test::DirectInstance::make(*sdk::Parser<prometheus_text::TextParser>::component(), host);
  std::shared_ptr<test::DirectInstance> open_metrics =
      test::DirectInstance::make(*sdk::Parser<openmetrics::OpenMetricsParser>::component(), host);
  store::Store store{instance};
  runtime::SystemClock clock;
  StoreTarget target{store, clock};
  TextReader texts{{text, open_metrics}};
  test::TemporaryFolder folder;
  std::int64_t begin = (host.now_ms - 3 * 7'200'000) / 7'200'000 * 7'200'000;
  std::vector<std::string> damage;

  Loader loader(LoadOptions options = {}) {
    return Loader(std::move(options), target, [](const LoadCounts&) {});
  }
  Status load(const std::string& path, Loader& loader) {
    const Result<Source> source = find_source(path);
    if (!source.ok()) return source.status();
    return load_source(*source, {}, texts, loader,
                       [this](const blocks::Damage& d) { damage.push_back(to_text(d)); });
  }
  // What the store holds, as text.
  std::map<std::string, test::Points> contents(const std::vector<Selector>& selectors = {}) {
    std::map<std::string, test::Points> out;
    Result<SeriesStream> stream = SeriesStream::open(store, selectors, {0, INT64_MAX});
    REQUIRE(stream.ok());
    std::string before;
    while (stream->next()) {
      const std::string name = test::labels_text(stream->series().labels);
      CHECK(out.count(name) == 0);
      test::Points& points = out[name];
      const blocks::SampleView& samples = stream->series().samples;
      for (std::size_t i = 0; i < samples.size(); ++i) {
        points[samples.t[i]] = test::row_text(samples, i, false);
      }
    }
    CHECK(stream->status().ok());
    return out;
  }
  // Some series of floats and histograms through the loader.
  void fill(int series, int samples) {
    Loader into = loader();
    std::mt19937_64 random(11);
    for (int s = 0; s < series; ++s) {
      const Labels labels{{"__name__", s % 2 == 0 ? "f" : "h"}, {"s", std::to_string(s)}};
      std::vector<nx_label> views;
      labels.append_to(views);
      test::HistogramMaker maker(s % 4 == 1, false);
      blocks::Samples rows;
      for (int i = 0; i < samples; ++i) {
        const std::int64_t t = begin + i * std::int64_t{30'000};
        if (s % 2 == 0) {
          rows.add(t, static_cast<double>(random() % 100) / 4);
        } else {
          rows.add_copy(t, maker.next(random));
        }
      }
      const std::uint64_t number = into.series(views);
      REQUIRE(into.samples(number, rows.view()).ok());
      REQUIRE(into.release().ok());
    }
    REQUIRE(into.finish().ok());
    CHECK(into.counts().written.accepted == static_cast<std::uint64_t>(series * samples));
    CHECK(into.counts().written.refused == 0);
    CHECK(into.counts().series == static_cast<std::uint64_t>(series));
  }
};

std::string sample_line(const char* series, double value, std::int64_t t_ms) {
  return std::string(series) + " " + std::to_string(value) + " " + std::to_string(t_ms / 1000) +
         "\n";
}

TEST_CASE("blocks that were exported are imported as they were", "[transfer]") {
  Bench from;
  from.fill(20, 500);  // four hours and ten minutes: three blocks
  ExportOptions options;
  options.out = from.folder.file("blocks");
  options.now_ms = from.host.now_ms;
  const Result<ExportCounts> counts =
      export_blocks(from.store, options, [](const ExportCounts&) {});
  REQUIRE(counts.ok());
  CHECK(counts->blocks.size() == 3);
  CHECK(counts->samples == 20 * 500);
  CHECK(counts->histograms == 10 * 500);
  for (const std::string& block : counts->blocks) {
    const Result<blocks::BlockMeta> meta = blocks::read_meta(block);
    REQUIRE(meta.ok());
    CHECK(meta->min_t % options.block_ms == 0);
    CHECK(meta->max_t - meta->min_t == options.block_ms);
  }
  Bench to;
  Loader loader = to.loader();
  CHECK(to.load(options.out, loader).message() == "");
  REQUIRE(loader.finish().ok());
  CHECK(to.damage.empty());
  CHECK(loader.counts().series == 20);
  CHECK(to.contents() == from.contents());
  if (test::has_promtool()) {
    const std::string list = test::promtool("tsdb list " + options.out);
    for (const std::string& block : counts->blocks) {
      CHECK(list.find(block.substr(block.size() - 26)) != std::string::npos);
    }
  }
}

TEST_CASE("OpenMetrics that was exported is imported as it was", "[transfer]") {
  Bench from;
  Loader loader = from.loader();
  std::string text = "# TYPE temperature gauge\n# HELP temperature In \\\"degrees\\\".\n";
  text +=
      "temperature{room=\"a \\\"b\\\"\\n\\\\\"} 1.5 " + std::to_string(from.begin / 1000) + ".25\n";
  text += "temperature{room=\"c\"} NaN " + std::to_string(from.begin / 1000) + "\n";
  text += "# TYPE hits counter\nhits_total 7 " + std::to_string(from.begin / 1000) + "\n# EOF\n";
  test::write_file(from.folder.file("in"), text);
  CHECK(from.load(from.folder.file("in"), loader).message() == "");
  REQUIRE(loader.finish().ok());
  ExportOptions options;
  options.range = {0, INT64_MAX};
  options.out = from.folder.file("out");
  const Result<ExportCounts> counts =
      export_open_metrics(from.store, options, [](const ExportCounts&) {});
  REQUIRE(counts.ok());
  CHECK(counts->samples == 3);
  const std::string out = test::read_file(options.out);
  CHECK(out.find("# TYPE hits counter\nhits_total 7 ") != std::string::npos);
  CHECK(out.find("# TYPE temperature gauge\n") != std::string::npos);
  CHECK(out.ends_with("# EOF\n"));
  Bench to;
  Loader again = to.loader();
  CHECK(to.load(options.out, again).message() == "");
  REQUIRE(again.finish().ok());
  CHECK(to.contents() == from.contents());
}

TEST_CASE("native histograms are left out of OpenMetrics and counted", "[transfer]") {
  Bench from;
  from.fill(4, 10);
  ExportOptions options;
  options.range = {0, INT64_MAX};
  options.out = from.folder.file("out");
  const Result<ExportCounts> counts =
      export_open_metrics(from.store, options, [](const ExportCounts&) {});
  REQUIRE(counts.ok());
  CHECK(counts->samples == 20);
  CHECK(counts->left_out == 20);
}

TEST_CASE("a text may be cut anywhere into pieces", "[transfer]") {
  Bench whole;
  std::string text = "# TYPE a gauge\n";
  for (int i = 0; i < 200; ++i) text += sample_line("a{x=\"1\"}", i, whole.begin + i * 1000);
  text += "# TYPE b counter\n";
  for (int i = 0; i < 200; ++i) text += sample_line("b_total", i, whole.begin + i * 1000);
  test::write_file(whole.folder.file("in"), text + "# EOF\n");
  Loader loader = whole.loader();
  REQUIRE(whole.load(whole.folder.file("in"), loader).ok());
  REQUIRE(loader.finish().ok());
  for (const std::size_t bytes : {1, 17, 100, 1000}) {
    Bench pieces;
    pieces.texts.set_piece_bytes(bytes);
    Loader into = pieces.loader();
    CHECK(pieces.load(whole.folder.file("in"), into).message() == "");
    REQUIRE(into.finish().ok());
    CHECK(into.counts().written.accepted == 400);
    CHECK(pieces.contents() == whole.contents());
  }
}

TEST_CASE("a sample without a timestamp, and a wrong line, are told with their line",
          "[transfer]") {
  Bench bench;
  bench.texts.set_piece_bytes(40);
  std::string good;
  for (int i = 0; i < 9; ++i) good += sample_line("a", i, bench.begin + i * 1000);
  for (const auto& [line, text] : {std::pair{"a 5\n", "line 10: the sample has no timestamp"},
                                   std::pair{"a{ 5 6\n", "line 10, column "}}) {
    test::write_file(bench.folder.file("in"), good + line + "# EOF\n");
    Loader loader = bench.loader();
    const Status status = bench.load(bench.folder.file("in"), loader);
    CHECK_FALSE(status.ok());
    CHECK(status.message().find(bench.folder.file("in") + ": " + text) == 0);
  }
  // Prometheus text has milliseconds.
  test::write_file(bench.folder.file("text"), "t 1 " + std::to_string(bench.begin + 1) + "\n");
  Loader loader = bench.loader();
  REQUIRE(bench.load(bench.folder.file("text"), loader).ok());
  REQUIRE(loader.finish().ok());
  CHECK(bench.contents()["{__name__=\"t\"}"].count(bench.begin + 1) == 1);
}

TEST_CASE("only what was asked for is taken, with the labels that were added", "[transfer]") {
  Bench bench;
  LoadOptions options;
  options.range = {bench.begin + 10'000, bench.begin + 19'000};
  Result<std::vector<Selector>> selectors = parse_selectors({"a{x=\"1\"}", "{__name__=~\"c.*\"}"});
  REQUIRE(selectors.ok());
  options.selectors = *selectors;
  options.added = Labels{{"site", "oslo"}, {"x", "0"}};
  std::string text;
  for (int i = 0; i < 30; ++i) {
    for (const char* series : {"a{x=\"1\"}", "a{x=\"2\"}", "c", "b"}) {
      text += sample_line(series, i, bench.begin + i * 1000);
    }
  }
  test::write_file(bench.folder.file("in"), text + "# EOF\n");
  Loader loader = bench.loader(options);
  CHECK(bench.load(bench.folder.file("in"), loader).message() == "");
  REQUIRE(loader.finish().ok());
  CHECK(loader.counts().written.accepted == 20);
  CHECK(loader.counts().outside == 40);
  const auto contents = bench.contents();
  REQUIRE(contents.size() == 2);
  CHECK(contents.begin()->first == "{__name__=\"a\",site=\"oslo\",x=\"0\"}");
  CHECK(contents.begin()->second.size() == 10);
  CHECK_FALSE(parse_selectors({"a{"}).ok());
}

TEST_CASE("series that match several selectors come once, in label order", "[transfer]") {
  Bench bench;
  bench.fill(12, 3);
  const Result<std::vector<Selector>> selectors =
      parse_selectors({"{s=~\"1.?\"}", "f", "{__name__=\"f\",s!=\"4\"}"});
  REQUIRE(selectors.ok());
  CHECK(bench.contents(*selectors).size() == 8);  // f: 0 2 4 6 8 10; h: 1 11
}

TEST_CASE("refused rows are counted by reason", "[transfer]") {
  Bench bench;
  const std::int64_t now = bench.host.now_ms;
  test::write_file(bench.folder.file("a"), "x 1 " + std::to_string(now) + "\n");
  test::write_file(bench.folder.file("b"), "x 2 " + std::to_string(now) + "\ny 1 " +
                                               std::to_string(now + 3'600'000) + "\n");
  Loader first = bench.loader();
  REQUIRE(bench.load(bench.folder.file("a"), first).ok());
  REQUIRE(first.finish().ok());
  CHECK(first.counts().written.accepted == 1);
  Loader second = bench.loader();
  REQUIRE(bench.load(bench.folder.file("b"), second).ok());
  REQUIRE(second.finish().ok());
  CHECK(second.counts().written.accepted == 0);
  CHECK(second.counts().written.by_code[NX_ROW_DUPLICATE] == 1);
  CHECK(second.counts().written.by_code[NX_ROW_OUT_OF_BOUNDS] == 1);
}

TEST_CASE("exemplars and metadata come along", "[transfer]") {
  Bench bench;
  test::write_file(bench.folder.file("in"),
                   "# TYPE hits counter\n# HELP hits Hits.\nhits_total 7 " +
                       std::to_string(bench.begin / 1000) + " # {trace=\"t1\"} 0.5 " +
                       std::to_string(bench.begin / 1000) + "\n# EOF\n");
  Loader loader = bench.loader();
  CHECK(bench.load(bench.folder.file("in"), loader).message() == "");
  REQUIRE(loader.finish().ok());
  CHECK(loader.counts().written.exemplars_accepted == 1);
  Result<store::Querier> querier = bench.store.open(0, INT64_MAX);
  REQUIRE(querier.ok());
  std::string help;
  REQUIRE(querier
              ->metadata("", 0,
                         [&](std::span<const nx_metadata> families) {
                           for (const nx_metadata& family : families) help += view(family.help);
                         })
              .ok());
  CHECK(help == "Hits.");
}

TEST_CASE("what is neither file nor block nor data directory is told", "[transfer]") {
  Bench bench;
  CHECK(find_source("/nonexistent/path").status().message().find("/nonexistent/path") !=
        std::string::npos);
  CHECK(find_source(bench.folder.path()).status().message().find("neither a block") !=
        std::string::npos);
}

}  // namespace
}  // namespace narthex::transfer
