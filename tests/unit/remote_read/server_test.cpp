// SPDX-License-Identifier: Apache-2.0
// The server over the memory backend. Bytes marked as recorded are what Prometheus 3.5.3 answered
// to the same request on the same data.
#include "remote_read/server.hpp"

#include "blocks/snappy_text.hpp"
#include "remote_read/frames.hpp"
#include "tests/support/histogram_maker.hpp"
#include "tests/support/read_messages.hpp"
#include "tests/support/written_store.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <thread>

namespace narthex::remote_read {
namespace {

constexpr std::int64_t kBegin = 1'699'999'900'000;

std::string from_hexadecimal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return out;
}

struct Fixture {
  test::WrittenStore written;
  telemetry::Registry registry;
  ReadLimits limits;
  ExternalLabels external{{"site", "oslo"}, {"zone", "1"}};
  std::shared_ptr<runtime::Cancellation> cancellation = std::make_shared<runtime::Cancellation>();

  Fixture() {
    for (int i = 0; i < 300; ++i) {
      written.put({{"__name__", "m"}, {"a", "1"}}, kBegin + i * 100, i / 4);
      written.put({{"__name__", "m"}, {"a", "2"}, {"zone", "own"}}, kBegin + i * 100, i * 1.1);
    }
    std::mt19937_64 random(7);
    test::HistogramMaker integers(false, false), custom(true, true);
    for (int i = 0; i < 10; ++i) {
      written.put({{"__name__", "h"}, {"a", "1"}}, kBegin + i * 100, integers.next(random));
      written.put({{"__name__", "h"}, {"a", "2"}}, kBegin + i * 100, custom.next(random));
    }
  }

