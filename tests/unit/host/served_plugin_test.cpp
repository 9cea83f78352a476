// SPDX-License-Identifier: Apache-2.0
// The process of a plugin, asked as the agent asks it: receivers and notifiers. Exporters and
// discoveries with the whole agent: tests/integration/containment_test.py.
#include "host/call_box.hpp"
#include "host/plugin_process.hpp"
#include "host/process_protocol.hpp"
#include "host/remote_append.hpp"
#include "host/wire_ingest.hpp"
#include "support/host_fixture.hpp"
#include "support/named_series.hpp"

#include <narthex/sdk/guard.hpp>

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

using namespace narthex;
using namespace narthex::host;

namespace {

// What the agent's append service was told.
struct KeptRows {
  std::vector<std::string> rows;
  nx_status refuse = NX_OK;

  nx_appender* handle() { return reinterpret_cast<nx_appender*>(this); }
  static KeptRows& of(nx_appender* appender) { return *reinterpret_cast<KeptRows*>(appender); }
};

nx_status keep_rows(nx_appender* appender, const nx_sample_batch* batch, nx_append_result* result,
                    nx_error* err) {
  KeptRows& kept = KeptRows::of(appender);
  if (kept.refuse < 0) return sdk::fail(err, kept.refuse, "the store is full", 700);
  for (std::uint64_t row = 0; row < batch->rows; ++row) {
    std::string line;
    if (batch->table != nullptr) {
      const nx_series_table& table = *batch->table;
      const std::uint32_t series = batch->series[row];
      for (std::uint32_t p = table.label_off[series]; p < table.label_off[series + 1]; ++p) {
        line += std::string(view(table.symbols[table.label_ref[2 * p]])) + '=' +
                std::string(view(table.symbols[table.label_ref[2 * p + 1]])) + ' ';
      }
    } else {
      line = "ref " + std::to_string(batch->ref[row]) + ' ';
    }
    kept.rows.push_back(line + std::to_string(batch->v[row]));
  }
  result->accepted = batch->rows;
  if (result->row_code != nullptr) result->row_code[0] = NX_ROW_OUT_OF_ORDER;
  return NX_OK;
}

nx_status resolve_rows(nx_appender*, const nx_series_table* table, std::uint64_t* refs,
                       std::uint8_t* codes, nx_error*) {
  for (std::uint32_t s = 0; s < table->series_count; ++s) {
    refs[s] = 100 + s;
    codes[s] = 0;
  }
  return NX_OK;
}

nx_ext_append append_table() {
  nx_ext_append table{};
  table.struct_size = sizeof table;
  table.append = &keep_rows;
  table.resolve = &resolve_rows;
  return table;
}

// The appender of a plugin's process over a service that is in this one.
RemoteAppender appender_of(const nx_ext_append& service, KeptRows& kept) {
  return RemoteAppender([&](Message kind, std::string_view body) {
    auto answer = answer_append(service, kept.handle(), kind, body);
    REQUIRE(answer.status().message() == "");
    return *std::move(answer);
  });
}

// The bytes of POST /note/load with a body.
std::string note_request(const std::string& text) {
  nx_buffer body{};
  body.data = text.data();
  body.size = text.size();
  nx_kv param{};
  param.key = NX_STR("name");
  param.value.type = NX_STRING;
  param.value.len = 4;
  param.value.u.s = "load";
  nx_ingest_request request{};
  request.struct_size = sizeof request;
  request.route_id = 3;
  request.method = NX_STR("POST");
  request.path = NX_STR("/note/load");
  request.path_params = &param;
  request.path_param_count = 1;
  request.body = &body;
  request.received_ms = 1234;
  std::string bytes;
  WireWriter out(bytes);
  write_request(out, request);
  return bytes;
}

}  // namespace

