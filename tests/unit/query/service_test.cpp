// SPDX-License-Identifier: Apache-2.0
// Turns, deadlines and endings of queries, on an executor whose time the test moves.
#include "query/service.hpp"

#include "tests/support/manual_executor.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>

using namespace narthex;
using promql::ErrorKind;
using query::Ending;

namespace {

struct Record {
  std::vector<std::string> ran;
  std::map<std::string, query::Report> ended;
  std::map<std::string, promql::QueryError> told;  // of an early end
};

class RecordedJob final : public query::Job {
 public:
  using Body = std::function<query::Report(query::Ticket&)>;
  RecordedJob(Record& record, std::string name, Body body)
      : record_(record), name_(std::move(name)), body_(std::move(body)) {}
  query::Report run(query::Ticket& ticket) override {
    record_.ran.push_back(name_);
    return body_ ? body_(ticket) : query::Report();
  }
  void done(const query::Report& report) override {
    CHECK(record_.ended.emplace(name_, report).second);
  }
  void ended(const promql::QueryError& error) override { record_.told.emplace(name_, error); }

 private:
  Record& record_;
  const std::string name_;
  const Body body_;
};

struct Fixture {
  explicit Fixture(query::Options options = {})
      : service(query::Service::make(std::move(options), executor, registry)) {}

  std::shared_ptr<query::Ticket> submit(const std::string& name, const std::string& client = "a",
                                        std::int64_t timeout_ms = 10'000,
                                        RecordedJob::Body body = {}) {
    query::Request request;
    request.text = name;
    request.client = client;
    request.received_mono_ns = executor.clock().mono_ns();
    request.deadline_mono_ns = request.received_mono_ns + timeout_ms * 1'000'000;
    return service->submit(std::move(request),
                           std::make_shared<RecordedJob>(record, name, std::move(body)));
  }
  ErrorKind kind(const std::string& name) const { return record.ended.at(name).error.kind; }
  const std::string& error(const std::string& name) const {
    return record.ended.at(name).error.message;
  }
  double metric(const std::string& line_start) const {
    const std::string text = telemetry::render_text(registry);
    const std::size_t at = text.find("\n" + line_start + " ");
    REQUIRE(at != std::string::npos);
    return std::stod(text.substr(at + line_start.size() + 2));
  }

