// SPDX-License-Identifier: Apache-2.0
// A parser in a process of its own is one in the agent to whoever reads pages with it, but for what
// ends it. This program is its own plugin-host: see the last case but one.
#include "host/call_box.hpp"
#include "host/instance.hpp"
#include "host/parsed_reader.hpp"
#include "host/plugin_process.hpp"
#include "support/host_fixture.hpp"

#include <narthex/sdk/buffer.hpp>
#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/protocol.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace narthex;
using namespace narthex::host;

namespace {

// What reading a page came to: a line a row.
struct ReadPage {
  Status status;
  std::vector<std::string> rows;
  int labels_asked = 0;
};

// A parser as the agent has it, apart or not, with one scratch.
class PageReader {
 public:
  explicit PageReader(Instance& instance, std::int64_t deadline_ms = 20'000)
      : instance_(instance),
        table_(*static_cast<const nx_parser*>(instance.table(NX_PARSER_ID))),
        parse_(instance.site(NX_PARSER_ID ".parse", deadline_ms)),
        labels_(instance.site(NX_PARSER_ID ".labels", deadline_ms)),
        scratch_(table_.scratch_new(instance.self())) {}
  PageReader(const PageReader&) = delete;
  PageReader& operator=(const PageReader&) = delete;
  ~PageReader() { table_.scratch_free(scratch_); }

  // Labels are asked for once a key.
  ReadPage read(const std::string& text, nx_status stop = NX_OK) {
    const BufferRef body = make_buffer(text);
    nx_parse_opts opts{};
    opts.struct_size = sizeof opts;
    opts.default_t = 77;
    opts.max_rows = 100;
    page_ = {};
    stop_ = stop;
    const nx_parsed_sink sink = [](void* self, const nx_parsed* parsed) -> nx_status {
      return static_cast<PageReader*>(self)->take(*parsed);
    };
    const Status status = instance_.call(parse_, [&](void* self, nx_error* err) {
      return table_.parse(self, scratch_, body.get(), &opts, sink, this, err);
    });
    page_.status = failure_.ok() ? status : failure_;
    failure_ = Status();
    return std::move(page_);
  }
  void forget() { known_.clear(); }

 private:
  nx_status take(const nx_parsed& parsed) {
    std::vector<nx_str> unknown;
    for (std::uint64_t row = 0; row < parsed.batch->rows; ++row) {
      if (!known_.contains(std::string(view(parsed.key[row])))) unknown.push_back(parsed.key[row]);
    }
    if (!unknown.empty()) {
      ++page_.labels_asked;
      failure_ = name(unknown);
      if (!failure_.ok()) return failure_.code();
    }
    for (std::uint64_t row = 0; row < parsed.batch->rows; ++row) {
      page_.rows.push_back(known_[std::string(view(parsed.key[row]))] + ' ' +
                           std::to_string(parsed.batch->v[row]) + '@' +
                           std::to_string(parsed.batch->t[row]));
    }
    return stop_;
  }
  Status name(const std::vector<nx_str>& keys) {
    struct Named {
      PageReader& self;
      const std::vector<nx_str>& keys;
    } named{*this, keys};
    const nx_series_sink sink = [](void* at, const nx_series_table* table) {
      auto& n = *static_cast<Named*>(at);
      for (std::uint32_t s = 0; s < table->series_count; ++s) {
        std::string& text = n.self.known_[std::string(view(n.keys[s]))];
        for (std::uint32_t p = table->label_off[s]; p < table->label_off[s + 1]; ++p) {
          text += std::string(view(table->symbols[table->label_ref[2 * p]])) + '=' +
                  std::string(view(table->symbols[table->label_ref[2 * p + 1]])) + ';';
        }
      }
    };
    return instance_.call(labels_, [&](void* self, nx_error* err) {
      return table_.labels(self, scratch_, keys.data(), keys.size(), sink, &named, err);
    });
  }

  Instance& instance_;
  const nx_parser& table_;
  const CallSite parse_, labels_;
  void* const scratch_;
  std::map<std::string, std::string> known_;
  ReadPage page_;
  Status failure_;
  nx_status stop_ = NX_OK;
};

// The bad parser, started.
struct ToldHost : test::HostFixture {
  explicit ToldHost(bool apart) : HostFixture({NARTHEX_BAD "/parser"}) {
    PluginPolicy policy;
    policy.settings["org.example.told"].isolated = apart;
    plugins->configure(policy);
    auto all = plugins->start_all(NX_PARSER_ID, "protocol");
    REQUIRE(all.size() == 1);
    instance = std::move(all.front());
  }
  // Until a page can be read again.
  ReadPage read_again(PageReader& reader) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    ReadPage page;
    do {
      executor.manual_clock().advance_ns(1'000'000'000);
      page = reader.read("again 1\n");
      std::this_thread::yield();
    } while (!page.status.ok() && std::chrono::steady_clock::now() < end);
    return page;
  }
  std::shared_ptr<Instance> instance;
};

std::string lines(int count, const std::string& name = "series_of_some_length_") {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += name + std::to_string(i) + ' ' + std::to_string(i / 4.0) + '\n';
  }
  return text;
}

// A batch with all that a batch can have.
struct FullBatch {
  explicit FullBatch(std::string_view page) {
    rows.begin(opts());
    rows.add(page.substr(0, 3), 1.5);
    rows.set_time(5);
    rows.add(made, 2);
    rows.set_start(9);
    nx_histogram h{};
    h.schema = 3;
    h.count.u = 4;
    h.pos_span_count = 1;
    h.pos_spans = &span;
    h.pos_bucket_count = 2;
    h.pos.deltas = deltas;
    rows.add(page.substr(4), 0);
    rows.set_histogram(h);
    nx_exemplar exemplar{};
    exemplar.v = 7;
    exemplar.t = 8;
    exemplar.flags = NX_EXEMPLAR_HAS_T;
    exemplar.label_count = 1;
    label = {to_nx(page.substr(0, 1)), to_nx(std::string_view(made))};
    rows.add_exemplar(exemplar);
    rows.place_exemplars(&label);
    nx_metadata& family = rows.family(page.substr(0, 2));
    family.type = NX_TYPE_HISTOGRAM;
    family.help = to_nx(std::string_view(made));
  }
  static nx_parse_opts opts() {
    nx_parse_opts opts{};
    opts.struct_size = sizeof opts;
    opts.default_t = 1;
    return opts;
  }
  std::string message(std::string_view page) {
    struct Out {
      std::string_view page;
      std::string bytes;
    } out{page, {}};
    sdk::ParsedSink sink(
        [](void* at, const nx_parsed* parsed) -> nx_status {
          auto& o = *static_cast<Out*>(at);
          ParsedWriter().write(o.bytes, *parsed, o.page);
          return NX_OK;
        },
        &out);
    (void)rows.flush(sink);
    return out.bytes;
  }

