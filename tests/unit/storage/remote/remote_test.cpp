// SPDX-License-Identifier: Apache-2.0
// The remote backend against an engine that answers what the test wants.
#include "storage/remote/api_answers.hpp"
#include "storage/remote/read_messages.hpp"
#include "storage/remote/remote_storage.hpp"
#include "storage/remote/selector_text.hpp"
#include "tests/support/direct_instance.hpp"
#include "tests/support/storage_harness.hpp"
#include "tests/support/text_service.hpp"

#include <narthex/sdk/prompb.hpp>

#include <catch2/catch.hpp>
#include <protozero/pbf_reader.hpp>
#include <snappy.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace narthex::storage::remote {
namespace {

// The engine. Static, since the table has no context.
struct Engine {
  struct Asked {
    std::string method, url, body;
  };
  static inline std::vector<Asked> asked;
  static inline std::map<std::string, std::pair<int, std::string>> answers;  // by path
  static inline bool reachable = true;

  static void reset() {
    asked.clear();
    answers.clear();
    reachable = true;
  }
  static nx_status NX_CALL request(const nx_host*, nx_http_client*, const nx_http_request* r,
                                   nx_http_done done, void* user, nx_error*) {
    asked.push_back({std::string(view(r->method)), std::string(view(r->url)),
                     std::string(narthex::view(r->body))});
    if (!reachable) {
      sdk::ErrorSlot why;
      (void)sdk::fail(&why, NX_ERR_UNAVAILABLE, "connection refused");
      done(user, nullptr, &why);
      return NX_OK;
    }
    std::string path = asked.back().url.substr(std::string("http://engine").size());
    path = path.substr(0, path.find('?'));
    const auto found = answers.find(path);
    const BufferRef body =
        make_buffer(found == answers.end() ? "no such path\n" : found->second.second);
    nx_http_response response{};
    response.struct_size = sizeof response;
    response.status = found == answers.end() ? 404 : found->second.first;
    response.body = body.get();
    done(user, &response, nullptr);
    return NX_OK;
  }
};
constexpr nx_ext_http kHttp = {
    sizeof(nx_ext_http),
    0,
    [](const nx_host*, const nx_value*, nx_http_client** out, nx_error*) -> nx_status {
      *out = nullptr;
      return NX_OK;
    },
    [](const nx_host*, nx_http_client*) {},
    &Engine::request,
    nullptr};

std::string packed(const std::string& message) {
  std::string out;
  snappy::Compress(message.data(), message.size(), &out);
  return out;
}
std::string unpacked(const std::string& body) {
  std::string out;
  REQUIRE(snappy::Uncompress(body.data(), body.size(), &out));
  return out;
}

class Fixture : public test::StorageHarness<RemoteStorage> {
 public:
  explicit Fixture(std::string engine = "prometheus") {
    Engine::reset();
    host_.offer(NX_EXT_HTTP, &kHttp);
    host_.offer(NX_EXT_TEXT, &narthex::test::kTextService);
    Options options;
    options.url = "http://engine/";
    options.engine = std::move(engine);
    options.timeout_ms = 1000;
    options.samples_per_request = 3;
    options.read_max_bytes = 1 << 20;
    options.known_series_max = 4;
    config_.type = NX_TABLE;
    backend = std::make_unique<RemoteStorage>(host_.host(), options, sdk::Value(&config_));
    REQUIRE(backend->start().ok());
    Engine::answers["/api/v1/write"] = {204, ""};
  }
  ~Fixture() { backend->stop(); }
  narthex::test::FakeHost& host() { return host_; }

