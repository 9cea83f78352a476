// SPDX-License-Identifier: Apache-2.0
// What the agent and the process of a plugin tell each other comes through as it was, and what is
// no message is refused. The processes themselves: tests/integration/containment_test.py.
#include "host/call_box.hpp"
#include "host/collection_tape.hpp"
#include "host/process_link.hpp"
#include "host/process_protocol.hpp"
#include "host/wire_data.hpp"
#include "support/named_series.hpp"

#include <narthex/sdk/value.hpp>

#include <catch2/catch.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <thread>

using namespace narthex;
using namespace narthex::host;

namespace {

// A collection that keeps what it was told as lines of text.
class SpokenCollection {
 public:
  SpokenCollection() {
    raw_.struct_size = sizeof raw_;
    raw_.impl = this;
    raw_.family = [](const nx_collection* c, std::uint32_t type, nx_str name, nx_str unit,
                     nx_str help) -> std::uint32_t {
      auto& self = of(c);
      self.families_.emplace_back(view(name));
      self.say("family " + std::to_string(type) + ' ' + std::string(view(name)) + ' ' +
               std::string(view(unit)) + ' ' + std::string(view(help)));
      return static_cast<std::uint32_t>(self.families_.size());
    };
    raw_.sample = [](const nx_collection* c, std::uint32_t family, const nx_label* labels,
                     std::uint32_t count, double value, std::int64_t t) -> nx_status {
      of(c).say(of(c).families_.at(family - 1) + text_of(labels, count) + number(value) + '@' +
                std::to_string(t));
      return NX_OK;
    };
    raw_.sample_suffixed = [](const nx_collection* c, std::uint32_t family, nx_str suffix,
                              const nx_label* labels, std::uint32_t count, double value,
                              std::int64_t t) -> nx_status {
      of(c).say(of(c).families_.at(family - 1) + std::string(view(suffix)) +
                text_of(labels, count) + number(value) + '@' + std::to_string(t));
      return NX_OK;
    };
    raw_.histogram = [](const nx_collection* c, std::uint32_t family, const nx_label*,
                        std::uint32_t, const nx_histogram* h, std::int64_t) -> nx_status {
      of(c).say(of(c).families_.at(family - 1) + " histogram" + number(h->sum) + ' ' +
                std::to_string(h->pos_bucket_count) + ' ' + std::to_string(h->pos.deltas[1]));
      return NX_OK;
    };
    raw_.series_set = [](const nx_collection* c, const nx_series_table* table, const nx_metadata*,
                         std::uint32_t) -> std::uint32_t {
      auto& self = of(c);
      std::vector<std::string>& set = self.sets_[++self.made_];
      for (std::uint32_t s = 0; s < table->series_count; ++s) {
        std::string line;
        for (std::uint32_t p = table->label_off[s]; p < table->label_off[s + 1]; ++p) {
          line += std::string(view(table->symbols[table->label_ref[2 * p]])) + '=' +
                  std::string(view(table->symbols[table->label_ref[2 * p + 1]])) + ' ';
        }
        set.push_back(line);
      }
      return self.made_;
    };
    raw_.set_values = [](const nx_collection* c, std::uint32_t set, const double* values,
                         const std::uint8_t* absent, std::uint32_t count) -> nx_status {
      auto& self = of(c);
      const auto at = self.sets_.find(set);
      if (at == self.sets_.end() || at->second.size() != count) return NX_ERR_INVALID_ARGUMENT;
      for (std::uint32_t i = 0; i < count; ++i) {
        if (absent == nullptr || absent[i] == 0) self.say(at->second[i] + number(values[i]));
      }
      return NX_OK;
    };
    raw_.batch = [](const nx_collection* c, const nx_sample_batch* batch, nx_error*) -> nx_status {
      of(c).say("batch " + std::to_string(batch->rows) + number(batch->v[0]));
      return NX_OK;
    };
    raw_.series_set_drop = [](const nx_collection* c, std::uint32_t set) {
      of(c).sets_.erase(set);
    };
  }

  const nx_collection& raw() const { return raw_; }
  std::vector<std::string> take() { return std::exchange(said_, {}); }
  std::size_t sets() const { return sets_.size(); }