  // The whole body, as often as it takes to make it.
  net::Response ask_raw(std::string body) {
    Server server(written.store, registry, limits);
    net::Request request;
    request.body = make_buffer(std::move(body));
    request.cancellation = cancellation;
    net::Response response = server.handle(request, external);
    while (response.produce) {
      std::string piece;
      if (!response.produce(piece)) response.produce = nullptr;
      response.body += piece;
    }
    return response;
  }
  net::Response ask(const std::string& message) {
    return ask_raw(blocks::snappy_compress(message));
  }
  std::vector<test::Answered> sampled(const std::string& message) {
    const net::Response response = ask(message);
    REQUIRE(response.status == 200);
    CHECK(net::first(response.headers, "Content-Type") == "application/x-protobuf");
    CHECK(net::first(response.headers, "Content-Encoding") == "snappy");
    std::string decoded;
    REQUIRE(blocks::snappy_decompress(response.body, 1 << 30, decoded).ok());
    return test::decode_sampled(decoded);
  }
  std::vector<test::AnsweredFrame> streamed(const std::string& message) {
    const net::Response response = ask(message + test::accepted_message({1, 0}, true));
    REQUIRE(response.status == 200);
    CHECK(net::first(response.headers, "Content-Type") ==
          "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
    return test::decode_frames(response.body);
  }
  double queries() { return registry.gauge("prometheus_remote_read_handler_queries", "").value(); }
};

std::string asked(const std::vector<test::AskedMatcher>& matchers, std::int64_t first = 0,
                  std::int64_t last = 100'000) {
  return test::query_message(kBegin + first, kBegin + last, matchers);
}

TEST_CASE("a sampled answer has the samples and the external labels", "[remote_read]") {
  Fixture f;
  const auto answers = f.sampled(asked({{0, "__name__", "m"}}, 1000, 1100) +
                                 asked({{0, "__name__", "h"}}) + asked({{0, "__name__", "no"}}));
  REQUIRE(answers.size() == 3);
  CHECK(answers[0] == test::Answered{{R"({__name__="m",a="1",site="oslo",zone="1"})",
                                      {{kBegin + 1000, test::value_text(2)},
                                       {kBegin + 1100, test::value_text(2)}}},
                                     {R"({__name__="m",a="2",site="oslo",zone="own"})",
                                      {{kBegin + 1000, test::value_text(10 * 1.1)},
                                       {kBegin + 1100, test::value_text(11 * 1.1)}}}});
  REQUIRE(answers[1].size() == 2);
  const test::Points& integers = answers[1].at(R"({__name__="h",a="1",site="oslo",zone="1"})");
  const test::Points& floats = answers[1].at(R"({__name__="h",a="2",site="oslo",zone="1"})");
  CHECK(integers.size() == 10);
  CHECK(integers.begin()->second.front() == 'h');
  CHECK(floats.size() == 10);
  CHECK(floats.begin()->second.front() == 'f');
  CHECK(answers[2].empty());
  CHECK(f.queries() == 0);
}

TEST_CASE("a sampled answer is byte for byte that of Prometheus", "[remote_read]") {
  Fixture f;
  test::WrittenStore& w = f.written;
  const std::int64_t t = 1'700'000'000'000;
  const Labels labels{{"__name__", "r"}, {"a", "1"}};
  w.put(labels, t, 1.0);
  w.put(labels, t + 15'000, 2.5);
  w.put(labels, t + 30'000, -3.0);
  const std::string question = test::query_message(t, t + 60'000, {{0, "__name__", "r"}});
  std::string decoded;
  REQUIRE(blocks::snappy_decompress(f.ask(question).body, 1 << 20, decoded).ok());
  CHECK(decoded ==
        from_hexadecimal("0a680a660a0d0a085f5f6e616d655f5f1201720a060a01611201310a0c0a0473697465"
                         "12046f736c6f0a090a047a6f6e65120131121009000000000000f03f1080d095ffbc31"
                         "12100900000000000004401098c596ffbc3112100900000000000008c010b0ba97ffbc"
                         "31"));
}

TEST_CASE("a frame is byte for byte that of Prometheus", "[remote_read]") {
  const std::vector<nx_label> labels{{to_nx("__name__"), to_nx("m")},
                                     {to_nx("a"), to_nx("1")},
                                     {to_nx("site"), to_nx("oslo")},
                                     {to_nx("zone"), to_nx("1")}};
  const std::int64_t t = 1'700'000'000'000;
  blocks::Samples samples;
  samples.add(t, 1.0);
  samples.add(t + 15'000, 2.5);
  samples.add(t + 30'000, -3.0);
  std::string out;
  append_series(out, 0, labels, samples.view(), 1 << 20);
  CHECK(out ==
        from_hexadecimal("5fbb17e2ca0a5d0a0d0a085f5f6e616d655f5f12016d0a060a01611201310a0c0a047369"
                         "746512046f736c6f0a090a047a6f6e65120131122b0880d095ffbc3110b0ba97ffbc3118"
                         "012219000380a0abfef9623ff00000000000009875c26fff580e800c"));
}

TEST_CASE("a streamed answer has the same samples, in order and with query numbers",
          "[remote_read]") {
  Fixture f;
  const std::string questions = asked({{0, "__name__", "h"}}) + asked({{0, "__name__", "no"}}) +
                                asked({{0, "__name__", "m"}});
  const auto answers = f.sampled(questions);
  std::map<std::uint64_t, test::Answered> found;
  std::string before;
  for (const test::AnsweredFrame& frame : f.streamed(questions)) {
    CHECK(before <= std::to_string(frame.query) + frame.labels);
    before = std::to_string(frame.query) + frame.labels;
    const blocks::SampleView samples = frame.samples.view();
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const bool histogram = !samples.h.empty() && samples.h[i] != NX_NONE;
      const nx_histogram* h = histogram ? &samples.hists[samples.h[i]] : nullptr;
      found[frame.query][frame.labels][samples.t[i]] = h == nullptr ? test::value_text(samples.v[i])
                                                       : h->is_float != 0
                                                           ? "f" + std::to_string(h->count.f)
                                                           : "h" + std::to_string(h->count.u);
    }
  }
  CHECK(found[0] == answers[0]);
  CHECK(found[2] == answers[2]);
  CHECK(found.size() == 2);
  CHECK(f.queries() == 0);
}

TEST_CASE("a frame ends where it has grown large enough", "[remote_read]") {
  Fixture f;
  f.limits.frame_bytes_max = 1000;
  std::size_t chunks = 0, frames = 0;
  for (const test::AnsweredFrame& frame : f.streamed(asked({{0, "a", "2"}, {0, "zone", "own"}}))) {
    CHECK(frame.bytes < 1000 + 120 * 17);
    chunks += frame.chunks;
    ++frames;
  }
  CHECK(chunks == 3);
  CHECK(frames >= 2);
  f.limits.frame_bytes_max = 1 << 20;
  CHECK(f.streamed(asked({{0, "zone", "own"}})).size() == 1);
}

TEST_CASE("a large streamed answer is made piece by piece", "[remote_read]") {
  Fixture f;
  for (int s = 0; s < 1200; ++s) {
    for (int i = 0; i < 30; ++i) {
      f.written.put({{"__name__", "many"}, {"s", std::to_string(s)}}, kBegin + i * 1000,
                    s / 7.0 + i);
    }
  }
  Server server(f.written.store, f.registry, f.limits);
  net::Request request;
  request.body = make_buffer(blocks::snappy_compress(asked({{0, "__name__", "many"}}) +
                                                     test::accepted_message({1}, true)));
  net::Response response = server.handle(request, f.external);
  REQUIRE(response.produce);
  CHECK(f.queries() == 1);
  int pieces = 0;
  std::string body;
  for (bool more = true; more; ++pieces) {
    std::string piece;
    more = response.produce(piece);
    CHECK(piece.size() < (128 << 10));
    body += piece;
  }
  CHECK(pieces > 2);
  CHECK(test::decode_frames(body).size() == 1200);
  response.produce = nullptr;
  CHECK(f.queries() == 0);
}

TEST_CASE("a client that leaves ends its stream", "[remote_read]") {
  Fixture f;
  f.cancellation->cancel();
  CHECK(f.ask(asked({{0, "__name__", "m"}}) + test::accepted_message({1}, true)).status == 500);
  CHECK(f.queries() == 0);
}

TEST_CASE("external labels select what they were added to", "[remote_read]") {
  Fixture f;
  CHECK(f.sampled(asked({{0, "__name__", "m"}, {0, "site", "oslo"}}))[0].size() == 2);
  CHECK(f.sampled(asked({{0, "__name__", "m"}, {0, "zone", "1"}}))[0].size() == 1);
  CHECK(f.sampled(asked({{0, "__name__", "m"}, {0, "zone", "own"}}))[0].size() == 1);
  CHECK(f.sampled(asked({{0, "__name__", "m"}, {2, "site", "os.*"}}))[0].empty());
}

TEST_CASE("series alone are told without samples", "[remote_read]") {
  Fixture f;
  const std::string hints = test::hints_message(kBegin, kBegin + 100'000, "series");
  const auto answers =
      f.sampled(test::query_message(kBegin, kBegin + 100'000, {{0, "__name__", "m"}}, &hints));
  CHECK(answers[0] == test::Answered{{R"({__name__="m",a="1",site="oslo",zone="1"})", {}},
                                     {R"({__name__="m",a="2",site="oslo",zone="own"})", {}}});
}

TEST_CASE("what no query may do is 400 and says why", "[remote_read]") {
  Fixture f;
  const auto refused = [](const net::Response& response, const std::string& text) {
    CHECK(response.status == 400);
    CHECK(response.body == text);
  };
  refused(f.ask_raw("garbage........."), "snappy: corrupt input\n");
  refused(f.ask_raw(""), "snappy: corrupt input\n");
  refused(f.ask(asked({{0, "__name__", "m"}}).substr(0, 20)), "unexpected EOF\n");
  refused(f.ask(asked({{9, "a", ""}})), "invalid matcher type\n");
  CHECK(f.ask(asked({{2, "a", "("}})).status == 400);
  CHECK(f.ask(test::accepted_message({7}, false)).status == 400);
  f.limits.samples_max = 599;
  refused(f.ask(asked({{0, "__name__", "m"}})), "exceeded sample limit (599)\n");
  // The limit is one of each query, and none of streams.
  CHECK(f.ask(asked({{0, "zone", "own"}}) + asked({{0, "zone", "own"}})).status == 200);
  CHECK(f.ask(asked({{0, "__name__", "m"}}) + test::accepted_message({1}, true)).status == 200);
  CHECK(f.ask("").status == 200);
}

TEST_CASE("no more threads than allowed are past the gate", "[remote_read]") {
  Gate gate(2);
  std::atomic<int> inside{0}, most{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        const Gate::Pass pass(gate);
        const int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::yield();
        --inside;
      }
    });
  }
  threads.clear();
  CHECK(most <= 2);
  CHECK(most >= 1);
}

}  // namespace
}  // namespace narthex::remote_read