 private:
  narthex::test::FakeHost host_;
  nx_value config_{};
};

// "labels: t=value t=value" of every series of a WriteRequest.
std::vector<std::string> written_series(const std::string& message) {
  std::vector<std::string> all;
  protozero::pbf_reader request(message);
  while (request.next()) {
    if (request.tag() != 1) {
      request.skip();
      continue;
    }
    std::string text;
    protozero::pbf_reader series = request.get_message();
    while (series.next()) {
      const auto tag = series.tag();
      protozero::pbf_reader part = series.get_message();
      if (tag == 1) {
        part.next(1);
        text += part.get_string() + "=";
        part.next(2);
        text += part.get_string() + ",";
      } else if (tag == 2) {
        part.next(1);
        const double value = part.get_double();
        part.next(2);
        text +=
            " " + std::to_string(part.get_int64()) + ":" + std::to_string(static_cast<int>(value));
      } else {
        text += " histogram";
      }
    }
    all.push_back(text);
  }
  return all;
}

TEST_CASE("places follow from the options", "[remote]") {
  Options options;
  options.engine = "prometheus";
  CHECK(Places::of(options).status().message().starts_with("url: "));
  options.url = "engine:80";
  CHECK(Places::of(options).status().message().starts_with("url: \"engine:80\" is no URL"));
  options.url = "http://engine/prometheus/";
  CHECK(Places::of(options)->write == "http://engine/prometheus/api/v1/write");
  CHECK(Places::of(options)->read == "http://engine/prometheus/api/v1/read");
  options.write_url = "http://engine/api/v1/push";
  CHECK(Places::of(options)->write == "http://engine/api/v1/push");
  options.engine = "victoriametrics";
  CHECK(Places::of(options)->read.empty());
  CHECK(Places::of(options)->export_ == "http://engine/prometheus/api/v1/export");
  options = {};
  options.read_url = "https://engine/read";
  CHECK(Places::of(options)->write.empty());
  CHECK(Places::of(options)->api.empty());
}

TEST_CASE("a selector is written as PromQL reads it", "[remote]") {
  const test::TestMatcher name = test::eq("__name__", "up");
  const test::TestMatcher job = test::nre("job", "a|b");
  const test::TestMatcher odd = test::ne("l.x", "q\"\\\n");
  const nx_matcher* matchers[] = {&name, &job, &odd};
  CHECK(selector_text(matchers) == R"({__name__="up",job!~"a|b","l.x"!="q\"\\\n"})");
  std::string form;
  add_param(form, "match[]", "{a=\"b c\"}");
  add_range(form, -1500, 1'700'000'000'123);
  CHECK(form == "match%5B%5D=%7Ba%3D%22b%20c%22%7D&start=-1.500&end=1700000000.123");
  form.clear();
  add_range(form, INT64_MIN / 2, INT64_MAX / 2);
  CHECK(form.empty());
}

TEST_CASE("rows are sent by series and in requests of a bounded size", "[remote]") {
  Fixture f;
  const Labels a{{"__name__", "m"}, {"a", "1"}}, b{{"__name__", "m"}, {"a", "2"}};
  const std::uint64_t refs[] = {f.ref(a), f.ref(b), f.ref(a), f.ref(b)};
  const std::int64_t t[] = {20, 10, 10, 20};
  const double v[] = {1, 2, 3, 4};
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = 4;
  batch.ref = refs;
  batch.t = t;
  batch.v = v;
  nx_metadata meta{};
  meta.series = NX_NONE;
  meta.type = NX_TYPE_GAUGE;
  meta.family = to_nx("m");
  batch.meta = &meta;
  batch.meta_count = 1;
  const auto txn = f.begin();
  nx_append_result result{};
  result.struct_size = sizeof result;
  CHECK(txn->append(batch, result) == NX_OK);
  CHECK(result.accepted == 4);
  CHECK(Engine::asked.empty());  // nothing leaves before the commit
  CHECK(txn->commit(result) == NX_OK);
  REQUIRE(Engine::asked.size() == 2);
  CHECK(Engine::asked[0].url == "http://engine/api/v1/write");
  CHECK(written_series(unpacked(Engine::asked[0].body)) ==
        std::vector<std::string>{"__name__=m,a=1, 10:3 20:1", "__name__=m,a=2, 10:2"});
  CHECK(written_series(unpacked(Engine::asked[1].body)) ==
        std::vector<std::string>{"__name__=m,a=2, 20:4"});
}