 private:
  static SpokenCollection& of(const nx_collection* c) {
    return *static_cast<SpokenCollection*>(c->impl);
  }
  static std::string number(double value) {
    return ' ' + std::to_string(std::bit_cast<std::uint64_t>(value));
  }
  static std::string text_of(const nx_label* labels, std::uint32_t count) {
    std::string text = "{";
    for (std::uint32_t i = 0; i < count; ++i) {
      text += std::string(view(labels[i].name)) + '=' + std::string(view(labels[i].value)) + ' ';
    }
    return text + '}';
  }
  void say(std::string line) { said_.push_back(std::move(line)); }

  nx_collection raw_{};
  std::vector<std::string> families_, said_;
  std::map<std::uint32_t, std::vector<std::string>> sets_;
  std::uint32_t made_ = 0;
};

std::string value_text(double value) { return std::to_string(std::bit_cast<std::uint64_t>(value)); }

// One collection of two gauges and a counter's suffix.
void collect(const nx_collection& c, double first, bool third = true) {
  const std::uint32_t gauge = c.family(&c, NX_TYPE_GAUGE, NX_STR("g"), NX_STR("s"), NX_STR("G."));
  const std::uint32_t counter = c.family(&c, NX_TYPE_COUNTER, NX_STR("c"), {}, NX_STR("C."));
  const nx_label labels[] = {
      {NX_STR("z"), NX_STR("1")}, {NX_STR("a"), NX_STR("2")}, {NX_STR("e"), {nullptr, 0}}};
  CHECK(c.sample(&c, gauge, labels, 3, first, 0) == NX_OK);
  CHECK(c.sample_suffixed(&c, counter, NX_STR("_total"), nullptr, 0, 7, 0) == NX_OK);
  if (third) CHECK(c.sample(&c, gauge, nullptr, 0, 9, 0) == NX_OK);
}

}  // namespace

TEST_CASE("rows of a collection become a series set, and then only values travel", "[process]") {
  CollectionTape tape;
  TapePlayer player;
  SpokenCollection spoken;
  CHECK(player.wants_fresh(spoken.raw()));
  tape.begin(5, true);
  CHECK(tape.raw().deadline_mono_ns == 5);
  collect(tape.raw(), 1.5);
  const std::string first(tape.end());
  REQUIRE(player.play(first, spoken.raw()).message() == "");
  CHECK(spoken.take() == std::vector<std::string>{"__name__=g a=2 z=1  " + value_text(1.5),
                                                  "__name__=c_total  " + value_text(7),
                                                  "__name__=g  " + value_text(9)});
  CHECK_FALSE(player.wants_fresh(spoken.raw()));
  // The stale marker is a NaN with a payload: bits, not numbers.
  const auto stale = std::bit_cast<double>(NX_STALE_NAN_BITS);
  tape.begin(6, false);
  collect(tape.raw(), stale);
  const std::string second(tape.end());
  CHECK(second.size() < 40);
  REQUIRE(player.play(second, spoken.raw()).ok());
  CHECK(spoken.take()[0] == "__name__=g a=2 z=1  " + value_text(stale));
  // One series fewer: another set, the old one is dropped.
  tape.begin(7, false);
  collect(tape.raw(), 2, false);
  REQUIRE(player.play(std::string(tape.end()), spoken.raw()).ok());
  CHECK(spoken.take().size() == 2);
  CHECK(spoken.sets() == 1);
}

TEST_CASE("a new process or a new collection begins anew", "[process]") {
  TapePlayer player;
  SpokenCollection spoken;
  {
    CollectionTape tape;
    tape.begin(0, player.wants_fresh(spoken.raw()));
    collect(tape.raw(), 1);
    REQUIRE(player.play(std::string(tape.end()), spoken.raw()).ok());
  }
  player.begin_process();
  CHECK(player.wants_fresh(spoken.raw()));
  CollectionTape tape;
  tape.begin(0, true);
  collect(tape.raw(), 2);
  REQUIRE(player.play(std::string(tape.end()), spoken.raw()).ok());
  CHECK(spoken.sets() == 1);
  SpokenCollection other;
  CHECK(player.wants_fresh(other.raw()));
  tape.begin(0, true);
  collect(tape.raw(), 3);
  REQUIRE(player.play(std::string(tape.end()), other.raw()).ok());
  CHECK(other.take().size() == 3);
}