  const std::string made = "made";
  const nx_span span = {-2, 2};
  const std::int64_t deltas[2] = {3, -2};
  nx_label label{};
  sdk::ParsedRows rows;
};

}  // namespace

TEST_CASE("a batch comes through with all it has, and its texts as places", "[process]") {
  const std::string page = "abc def";
  const std::string message = FullBatch(page).message(page);
  ParsedReader reader;
  reader.begin(page, 1);
  REQUIRE(reader.read(message).message() == "");
  const nx_parsed& parsed = reader.parsed();
  const nx_sample_batch& batch = *parsed.batch;
  REQUIRE(batch.rows == 3);
  CHECK(parsed.key[0].ptr == page.data());
  CHECK(view(parsed.key[0]) == "abc");
  CHECK(view(parsed.key[1]) == "made");
  CHECK(view(parsed.key[2]) == "def");
  CHECK(batch.v[0] == 1.5);
  CHECK(batch.t[0] == 5);
  CHECK(batch.t[1] == 1);
  REQUIRE(parsed.own_t != nullptr);
  CHECK(parsed.own_t[0] == 1);
  CHECK(batch.st[1] == 9);
  CHECK(batch.h[0] == NX_NONE);
  REQUIRE(batch.h[2] == 0);
  CHECK(batch.hists[0].pos.deltas[1] == -2);
  CHECK(batch.hists[0].pos_spans[0].offset == -2);
  REQUIRE(batch.exemplar_count == 1);
  CHECK(batch.exemplars[0].row == 2);
  CHECK(view(batch.exemplars[0].labels[0].name) == "a");
  CHECK(view(batch.exemplars[0].labels[0].value) == "made");
  REQUIRE(batch.meta_count == 1);
  CHECK(view(batch.meta[0].family) == "ab");
  CHECK(view(batch.meta[0].help) == "made");
  CHECK(batch.meta[0].unit.len == 0);
}