TEST_CASE("a commit is what the engine says it is", "[remote]") {
  Fixture f;
  const auto code_of = [&] {
    const std::uint64_t ref = f.ref({{"__name__", "m"}});
    const std::int64_t t = 1;
    const double v = 1;
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.rows = 1;
    batch.ref = &ref;
    batch.t = &t;
    batch.v = &v;
    nx_append_result result{};
    result.struct_size = sizeof result;
    const auto txn = f.begin();
    CHECK(txn->append(batch, result) == NX_OK);
    try {
      return std::pair(txn->commit(result), std::string());
    } catch (const sdk::Error& e) {
      return std::pair(e.status().code(), e.status().message());
    }
  };
  CHECK(code_of().first == NX_OK);
  Engine::answers["/api/v1/write"] = {400, "out of bounds\nand more\n"};
  CHECK(code_of() ==
        std::pair(nx_status{NX_ERR_INVALID_DATA},
                  std::string("http://engine/api/v1/write answers 400: out of bounds")));
  Engine::answers["/api/v1/write"] = {429, "slow down"};
  CHECK(code_of().first == NX_ERR_EXHAUSTED);
  Engine::answers["/api/v1/write"] = {503, "not now"};
  CHECK(code_of().first == NX_ERR_UNAVAILABLE);
  Engine::reachable = false;
  CHECK(code_of() == std::pair(nx_status{NX_ERR_UNAVAILABLE},
                               std::string("http://engine/api/v1/write: connection refused")));
}

TEST_CASE("series have numbers for as long as they are written", "[remote]") {
  Fixture f;
  const std::uint64_t first = f.ref({{"a", "1"}});
  CHECK(first != 0);
  CHECK(f.ref({{"a", "1"}}) == first);
  for (const char* a : {"2", "3", "4"}) CHECK(f.ref({{"a", a}}) != 0);
  CHECK(f.ref({{"a", "5"}}) == 0);
  CHECK(f.last_code == NX_ROW_SERIES_LIMIT);
  CHECK(f.ref({}) == 0);
  CHECK(f.last_code == NX_ROW_BAD_LABELS);
  CHECK(f.write_bits(99, 1, 0) == NX_ROW_UNKNOWN_REF);
  f.host().mono_ns += std::int64_t{1800} * 1'000'000'000;
  CHECK(f.write_bits(first, 1, 0) == NX_ROW_OK);
  f.host().mono_ns += std::int64_t{1801} * 1'000'000'000;
  CHECK(f.db().maintain(0) == NX_END);
  CHECK(f.write_bits(first, 2, 0) == NX_ROW_OK);
  CHECK(f.write_bits(first + 1, 2, 0) == NX_ROW_UNKNOWN_REF);
  CHECK(f.ref({{"a", "5"}}) != 0);
}

std::string response_of(const std::vector<sdk::prompb::Series>& all) {
  std::string result, response;
  for (const auto& series : all) series.append_to(result);
  sdk::protobuf::bytes(response, 1, result);
  return response;
}