TEST_CASE("sets, histograms, batches and samples of their own time go through", "[process]") {
  CollectionTape tape;
  TapePlayer player;
  SpokenCollection spoken;
  sdk::SeriesTable series_x_y = test::named_series({"x", "y"});
  const nx_series_table table = series_x_y.table();
  const double values[] = {1, 2};
  const std::uint8_t absent[] = {1, 0};
  const nx_collection& c = tape.raw();
  tape.begin(0, player.wants_fresh(spoken.raw()));
  const std::uint32_t set = c.series_set(&c, &table, nullptr, 0);
  CHECK(c.set_values(&c, set, values, absent, 2) == NX_OK);
  CHECK(c.set_values(&c, set, values, absent, 1) == NX_ERR_INVALID_ARGUMENT);
  CHECK(c.set_values(&c, 99, values, absent, 2) == NX_ERR_INVALID_ARGUMENT);
  CHECK(c.sample(&c, 77, nullptr, 0, 1, 0) == NX_ERR_INVALID_ARGUMENT);
  const std::uint32_t family = c.family(&c, NX_TYPE_GAUGE, NX_STR("g"), {}, {});
  CHECK(c.sample(&c, family, nullptr, 0, 4, 1234) == NX_OK);
  nx_histogram h{};
  const nx_span span = {0, 2};
  const std::int64_t deltas[] = {3, -1};
  h.sum = 2.5;
  h.pos_span_count = 1;
  h.pos_bucket_count = 2;
  h.pos_spans = &span;
  h.pos.deltas = deltas;
  CHECK(c.histogram(&c, family, nullptr, 0, &h, 0) == NX_OK);
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = 2;
  const std::uint32_t series[] = {0, 1};
  batch.series = series;
  batch.table = &table;
  batch.v = values;
  CHECK(c.batch(&c, &batch, nullptr) == NX_OK);
  REQUIRE(player.play(std::string(tape.end()), spoken.raw()).message() == "");
  CHECK(spoken.take() == std::vector<std::string>{"__name__=y  " + value_text(2), "family 2 g  ",
                                                  "g{} " + value_text(4) + "@1234", "family 2 g  ",
                                                  "g histogram " + value_text(2.5) + " 2 -1",
                                                  "batch 2 " + value_text(1)});
  // The set lives on; after a lost collection everything is said again.
  tape.begin(0, false);
  tape.discard();
  tape.begin(0, false);
  CHECK(c.set_values(&c, set, values, nullptr, 2) == NX_OK);
  REQUIRE(player.play(std::string(tape.end()), spoken.raw()).ok());
  CHECK(spoken.take().size() == 2);
  tape.begin(0, false);
  c.series_set_drop(&c, set);
  CHECK(c.set_values(&c, set, values, nullptr, 2) == NX_ERR_INVALID_ARGUMENT);
  REQUIRE(player.play(std::string(tape.end()), spoken.raw()).ok());
}

TEST_CASE("the values of series sets travel in one piece, and alone while the sets are the same",
          "[process]") {
  CollectionTape tape;
  TapePlayer player;
  SpokenCollection spoken;
  sdk::SeriesTable series_x_y = test::named_series({"x", "y"});
  const nx_series_table table = series_x_y.table();
  nx_series_table short_table = table;
  short_table.series_count = 1;
  const nx_collection& c = tape.raw();
  const auto played = [&](bool fresh, const auto& collect_them) {
    tape.begin(0, fresh);
    collect_them();
    const std::string recorded(tape.end());
    REQUIRE(player.play(recorded, spoken.raw()).message() == "");
    return recorded.size();
  };
  const auto push = [&](std::uint32_t set, std::vector<double> values) {
    CHECK(c.set_values(&c, set, values.data(), nullptr,
                       static_cast<std::uint32_t>(values.size())) == NX_OK);
  };
  const auto line = [](const char* name, double value) {
    return "__name__=" + std::string(name) + "  " + value_text(value);
  };
  CHECK(player.wants_fresh(spoken.raw()));
  std::uint32_t two = 0;
  std::uint32_t one = 0;
  played(true, [&] {
    two = c.series_set(&c, &table, nullptr, 0);
    one = c.series_set(&c, &short_table, nullptr, 0);
    push(two, {1, 2});
    push(one, {3});
  });
  CHECK(spoken.take() == std::vector<std::string>{line("x", 1), line("y", 2), line("x", 3)});
  const std::size_t same = played(false, [&] {
    push(two, {4, 5});
    push(one, {6});
  });
  CHECK(spoken.take() == std::vector<std::string>{line("x", 4), line("y", 5), line("x", 6)});
  CHECK(same < 60);
  // Fewer, more, in another order, dropped after its values, and none at all.
  played(false, [&] { push(two, {7, 8}); });
  CHECK(spoken.take() == std::vector<std::string>{line("x", 7), line("y", 8)});
  played(false, [&] {
    push(one, {1});
    push(two, {2, 3});
    push(one, {4});
    c.series_set_drop(&c, one);
  });
  CHECK(spoken.take() ==
        std::vector<std::string>{line("x", 1), line("x", 2), line("y", 3), line("x", 4)});
  CHECK(spoken.sets() == 2);  // the other is that of the rows, which are none
  played(false, [&] { push(two, {5, 6}); });
  CHECK(spoken.take().size() == 2);
  played(false, [] {});
  CHECK(spoken.take().empty());
  played(false, [&] { push(two, {7, 8}); });
  CHECK(spoken.take() == std::vector<std::string>{line("x", 7), line("y", 8)});
  // A new agent's side knows nothing, and is told everything.
  player.begin_process();
  CHECK(player.wants_fresh(spoken.raw()));
  played(true, [&] { push(two, {9, 10}); });
  CHECK(spoken.take() == std::vector<std::string>{line("x", 9), line("y", 10)});
}