TEST_CASE("a batch that was cut, changed or is of another page leads nowhere else", "[process]") {
  const std::string page = "abc def";
  const std::string good = FullBatch(page).message(page);
  ParsedReader reader;
  for (std::size_t size = 0; size < good.size(); ++size) {
    reader.begin(page, 1);
    CHECK_FALSE(reader.read(std::string_view(good).substr(0, size)).ok());
  }
  reader.begin("ab", 1);
  CHECK(reader.read(good).message().find("outside of the page") != std::string::npos);
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random());
    reader.begin(page, 1);
    if (!reader.read(bad).ok()) continue;
    std::uint64_t sum = 0;
    const nx_parsed& parsed = reader.parsed();
    for (std::uint64_t row = 0; row < parsed.batch->rows; ++row) {
      for (const char c : view(parsed.key[row])) sum += static_cast<unsigned char>(c);
      sum += static_cast<std::uint64_t>(parsed.batch->t[row]);
      if (parsed.batch->h != nullptr && parsed.batch->h[row] != NX_NONE) {
        REQUIRE(parsed.batch->h[row] < parsed.batch->hist_count);
      }
    }
    CHECK(sum != 0);
  }
}

TEST_CASE("a small message does not name a large page over and over", "[process]") {
  const std::string page(1 << 20, 'x');
  std::vector<nx_str> keys(1000, to_nx(std::string_view(page)));
  std::vector<double> values(keys.size());
  nx_sample_batch batch{};
  batch.rows = keys.size();
  batch.v = values.data();
  nx_parsed parsed{};
  parsed.key = keys.data();
  parsed.batch = &batch;
  std::string message;
  ParsedWriter().write(message, parsed, page);
  ParsedReader reader;
  reader.begin(page, 0);
  CHECK_FALSE(reader.read(message).ok());
  sdk::SeriesTable series;
  series.pairs().push_back({to_nx(kMetricName), keys[0]});
  (void)series.end_series();
  nx_series_table table = series.table();
  const std::vector<std::uint32_t> references(4000, 1);
  const std::uint32_t offsets[] = {0, 2000};
  table.label_ref = references.data();
  table.label_off = offsets;
  std::string labels;
  ParsedWriter().write(labels, table, page);
  WireArrays arrays;
  reader.begin(page, 0);
  CHECK_FALSE(reader.read_series(labels, 1, arrays).ok());
}

TEST_CASE("labels come through, and are judged", "[process]") {
  const std::string page = "name value";
  sdk::SeriesTable series;
  series.pairs().push_back({to_nx(kMetricName), to_nx(std::string_view(page).substr(0, 4))});
  series.pairs().push_back({NX_STR("b"), to_nx(std::string_view(page).substr(5))});
  (void)series.end_series();
  nx_series_table table = series.table();
  std::string message;
  ParsedWriter().write(message, table, page);
  ParsedReader reader;
  reader.begin(page, 0);
  WireArrays arrays;
  CHECK_FALSE(reader.read_series(message, 2, arrays).ok());
  const auto read = reader.read_series(message, 1, arrays);
  REQUIRE(read.status().message() == "");
  CHECK(view(read->symbols[read->label_ref[3]]) == "value");
  CHECK(check_parsed_labels(*read).ok());
  const std::uint32_t swapped[] = {2, 3, 0, 1};
  table.label_ref = swapped;
  CHECK(check_parsed_labels(table).message() ==
        "the parser gave labels that are not in order, or one twice");
  const nx_str symbols[] = {NX_STR("a"), NX_STR("\xc0"), NX_STR("b"), NX_STR("y")};
  const std::uint32_t in_order[] = {0, 1, 2, 3};
  table.symbols = symbols;
  table.label_ref = in_order;
  CHECK(check_parsed_labels(table).message() == "the parser gave a label that is not UTF-8");
}