TEST_CASE("what remote read answers is sorted, cut and handed out", "[remote]") {
  Fixture f;
  sdk::prompb::Series b, a, again;
  b.add_label("__name__", "m");
  b.add_label("x", "b");
  b.add(10, 1.0);
  b.add(20, std::bit_cast<double>(NX_STALE_NAN_BITS));
  b.add(99, 2.0);
  a.add_label("__name__", "m");
  a.add_label("x", "a");
  nx_histogram h{};
  static const nx_span kSpan{0, 2};
  static const std::int64_t kDeltas[] = {1, 2};
  h.count.u = 4;
  h.pos_spans = &kSpan;
  h.pos_span_count = 1;
  h.pos.deltas = kDeltas;
  h.pos_bucket_count = 2;
  a.add(15, h);
  again.add_label("__name__", "m");
  again.add_label("x", "b");
  again.add(5, 7.0);
  again.add(10, 8.0);  // the first one stays
  Engine::answers["/api/v1/read"] = {200, packed(response_of({b, a, again}))};
  const test::Found found = f.read({test::eq("__name__", "m")}, 0, 50);
  CHECK(f.order == std::vector<std::string>{"__name__=m,x=a,", "__name__=m,x=b,"});
  CHECK(found.at("__name__=m,x=a,") == std::vector<test::Value>{{15, 4, true}});
  CHECK(found.at("__name__=m,x=b,") == std::vector<test::Value>{{5, test::bits_of(7), false},
                                                                {10, test::bits_of(1), false},
                                                                {20, NX_STALE_NAN_BITS, false}});
  CHECK(
      f.read({test::eq("__name__", "m")}, 0, 50, NX_SCAN_DROP_STALE).at("__name__=m,x=b,").size() ==
      2);
  // What was asked: one query with range and hints, for samples.
  const std::string request = unpacked(Engine::asked[0].body);
  protozero::pbf_reader message(request);
  REQUIRE(message.next(1));
  protozero::pbf_reader query = message.get_message();
  REQUIRE(query.next(2));
  CHECK(query.get_int64() == 50);
}

TEST_CASE("an answer that is none fails and says where it came from", "[remote]") {
  Fixture f;
  const auto message_of = [&] {
    try {
      (void)f.read({test::eq("a", "b")}, 0, 50);
      return std::string();
    } catch (const sdk::Error& e) {
      CHECK(e.status().code() == NX_ERR_UNAVAILABLE);
      return e.status().message();
    }
  };
  CHECK(message_of() == "http://engine/api/v1/read answers 404: no such path");
  Engine::answers["/api/v1/read"] = {200, "garbage"};
  CHECK(message_of().starts_with("http://engine/api/v1/read: the answer"));
  Engine::answers["/api/v1/read"] = {200, packed("\x0a\xff")};
  CHECK(message_of().starts_with("http://engine/api/v1/read: the answer is no ReadResponse"));
}

TEST_CASE("VictoriaMetrics is read by its export", "[remote]") {
  Fixture f("victoriametrics");
  Engine::answers["/api/v1/export"] = {
      200,
      "{\"metric\":{\"__name__\":\"m\",\"x\":\"b\"},\"values\":[1.5,null,\"Infinity\"],"
      "\"timestamps\":[1,2,3]}\n"
      "{\"metric\":{\"__name__\":\"m\",\"x\":\"a\"},\"values\":[-2],\"timestamps\":[2]}\n"
      "{\"metric\":{\"__name__\":\"m\",\"x\":\"b\"},\"values\":[9],\"timestamps\":[4]}\n"};
  const test::Found found = f.read({test::eq("__name__", "m")}, 0, 50);
  CHECK(f.order == std::vector<std::string>{"__name__=m,x=a,", "__name__=m,x=b,"});
  CHECK(found.at("__name__=m,x=b,") == std::vector<test::Value>{{1, test::bits_of(1.5), false},
                                                                {2, NX_STALE_NAN_BITS, false},
                                                                {3, test::bits_of(HUGE_VAL), false},
                                                                {4, test::bits_of(9), false}});
  CHECK(Engine::asked[0].body.starts_with("match%5B%5D=%7B__name__%3D%22m%22%7D&start=0.000&end="));
  CHECK(f.write_histogram({{"__name__", "m"}}, 1, nx_histogram{}) == NX_ROW_UNSUPPORTED);
  CHECK((f.db().capabilities() & NX_STORAGE_HISTOGRAMS) == 0);
  Engine::answers["/api/v1/export"] = {200, "{\"metric\":{},\"values\":[1],\"timestamps\":[]}\n"};
  CHECK_THROWS_AS(f.read({test::eq("a", "b")}), sdk::Error);
}

