// SPDX-License-Identifier: Apache-2.0
// The process of a parser that says what it likes: the agent gives it up, says why, and reads the
// next page with its successor.
#include "host/call_box.hpp"
#include "host/parsed_reader.hpp"
#include "host/plugin_process.hpp"
#include "host/process_protocol.hpp"
#include "support/told_parser.hpp"

#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/protocol.hpp>

#include <catch2/catch.hpp>

#include <unistd.h>

#include <cstdlib>
#include <string>

using namespace narthex;
using namespace narthex::host;

namespace {

constexpr const char* kLies = "NARTHEX_TEST_LIES";

std::string described() {
  ComponentFacts facts;
  facts.name = "told";
  facts.config_schema = "{}";
  facts.interfaces.push_back({NX_PARSER_ID, 0, 0, {{"text/x-told", "Told0"}}});
  return encode_description({facts});
}

// One row, whose key is `key`.
std::string batch_of(std::string_view key, std::string_view page) {
  const nx_str name = to_nx(key);
  const double value = 1;
  nx_sample_batch batch{};
  batch.rows = 1;
  batch.v = &value;
  nx_parsed parsed{};
  parsed.key = &name;
  parsed.batch = &batch;
  std::string bytes;
  ParsedWriter().write(bytes, parsed, page);
  return bytes;
}

std::string series_of(std::string_view key, std::string_view page, int count) {
  sdk::SeriesTable series;
  for (int i = 0; i < count; ++i) {
    series.pairs().push_back({to_nx(kMetricName), to_nx(key)});
    (void)series.end_series();
  }
  std::string bytes;
  WireWriter out(bytes);
  out.number(nx_status{NX_OK});
  out.text(std::string_view());
  ParsedWriter().write(bytes, series.table(), page);
  return bytes;
}

// A plugin's process without a plugin. The first word of a page says how it is answered.
class Liar {
 public:
  Liar() : box_(*CallBox::open(5)), calls_(3) {}

  [[noreturn]] void serve() {
    for (;;) {
      auto question = box_.next_question(calls_);
      if (!question.ok()) ::_exit(0);
      if (question->kind == Message::kParse) {
        parse(question->body);
      } else {
        reply(question->kind == Message::kHello ? described() : std::string());
      }
      if (question->kind == Message::kDestroy) ::_exit(0);
    }
  }

 private:
  void say(Message kind, std::string_view bytes) {
    if (!box_.answer(calls_, kind, bytes, {}).ok()) ::_exit(0);
  }
  void reply(std::string_view body) {
    say(Message::kReply, encode_answer_head({}) + std::string(body));
  }
  BatchVerdict ask(Message kind, std::string_view bytes) {
    say(kind, bytes);
    const auto said = box_.next_question(calls_);
    if (!said.ok() || said->kind != Message::kAside) ::_exit(0);
    return read_verdict(said->body);
  }

  void parse(const std::string& question) {
    WireReader in(question);
    const ParseRequest request = read_parse_request(in);
    const std::string_view page = in.rest();
    const std::string_view word = page.substr(0, page.find(' '));
    if (request.asking) return be_asked(word, page);
    if (word == "other_kind") return say(Message::kGroups, {});
    if (word == "no_answer") return say(Message::kReply, "no");
    std::string batch = batch_of(word, page);
    if (word == "outside") batch = batch_of(word, std::string(page) + "and more than there is");
    if (word == "torn") batch.resize(batch.size() / 2);
    std::string batches;
    WireWriter(batches).text(std::string_view(batch));
    if (word == "torn_text") batches.resize(batches.size() - 1);
    reply(batches);
  }

  void be_asked(std::string_view word, std::string_view page) {
    if (word == "no_batch") return reply({});
    if (word == "silent") ::pause();
    if (word == "asked_kind") return say(Message::kSeries, {});
    const std::string batch = batch_of(word == "another" ? page : word, page);
    BatchVerdict verdict = ask(Message::kBatch, batch);
    if (!verdict.wants_labels) return reply({});
    if (word == "labels_kind") return say(Message::kBatch, batch);
    if (word == "labels_short") return say(Message::kSeries, "x");
    std::string labels = series_of(word, page, word == "labels_count" ? 2 : 1);
    if (word == "labels_torn") labels.resize(labels.size() - 9);
    verdict = ask(Message::kSeries, labels);
    if (word == "more_torn") return say(Message::kBatch, batch.substr(1));
    while (word == "goes_on") ask(Message::kBatch, batch);
    reply({});
  }

  CallBox box_;
  ProcessLink calls_;
};

}  // namespace

// What the agent starts for a plugin is this program with this word, which selects this case.
TEST_CASE("plugin-host", "[.]") {
  if (std::getenv(kLies) != nullptr) Liar().serve();
  REQUIRE(serve_plugin(3, 4, 5) == 0);
}

namespace {

// The processes of hosts that are made while it lives lie.
struct Lies {
  Lies() { ::setenv(kLies, "1", 1); }
  Lies(const Lies&) = delete;
  Lies& operator=(const Lies&) = delete;
  ~Lies() { ::unsetenv(kLies); }
};

}  // namespace

TEST_CASE("a process that lies about a page is given up, and says why", "[process]") {
  const auto& [page, why] = GENERATE(
      table<std::string, std::string>({{"other_kind 1", "what is no answer to a page"},
                                       {"no_answer 1", "what is no answer"},
                                       {"outside 1", "a key lies outside of the page"},
                                       {"torn 1", "it is cut off"},
                                       {"torn_text 1", "what is no answer to a page"},
                                       {"asked_kind 1", "what is no answer to a page"},
                                       {"labels_kind 1", "what is no answer to a page"},
                                       {"labels_short 1", "what is no answer to a page"},
                                       {"labels_count 1", "what are no labels of its batch"},
                                       {"labels_torn 1", "what are no labels of its batch"},
                                       {"more_torn 1", "what is no batch of the page"},
                                       {"silent 1", "did not come back"}}));
  CAPTURE(page);
  const Lies lies;
  test::ToldHost host(true);
  test::PageReader hasty(*host.instance, 200);
  const test::ReadPage read = hasty.read(page);
  CHECK(read.status.message().find(why) != std::string::npos);
  CHECK(read.status.message().find("its process was killed") != std::string::npos);
  test::PageReader patient(*host.instance);
  CHECK(host.read_again(patient).rows.size() == 1);
}

TEST_CASE("a process that goes on after its sink has said stop is given up", "[process]") {
  const Lies lies;
  test::ToldHost host(true);
  test::PageReader reader(*host.instance);
  const test::ReadPage stopped = reader.read("goes_on 1", NX_ERR_CANCELLED);
  CHECK(stopped.status.message().find("what is no answer to a page") != std::string::npos);
  CHECK(host.read_again(reader).rows.size() == 1);
}

TEST_CASE("a parser that reads a page in two ways may live", "[process]") {
  const Lies lies;
  test::ToldHost host(true);
  test::PageReader reader(*host.instance);
  for (const char* page : {"no_batch 1", "another 1"}) {
    CHECK(reader.read(page).status.message().find("in two ways") != std::string::npos);
    CHECK(reader.read("again 1").rows.size() == 1);
  }
}