// What the agent starts for a plugin is this program with this word, which selects this case.
TEST_CASE("plugin-host", "[.]") { REQUIRE(serve_plugin(3, 4, 5) == 0); }

TEST_CASE("a parser apart reads what one in the agent reads", "[process]") {
  ToldHost here(false);
  ToldHost there(true);
  const auto* table = static_cast<const nx_parser*>(there.instance->table(NX_PARSER_ID));
  REQUIRE(table->content_type_count == 2);
  CHECK(view(table->content_types[1]) == "text/x-told");
  CHECK(view(table->protocol_names[0]) == "Told1");
  PageReader in(*here.instance);
  PageReader apart(*there.instance);
  const std::string large = lines(150'000);
  CHECK(large.size() > CallBox::kBytes);
  std::string changed = lines(1000);
  changed.insert(changed.find("length_555"), "new_one 3\nx");
  const std::string broken = lines(950) + "!bad\n" + lines(10);
  int of_page = 0;
  for (const std::string& page :
       {lines(3), std::string("\n"), lines(1000), lines(1000), changed, changed, broken, large,
        large, lines(5) + "refuse 1\n", lines(200) + "x 1\n"}) {
    CAPTURE(of_page++);
    const ReadPage wanted = in.read(page);
    const ReadPage got = apart.read(page);
    CHECK(got.status.message() == wanted.status.message());
    CHECK(got.status.code() == wanted.status.code());
    CHECK(got.labels_asked == wanted.labels_asked);
    CHECK((got.rows == wanted.rows));
  }
  const ReadPage stopped = apart.read(lines(1000), NX_ERR_CANCELLED);
  CHECK(stopped.status.code() == NX_ERR_CANCELLED);
  CHECK(stopped.rows.size() == 100);
  apart.forget();
  CHECK(apart.read(lines(1000), NX_ERR_CANCELLED).rows.size() == 100);
  CHECK(apart.read(lines(1000)).rows.size() == 1000);
}

TEST_CASE("pages are read by many threads, one after the other", "[process]") {
  ToldHost host(true);
  const std::string page = lines(500);
  std::vector<std::thread> threads;
  std::atomic<int> bad{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      PageReader reader(*host.instance);
      for (int i = 0; i < 20; ++i) {
        if (i % 5 == 0) reader.forget();
        const ReadPage read = reader.read(page);
        if (!read.status.ok() || read.rows.size() != 500) ++bad;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(bad == 0);
}

TEST_CASE("a page that ends the parser's process fails, and the next ones are read", "[process]") {
  ToldHost host(true);
  PageReader reader(*host.instance);
  for (const auto& [page, why] : std::vector<std::pair<std::string, std::string>>{
           {"a 1\n!segfault\n", "was killed by SIGSEGV"},
           {"b 1\n!exit\n", "ended with status 3"},
           {"die_in_labels 1\n", "was killed by SIGSEGV"}}) {
    CAPTURE(page);
    const ReadPage read = reader.read(page);
    CHECK(read.rows.empty());
    CHECK(read.status.code() == NX_ERR_UNAVAILABLE);
    CHECK(read.status.message().find(why) != std::string::npos);
    CHECK(reader.read("c 1\n").status.message().find(why) != std::string::npos);
    CHECK(host.read_again(reader).rows.size() == 1);
  }
  PageReader hasty(*host.instance, 50);
  const ReadPage hung = hasty.read("!hang\n");
  CHECK(hung.status.code() == NX_ERR_DEADLINE);
  CHECK(hung.status.message().find("parse did not come back") != std::string::npos);
  CHECK(host.read_again(reader).rows.size() == 1);
}

TEST_CASE("what a parser may not do fails the page and nothing else", "[process]") {
  ToldHost host(true);
  PageReader reader(*host.instance);
  CHECK(reader.read("!changes\n").status.message().find("in two ways") != std::string::npos);
  CHECK(reader.read("bytes 1\n").status.message() == "the parser gave a label that is not UTF-8");
  CHECK(reader.read("twice 1\n").status.message() ==
        "the parser gave labels that are not in order, or one twice");
  CHECK(reader.read(lines(2)).rows.size() == 2);
}