TEST_CASE("a tape that was cut or changed is refused or harmless", "[process]") {
  CollectionTape tape;
  tape.begin(0, true);
  collect(tape.raw(), 1);
  const std::string good(tape.end());
  for (std::size_t size = 1; size < good.size(); ++size) {
    TapePlayer player;
    SpokenCollection spoken;
    (void)player.wants_fresh(spoken.raw());
    CHECK_FALSE(player.play(std::string_view(good).substr(0, size), spoken.raw()).ok());
    CHECK(player.wants_fresh(spoken.raw()));
  }
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random());
    TapePlayer player;
    SpokenCollection spoken;
    (void)player.wants_fresh(spoken.raw());
    (void)player.play(bad, spoken.raw()).ok();  // that it returns is the test
  }
}

TEST_CASE("groups and alerts come through", "[process]") {
  const nx_label labels[] = {{NX_STR("__address__"), NX_STR("a:1")}};
  const nx_target targets[] = {{labels, 1}, {nullptr, 0}};
  nx_target_group group{};
  group.struct_size = sizeof group;
  group.source = NX_STR("file");
  group.labels = labels;
  group.label_count = 1;
  group.targets = targets;
  group.target_count = 2;
  const nx_target_group* const groups[] = {&group};
  std::string bytes;
  WireWriter out(bytes);
  write_groups(out, groups, 1);
  nx_alert alert{};
  alert.struct_size = sizeof alert;
  alert.fingerprint = 77;
  alert.labels = labels;
  alert.label_count = 1;
  alert.value = 2.5;
  alert.rule_group = NX_STR("r");
  const nx_alert* const alerts[] = {&alert};
  write_alerts(out, alerts, 1);
  WireReader in(bytes);
  WireArrays arrays;
  const std::vector<nx_target_group> got = read_groups(in, arrays);
  REQUIRE(got.size() == 1);
  CHECK(view(got[0].source) == "file");
  REQUIRE(got[0].target_count == 2);
  CHECK(view(got[0].targets[0].labels[0].value) == "a:1");
  CHECK(got[0].targets[1].label_count == 0);
  const std::vector<nx_alert> heard = read_alerts(in, arrays);
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].fingerprint == 77);
  CHECK(view(heard[0].rule_group) == "r");
  CHECK(in.ok());
  CHECK(in.at_end());
}

TEST_CASE("a configuration keeps its values, its secrets and its places", "[process]") {
  ConfigTree tree;
  tree.source.name = "exporter.x";
  nx_value secret = tree.arena.string("hunter2");
  secret.flags = NX_VALUE_SECRET;
  const nx_kv entries[] = {tree.arena.entry("port", tree.arena.integer(9100)),
                           tree.arena.entry("password", secret)};
  tree.root = tree.arena.table(entries);
  tree.places[&tree.root] = {"narthex.toml", 3, 1};
  tree.places[&tree.root.u.entries[1].value] = {"narthex.toml", 5, 12};
  const auto read = decode_config(encode_config(tree), "exporter.x");
  REQUIRE(read.status().message() == "");
  const sdk::Value root(&(*read)->root);
  CHECK(root["port"].get<std::int64_t>() == 9100);
  CHECK(root["password"].secret());
  const document::Finding finding = (*read)->finding(root["password"].raw(), "is too short");
  CHECK(finding.place.file == "narthex.toml");
  CHECK(finding.place.line == 5);
  CHECK(finding.place.column == 12);
  CHECK_FALSE(decode_config("no", "x").ok());
}