  Record record;
  telemetry::Registry registry;
  test::ManualExecutor executor;
  std::shared_ptr<query::Service> service;
};

query::Options one_at_once() {
  query::Options options;
  options.max_concurrency = 1;
  return options;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("so many run at once, the others in their turn", "[query]") {
  query::Options options;
  options.max_concurrency = 2;
  Fixture f(options);
  for (const char* name : {"1", "2", "3", "4"}) f.submit(name);
  CHECK(f.executor.ready_count() == 2);
  CHECK(f.metric("prometheus_engine_queries") == 4);
  CHECK(f.metric("prometheus_engine_queries_concurrent_max") == 2);
  CHECK(f.metric("narthex_query_waiting") == 2);
  f.executor.run_ready();
  CHECK(f.record.ran == Names{"1", "2", "3", "4"});
  CHECK(f.record.ended.size() == 4);
  CHECK(f.metric("prometheus_engine_queries") == 0);
  CHECK(f.executor.timer_count() == 0);
}

TEST_CASE("a busy client waits for itself", "[query]") {
  Fixture f(one_at_once());
  f.submit("a1", "a");
  for (const char* name : {"a2", "a3"}) f.submit(name, "a");
  f.submit("b1", "b");
  f.executor.run_ready();
  // When a1 has ended nobody runs, but a has had a turn.
  CHECK(f.record.ran == Names{"a1", "b1", "a2", "a3"});
  query::Options two;
  two.max_concurrency = 2;
  Fixture g(two);
  for (const char* name : {"a1", "a2", "a3"}) g.submit(name, "a");
  g.submit("b1", "b");
  g.executor.run_ready();
  // While a2 still runs it is b's turn.
  CHECK(g.record.ran == Names{"a1", "a2", "b1", "a3"});
}

TEST_CASE("beside queries that take long others begin, one at a time", "[query]") {
  query::Options options;
  options.max_concurrency = 3;
  options.at_once = 1;
  Fixture f(options);
  f.submit("1", "a", 60'000, [&f](query::Ticket&) {
    for (const char* name : {"2", "3", "4", "5"}) f.submit(name, "a", 60'000);
    f.executor.advance_ms(99);
    CHECK(f.record.ran == Names{"1"});
    f.executor.advance_ms(1);
    CHECK(f.record.ran == Names{"1", "2"});
    f.executor.advance_ms(100);
    CHECK(f.record.ran == Names{"1", "2", "3"});
    return query::Report();
  });
  f.executor.run_ready();
  // Its turn is given on at once, and so on.
  CHECK(f.record.ran == Names{"1", "2", "3", "4", "5"});
  f.executor.advance_ms(200);
  CHECK(f.executor.timer_count() == 0);
}

TEST_CASE("nobody joins when a quarter of the memory is taken", "[query]") {
  query::Options options;
  options.at_once = 1;
  options.max_memory_all = 1000;
  Fixture f(options);
  f.submit("1", "a", 60'000, [&f](query::Ticket& ticket) {
    CHECK(ticket.memory()->take(250));
    f.submit("2");
    f.executor.advance_ms(500);
    CHECK(f.record.ran == Names{"1"});
    ticket.memory()->give_back(1);
    f.executor.advance_ms(100);
    CHECK(f.record.ran == Names{"1", "2"});
    ticket.memory()->give_back(249);
    return query::Report();
  });
  f.executor.run_ready();
}

TEST_CASE("a deadline that passes while waiting is answered at that moment", "[query]") {
  Fixture f(one_at_once());
  f.submit("long", "a", 60'000, [&f](query::Ticket& ticket) {
    f.submit("late", "b", 1000);
    f.executor.advance_ms(999);
    CHECK(f.record.ended.count("late") == 0);
    f.executor.advance_ms(1);
    CHECK(f.kind("late") == ErrorKind::kTimeout);
    CHECK(f.error("late") == "query timed out in query queue");
    CHECK(f.record.ended.at("late").queued_ns == 1'000'000'000);
    CHECK(ticket.ending() == Ending::kNone);
    return query::Report();
  });
  f.executor.run_ready();
  CHECK(f.kind("long") == ErrorKind::kNone);
  CHECK(f.record.ran == Names{"long"});
  CHECK(f.metric("narthex_query_refused_total{bound=\"deadline\"}") == 1);
}

TEST_CASE("a deadline that passes while running cancels, and is told as a timeout", "[query]") {
  Fixture f;
  f.submit("slow", "a", 500, [&f](query::Ticket& ticket) {
    f.executor.advance_ms(500);
    CHECK(ticket.cancellation().cancelled());
    CHECK(f.record.told.at("slow").kind == ErrorKind::kTimeout);
    CHECK(f.record.told.at("slow").message == "query timed out in expression evaluation");
    query::Report report;
    report.error = {ErrorKind::kCanceled, "query was canceled in expression evaluation"};
    return report;
  });
  f.executor.run_ready();
  CHECK(f.kind("slow") == ErrorKind::kTimeout);
  CHECK(f.error("slow") == "query timed out in expression evaluation");
}

TEST_CASE("a client that leaves while it waits is nobody's turn", "[query]") {
  Fixture f(one_at_once());
  f.submit("1", "a", 60'000, [&f](query::Ticket&) {
    const auto gone = f.submit("gone", "b");
    f.submit("2", "b");
    f.service->end_soon(gone->id(), Ending::kClient);
    CHECK(f.record.ended.empty());
    f.executor.run_one();
    CHECK(f.kind("gone") == ErrorKind::kCanceled);
    CHECK(f.record.told.empty());  // it does not run: that was its end
    CHECK(f.error("gone") == "query was canceled in query queue");
    return query::Report();
  });
  f.executor.run_ready();
  CHECK(f.record.ran == Names{"1", "2"});
}