TEST_CASE("what a plugin appends apart reaches the agent's appender", "[process]") {
  const nx_ext_append service = append_table();
  const nx_ext_append& remote = remote_append_service();
  KeptRows kept;
  RemoteAppender appender = appender_of(service, kept);
  sdk::SeriesTable series_x_y = test::named_series({"x", "y"});
  const nx_series_table table = series_x_y.table();
  const std::uint32_t series[] = {1, 0};
  const double values[] = {1, 2};
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = 2;
  batch.table = &table;
  batch.series = series;
  batch.v = values;
  std::uint8_t codes[2] = {9, 9};
  nx_append_result result{};
  result.struct_size = sizeof result;
  result.row_code = codes;
  sdk::ErrorSlot err;
  CHECK(remote.append(appender.handle(), &batch, &result, &err) == NX_OK);
  CHECK(kept.rows == std::vector<std::string>{"__name__=y 1.000000", "__name__=x 2.000000"});
  CHECK(result.accepted == 2);
  CHECK(codes[0] == NX_ROW_OUT_OF_ORDER);
  std::uint64_t refs[2] = {};
  CHECK(remote.resolve(appender.handle(), &table, refs, codes, &err) == NX_OK);
  CHECK(refs[1] == 101);
  kept.rows.clear();
  batch.table = nullptr;
  batch.series = nullptr;
  batch.ref = refs;
  CHECK(remote.append(appender.handle(), &batch, nullptr, &err) == NX_OK);
  CHECK(kept.rows == std::vector<std::string>{"ref 100 1.000000", "ref 101 2.000000"});
  kept.refuse = NX_ERR_EXHAUSTED;
  const nx_status refused = remote.append(appender.handle(), &batch, nullptr, &err);
  CHECK(refused == NX_ERR_EXHAUSTED);
  CHECK(err.status(refused).message() == "the store is full");
  CHECK(err.status(refused).retry_after_ms() == 700);
  nx_appender* own = nullptr;
  CHECK(remote.begin(nullptr, &own, &err) == NX_ERR_UNSUPPORTED);
  CHECK_FALSE(answer_append(service, kept.handle(), Message::kAppend, "\x01no batch").ok());
  CHECK_FALSE(answer_append(service, kept.handle(), Message::kReply, {}).ok());
}

TEST_CASE("requests, replies and packets come through, and torn ones do not", "[process]") {
  const std::string bytes = note_request("7.5");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    WireReader in(std::string_view(bytes).substr(0, size));
    WireArrays arrays;
    (void)read_request(in, arrays);
    CHECK_FALSE(in.ok());
  }
  WireReader in(bytes);
  WireArrays arrays;
  const ReceivedRequest read = read_request(in, arrays);
  REQUIRE(in.ok());
  CHECK(in.at_end());
  CHECK(read.raw.route_id == 3);
  CHECK(view(read.raw.path) == "/note/load");
  REQUIRE(read.raw.path_param_count == 1);
  CHECK(std::string_view(read.raw.path_params[0].value.u.s, 4) == "load");
  CHECK(read.raw.header_count == 0);
  CHECK(read.body == "7.5");
  CHECK(read.raw.received_ms == 1234);

  const nx_bytes packets[] = {{"a 1\n", 4}, {"", 0}};
  const nx_str peers[] = {NX_STR("127.0.0.1:5"), NX_STR("[::1]:6")};
  std::string carried;
  WireWriter packet_out(carried);
  write_packets(packet_out, packets, peers, 2);
  WireReader packet_in(carried);
  const ReceivedPackets got = read_packets(packet_in);
  REQUIRE(packet_in.ok());
  REQUIRE(got.packets.size() == 2);
  CHECK(view(got.packets[0]) == "a 1\n");
  CHECK(view(got.peers[1]) == "[::1]:6");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