TEST_CASE("messages of any size pass the link, late and lost ones do not", "[process]") {
  auto pair = make_link_pair();
  REQUIRE(pair.ok());
  const std::string large(3 << 20, 'x');
  std::thread other([&] {
    const auto got = pair->child.receive();
    REQUIRE(got.ok());
    CHECK(pair->child.send(Message::kReply, got->body).ok());
  });
  REQUIRE(pair->agent.send(Message::kCollect, large).ok());
  const auto back = pair->agent.receive();
  other.join();
  REQUIRE(back.ok());
  CHECK(back->kind == Message::kReply);
  CHECK(back->body == large);
  CHECK(pair->agent.receive(1).status().code() == NX_ERR_DEADLINE);
  { const ProcessLink gone = std::move(pair->child); }
  CHECK(pair->agent.receive(1000).status().code() == NX_ERR_UNAVAILABLE);
  CHECK(pair->agent.send(Message::kStart, {}).code() == NX_ERR_UNAVAILABLE);
}

TEST_CASE("questions and answers of any size pass the box", "[process]") {
  auto pair = make_link_pair();
  auto mine = CallBox::make();
  REQUIRE(pair.ok());
  REQUIRE(mine.ok());
  const std::string large(2 * CallBox::kBytes, 'x');
  const std::string full(CallBox::kBodyMax - 1, 'y');
  std::thread other([&] {
    auto box = CallBox::open(::dup(mine->descriptor()));
    REQUIRE(box.ok());
    for (;;) {
      const auto question = box->next_question(pair->child);
      REQUIRE(question.ok());
      REQUIRE(box->answer(pair->child, Message::kReply, "<", question->body).ok());
      if (question->kind == Message::kDestroy) return;
    }
  });
  for (const std::string& body : {std::string("small"), large, full, std::string()}) {
    const auto back = mine->ask(pair->agent, Message::kCollect, body, 10'000);
    REQUIRE(back.status().message() == "");
    CHECK(back->kind == Message::kReply);
    CHECK(back->body == "<" + body);
  }
  CHECK(mine->ask(pair->agent, Message::kDestroy, "end", 10'000)->body == "<end");
  other.join();
  // Nobody answers any more; then nobody is there.
  CHECK(mine->ask(pair->agent, Message::kProbe, {}, 1).status().code() == NX_ERR_DEADLINE);
  { const ProcessLink gone = std::move(pair->child); }
  auto next = CallBox::make();
  REQUIRE(next.ok());
  CHECK(next->ask(pair->agent, Message::kProbe, {}, 10'000).status().code() == NX_ERR_UNAVAILABLE);
}

TEST_CASE("a box keeps its size, and an answer to another question is none", "[process]") {
  auto pair = make_link_pair();
  auto mine = CallBox::make();
  REQUIRE(pair.ok());
  REQUIRE(mine.ok());
  CHECK(::ftruncate(mine->descriptor(), 0) != 0);
  auto theirs = CallBox::open(::dup(mine->descriptor()));
  REQUIRE(theirs.ok());
  std::thread other([&] {
    (void)theirs->next_question(pair->child).ok();
    // Its own questions make it forget whose number it answers.
    (void)theirs->ask(pair->child, Message::kProbe, {}, 0).ok();
    (void)theirs->answer(pair->child, Message::kReply, "late", {}).ok();
  });
  CHECK(mine->ask(pair->agent, Message::kProbe, {}, 10'000).status().code() == NX_ERR_INVALID_DATA);
  other.join();
  const int empty = ::memfd_create("empty", MFD_CLOEXEC);
  CHECK_FALSE(CallBox::open(empty).ok());
  ::close(empty);
}

TEST_CASE("answers and descriptions come through", "[process]") {
  const auto answer =
      decode_answer(encode_answer_head({NX_ERR_EXHAUSTED, 500, "too many", {}}) + "body");
  REQUIRE(answer.ok());
  CHECK(answer->status().code() == NX_ERR_EXHAUSTED);
  CHECK(answer->status().message() == "too many");
  CHECK(answer->status().retry_after_ms() == 500);
  CHECK(answer->body == "body");
  CHECK_FALSE(decode_answer("abc").ok());
  const auto components = decode_description(
      encode_description({{"x", "X", "{}", 1, true, {{NX_EXPORTER_ID, 15'000, 0}}}}));
  REQUIRE(components.ok());
  REQUIRE(components->size() == 1);
  CHECK((*components)[0].interfaces[0].number == 15'000);
  CHECK((*components)[0].reconfigures);
  CHECK_FALSE(decode_description("\x05").ok());
}