TEST_CASE("a running query that is killed hears of it, and says who did it", "[query]") {
  Fixture f;
  f.submit("victim", "a", 60'000, [&f](query::Ticket& ticket) {
    CHECK(f.service->list().size() == 1);
    CHECK(f.service->list()[0]->state() == query::State::kRunning);
    bool heard = false;
    const auto hook = ticket.cancellation().on_cancel([&heard] { heard = true; });
    CHECK(f.service->end(ticket.id(), Ending::kKilled));
    CHECK(heard);
    // The answer waits for nothing, not for the job to stop.
    CHECK(f.record.told.at("victim").message ==
          "query was canceled in expression evaluation: it was ended over the API");
    CHECK(f.record.ended.empty());
    query::Report report;
    report.error = {ErrorKind::kCanceled, "query was canceled in expression evaluation"};
    return report;
  });
  f.executor.run_ready();
  CHECK(f.error("victim") ==
        "query was canceled in expression evaluation: it was ended over the API");
  CHECK_FALSE(f.service->end(1, Ending::kKilled));
  CHECK(f.metric("narthex_query_killed_total") == 1);
}

TEST_CASE("a killed query is killed once, and keeps its thread until it comes back", "[query]") {
  Fixture f;
  bool idle = true;
  bool again = true;
  const auto ticket = f.submit("long", "a", 10'000, [&](query::Ticket& t) {
    CHECK(f.service->end(t.id(), Ending::kKilled));
    again = f.service->end(t.id(), Ending::kKilled);
    CHECK(f.record.told.count("long") == 1);
    idle = f.service->wait_until_idle(f.executor.clock().mono_ns());
    return query::Report();
  });
  CHECK_FALSE(f.service->wait_until_idle(f.executor.clock().mono_ns()));
  f.executor.run_ready();
  CHECK_FALSE(again);
  CHECK_FALSE(idle);
  CHECK(f.service->wait_until_idle(f.executor.clock().mono_ns()));
}

TEST_CASE("a full queue refuses at once", "[query]") {
  query::Options options = one_at_once();
  options.waiting_max = 2;
  Fixture f(options);
  for (const char* name : {"1", "2", "3", "4"}) f.submit(name);
  CHECK(f.kind("4") == ErrorKind::kUnavailable);
  f.executor.run_ready();
  CHECK(f.record.ran == Names{"1", "2", "3"});
  CHECK(f.metric("narthex_query_refused_total{bound=\"queue\"}") == 1);
}

TEST_CASE("stopping refuses what waits and comes, and ends what runs after a second", "[query]") {
  Fixture f(one_at_once());
  f.submit("running", "a", 60'000, [&f](query::Ticket& ticket) {
    f.submit("waiting");
    f.service->stop();
    CHECK(f.error("waiting") == "query was canceled in query queue: the server is stopping");
    f.submit("late");
    CHECK(f.kind("late") == ErrorKind::kCanceled);
    f.executor.advance_ms(999);
    CHECK_FALSE(ticket.cancellation().cancelled());
    f.executor.advance_ms(1);
    CHECK(ticket.cancellation().cancelled());
    return query::Report();
  });
  f.executor.run_ready();
  CHECK(f.record.ran == Names{"running"});
}

TEST_CASE("a job that throws fails its query and gives its turn on", "[query]") {
  Fixture f(one_at_once());
  f.submit("bad", "a", 1000,
           [](query::Ticket&) -> query::Report { throw std::runtime_error("no luck"); });
  f.submit("good");
  f.executor.run_ready();
  CHECK(f.kind("bad") == ErrorKind::kInternal);
  CHECK(f.error("bad") == "query failed: no luck");
  CHECK(f.kind("good") == ErrorKind::kNone);
}