TEST_CASE("labels, series and metadata come from the engine's API", "[remote]") {
  Fixture f;
  Engine::answers["/api/v1/labels"] = {200, R"({"status":"success","data":["b","a"]})"};
  Engine::answers["/api/v1/label/l.x/values"] = {200,
                                                 R"({"status":"success","data":["2","1","3"]})"};
  Engine::answers["/api/v1/series"] = {200, R"({"data":[{"__name__":"m","x":"1"}]})"};
  Engine::answers["/api/v1/metadata"] = {
      200, R"({"data":{"m":[{"type":"counter","help":"How many.","unit":""}]}})"};
  const auto querier = f.db().open(0, 50);
  std::vector<std::string> texts;
  const sdk::StrSink sink{
      [](void* out, const nx_str* items, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
          static_cast<std::vector<std::string>*>(out)->emplace_back(view(items[i]));
        }
      },
      &texts};
  querier->label_names({}, 0, sink);
  CHECK(texts == std::vector<std::string>{"a", "b"});
  texts.clear();
  querier->label_values("l.x", {}, 2, sink);
  CHECK(texts == std::vector<std::string>{"1", "2"});
  CHECK(f.read({test::eq("x", "1")}, 0, 50, NX_SCAN_NO_SAMPLES).contains("__name__=m,x=1,"));
  std::string told;
  querier->metadata(
      "", 0,
      [](void* out, const nx_metadata* items, std::uint64_t) {
        *static_cast<std::string*>(out) =
            std::string(view(items->family)) + std::to_string(items->type);
      },
      &told);
  CHECK(told == "m1");
}

// Answers that are on their way, on a thread of queries.
struct Slow {
  static inline nx_http_done done = nullptr;
  static inline void* user = nullptr;
  static inline std::atomic<int> asked{0};

  static nx_status NX_CALL request(const nx_host*, nx_http_client*, const nx_http_request*,
                                   nx_http_done the_done, void* the_user, nx_error*) {
    done = the_done;
    user = the_user;
    ++asked;
    asked.notify_all();
    return NX_OK;
  }
  static void answer(int status, std::string text) {
    const BufferRef body = make_buffer(std::move(text));
    nx_http_response response{};
    response.struct_size = sizeof response;
    response.status = status;
    response.body = body.get();
    done(user, &response, nullptr);
  }
};

TEST_CASE("a query that is cancelled waits no longer", "[remote]") {
  narthex::test::FakeHost host;
  nx_ext_http slow = kHttp;
  slow.request_async = &Slow::request;
  host.offer(NX_EXT_HTTP, &slow);
  nx_host raw = *host.raw();
  raw.thread_kind = [](const nx_host*) -> std::int32_t { return NX_THREAD_QUERY; };
  HttpDoor door(sdk::Host(&raw), 1000);
  REQUIRE(door.open(sdk::Value()).ok());
  HttpCall call;
  call.url = "http://engine/";
  Slow::asked = 0;

  const auto interrupt = std::make_shared<Interrupt>();
  {
    const std::jthread canceller([&] {
      Slow::asked.wait(0);
      interrupt->raise();
    });
    CHECK(door.call(call, interrupt).status().code() == NX_ERR_CANCELLED);
  }
  Slow::answer(200, "too late");  // nobody waits, and nothing breaks

  const auto other = std::make_shared<Interrupt>();
  const std::jthread answerer([] {
    Slow::asked.wait(1);
    Slow::answer(200, "in time");
  });
  const Result<HttpAnswer> answer = door.call(call, other);
  REQUIRE(answer.ok());
  CHECK(answer->body.text() == "in time");
  door.close();
}

TEST_CASE("what only the engine can do is refused", "[remote]") {
  Fixture f;
  CHECK(f.db().delete_series({}, 0, 1).code() == NX_ERR_UNSUPPORTED);
  CHECK(f.db().snapshot("x", 0).code() == NX_ERR_UNSUPPORTED);
  CHECK((f.db().capabilities() & NX_STORAGE_DELETE) == 0);
}

}  // namespace
}  // namespace narthex::storage::remote