// A plugin of the examples in a process of its own, and the agent's end of it.
class ServedPlugin {
 public:
  explicit ServedPlugin(const std::string& file) {
    auto calls = make_link_pair();
    auto news = make_link_pair();
    auto box = CallBox::make();
    REQUIRE((calls.ok() && news.ok() && box.ok()));
    const std::string log = log_path();
    child_ = ::fork();
    if (child_ == 0) {
      const int to = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(to, 2);
      const int calls_end = ::dup(calls->child.descriptor());
      const int news_end = ::dup(news->child.descriptor());
      const int box_end = ::dup(box->descriptor());
      for (ProcessLink* end : {&calls->agent, &calls->child, &news->agent, &news->child}) {
        ::close(end->descriptor());
      }
      ::_exit(serve_plugin(calls_end, news_end, box_end));
    }
    calls_.emplace(std::move(calls->agent));
    news_.emplace(std::move(news->agent));
    box_.emplace(*std::move(box));
    Greeting greeting;
    greeting.file = std::string(NARTHEX_EXAMPLES) + '/' + file;
    greeting.instance = "x";
    greeting.agent_version = "1";
    greeting.log_level = 0;
    REQUIRE(ask(Message::kHello, encode_greeting(greeting)).text == "");
    ConfigTree config;
    config.source.name = "x";
    std::string body;
    WireWriter out(body);
    out.number(std::uint32_t{0});
    REQUIRE(ask(Message::kCreate, body + encode_config(config)).text == "");
    REQUIRE(ask(Message::kStart).text == "");
  }
  ServedPlugin(const ServedPlugin&) = delete;
  ServedPlugin& operator=(const ServedPlugin&) = delete;
  ~ServedPlugin() {
    (void)ask(Message::kDestroy);
    int status = 0;
    ::waitpid(child_, &status, 0);
    CHECK(status == 0);
  }

  Answer ask(Message kind, std::string_view body = {}) {
    auto reply = box_->ask(*calls_, kind, body, 20'000);
    while (reply.ok() && reply->kind != Message::kReply) {
      const auto said = answer_append(service_, kept.handle(), reply->kind, reply->body);
      REQUIRE(said.ok());
      reply = box_->ask(*calls_, Message::kAside, *said, 20'000);
    }
    REQUIRE(reply.status().message() == "");
    auto answer = decode_answer(std::move(reply->body));
    REQUIRE(answer.ok());
    return *std::move(answer);
  }
  std::string log() const {
    std::ifstream in(log_path());
    return {std::istreambuf_iterator<char>(in), {}};
  }

  KeptRows kept;

 private:
  std::string log_path() const { return folder_.path().string() + "/log"; }

  const test::TemporaryFolder folder_;
  const nx_ext_append service_ = append_table();
  pid_t child_ = 0;
  std::optional<ProcessLink> calls_, news_;
  std::optional<CallBox> box_;
};

}  // namespace

TEST_CASE("a receiver in a process of its own stores what requests bring", "[process]") {
  ServedPlugin served("note.so");
  const Answer routes = served.ask(Message::kRoutes);
  WireReader in(routes.body);
  const auto facts = read_routes(in);
  REQUIRE(facts.size() == 1);
  CHECK(facts[0].path == "/note/{name}");
  CHECK(served.ask(Message::kHandle, note_request("7.5")).code == NX_OK);
  CHECK(served.kept.rows == std::vector<std::string>{"__name__=load 7.500000"});
  const Answer bad = served.ask(Message::kHandle, note_request("seven"));
  CHECK(bad.code == NX_ERR_INVALID_DATA);
  CHECK(bad.text == "the body must be a number");
  served.kept.refuse = NX_ERR_EXHAUSTED;
  const Answer full = served.ask(Message::kHandle, note_request("8"));
  CHECK(full.code == NX_ERR_EXHAUSTED);
  CHECK(full.retry_after_ms == 700);
  CHECK(served.ask(Message::kFlush).code == NX_ERR_INTERNAL);  // it takes no packets
}

TEST_CASE("a notifier in a process of its own is given alerts", "[process]") {
  ServedPlugin served("printer.so");
  const nx_label labels[] = {{NX_STR("alertname"), NX_STR("Fire")}};
  const nx_label notes[] = {{NX_STR("summary"), NX_STR("it burns")}};
  nx_alert alert{};
  alert.struct_size = sizeof alert;
  alert.state = NX_ALERT_FIRING;
  alert.labels = labels;
  alert.label_count = 1;
  alert.annotations = notes;
  alert.annotation_count = 1;
  const nx_alert* const alerts[] = {&alert};
  std::string body;
  WireWriter out(body);
  out.number(std::int64_t{0});
  write_alerts(out, alerts, 1);
  CHECK(served.ask(Message::kNotify, body).code == NX_OK);
  CHECK(served.log().find("alert fires") != std::string::npos);
  CHECK(served.log().find("it burns") != std::string::npos);
}

#endif