TEST_CASE("all queries together share one bound of memory", "[query]") {
  query::Options options;
  options.max_memory = 3 << 20;
  options.max_memory_all = 4 << 20;
  Fixture f(options);
  const auto first = f.submit("first");
  const auto second = f.submit("second");
  CHECK(first->memory()->take(2 << 20));
  CHECK_FALSE(first->memory()->take(2 << 20));
  CHECK(first->memory()->refusal() ==
        "query needs more than 3 MiB of memory (query.max_memory): it was about to hold 4 MiB");
  CHECK_FALSE(second->memory()->take((2 << 20) + 1));
  CHECK(second->memory()->refusal() ==
        "queries need more than 4 MiB of memory together (query.max_memory_all): this one was "
        "about to hold 2 MiB");
  CHECK(f.service->memory_used() == 2 << 20);
  CHECK(f.metric("narthex_query_memory_bytes") == 2 << 20);
  first->memory()->give_back(2 << 20);
  CHECK(second->memory()->take(3 << 20));
  second->memory()->give_back(3 << 20);
  f.executor.run_ready();
  CHECK(f.metric("narthex_query_refused_total{bound=\"memory\"}") == 2);
}

TEST_CASE("every ended query gets a line in the query log, also after it was moved", "[query]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() + "/queries.log";
  const auto lines = [](const std::string& file) {
    std::ifstream in(file);
    Names out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  };
  Fixture f;
  CHECK(f.metric("prometheus_engine_query_log_enabled") == 0);
  f.submit("before");
  f.executor.run_ready();
  REQUIRE(f.service->configure({path, 0}).ok());
  CHECK(f.metric("prometheus_engine_query_log_enabled") == 1);
  f.submit("first");
  f.executor.run_ready();
  REQUIRE(lines(path).size() == 1);
  CHECK(lines(path)[0].find("\"query\":\"first\"") != std::string::npos);
  REQUIRE(std::rename(path.c_str(), (path + ".1").c_str()) == 0);
  REQUIRE(f.service->configure({path, 0}).ok());
  f.submit("second");
  f.executor.run_ready();
  REQUIRE(lines(path).size() == 1);
  CHECK(lines(path)[0].find("\"query\":\"second\"") != std::string::npos);
  CHECK(lines(path + ".1").size() == 1);
  // A file that cannot be had leaves the old one in use.
  CHECK_FALSE(f.service->configure({folder.path() + "/none/q", 0}).ok());
  f.submit("third");
  f.executor.run_ready();
  CHECK(lines(path).size() == 2);
  REQUIRE(f.service->configure({"", 0}).ok());
  f.submit("fourth");
  f.executor.run_ready();
  CHECK(lines(path).size() == 2);
}

TEST_CASE("only what took longer than the threshold is logged as slow", "[query]") {
  std::string log;
  telemetry::capture_log(&log);
  Fixture f;
  REQUIRE(f.service->configure({"", 100}).ok());
  const auto takes = [&f](std::int64_t ms) {
    return [&f, ms](query::Ticket&) {
      f.executor.advance_ms(ms);
      return query::Report();
    };
  };
  f.submit("quick", "10.0.0.1", 10'000, takes(99));
  f.executor.run_ready();
  f.submit("slow", "10.0.0.2", 10'000, takes(100));
  f.executor.run_ready();
  telemetry::capture_log(nullptr);
  CHECK(log.find("quick") == std::string::npos);
  CHECK(log.find("msg=\"slow query\"") != std::string::npos);
  CHECK(log.find("query=slow client=10.0.0.2") != std::string::npos);
}

TEST_CASE("slices of time are told under Prometheus's name", "[query]") {
  Fixture f;
  for (int i = 0; i < 3; ++i) {
    f.submit("q" + std::to_string(i), "a", 10'000, [](query::Ticket&) {
      query::Report report;
      report.timings = {1'000'000, 2'000'000, 3'000'000};
      report.samples.samples_total = 5;
      return report;
    });
  }
  f.executor.run_ready();
  const std::string name = "prometheus_engine_query_duration_seconds";
  CHECK(f.metric(name + "_count{slice=\"queue_time\"}") == 3);
  CHECK(f.metric(name + "_sum{slice=\"inner_eval\"}") == Approx(0.006));
  CHECK(f.metric(name + "{quantile=\"0.9\",slice=\"prepare_time\"}") == Approx(0.001));
  CHECK(f.metric(name + "{quantile=\"0.99\",slice=\"result_sort\"}") == Approx(0.003));
  CHECK(f.metric("prometheus_engine_query_samples_total") == 15);
  CHECK(f.metric("prometheus_engine_query_log_failures_total") == 0);
}
