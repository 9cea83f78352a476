// SPDX-License-Identifier: Apache-2.0
// manager_fixture.hpp - the whole room on a hand-moved clock: a client that answers from a map,
// real parsers, a storage that writes into a map.
#pragma once

#include "scrape/manager.hpp"

#include "bus/bus.hpp"
#include "plugins/protocol/openmetrics/openmetrics_parser.hpp"
#include "plugins/protocol/prometheus_protobuf/protobuf_parser.hpp"
#include "plugins/protocol/prometheus_text/text_parser.hpp"
#include "store/store.hpp"
#include "telemetry/metrics.hpp"
#include "tests/support/manual_executor.hpp"
#include "tests/support/metric_family.hpp"
#include "tests/support/plain_instance.hpp"
#include "tests/support/sample_book.hpp"

#include <narthex/exporter.h>
#include <narthex/sdk/discovery.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace narthex::scrape {

// Answers at once, or never while `silent`.
class MapClient final : public net::Client {
 public:
  struct Answer {
    int status = 200;
    std::string type = "text/plain; version=0.0.4";
    std::string body;
    Status failure;
  };
  class Handle final : public net::Fetch {
   public:
    explicit Handle(net::FetchDone d) : done(std::move(d)) {}
    void cancel() override { cancelled = true; }
    net::FetchDone done;
    bool cancelled = false;
  };

  std::shared_ptr<net::Fetch> fetch(net::FetchRequest request, net::FetchDone done) override {
    requests.push_back(request);
    auto handle = std::make_shared<Handle>(std::move(done));
    open.push_back(handle);
    if (!silent) answer(handle, request.url);
    return handle;
  }
  void answer(const std::shared_ptr<Handle>& handle, const std::string& url) {
    const Answer& a = answers[url];
    const net::FetchDone done = std::exchange(handle->done, nullptr);
    if (!a.failure.ok()) return done(a.failure);
    net::FetchResponse response;
    response.status = a.status;
    if (!a.type.empty()) response.headers = {{"content-type", a.type}};
    response.body = make_buffer(a.body);
    done(std::move(response));
  }

  std::map<std::string, Answer> answers;
  std::vector<net::FetchRequest> requests;
  std::vector<std::shared_ptr<Handle>> open;
  bool silent = false;
};

inline const std::string kUrl = "http://h:1/metrics";

struct Room {
  explicit Room(std::uint64_t more_capabilities = 0) {
    book.capabilities |= more_capabilities;
    store.emplace(book.instance());
    manager.emplace(services());
  }
  // What was never answered still holds the loop that asked, and that the client.
  ~Room() { client->open.clear(); }

  ManagerServices services() {
    return {
        executor,
        registry,
        bus,
        *store,
        {std::make_shared<test::PlainInstance>(
             "text", *sdk::Parser<prometheus_text::TextParser>::component(), nullptr),
         std::make_shared<test::PlainInstance>(
             "om", *sdk::Parser<openmetrics::OpenMetricsParser>::component(), nullptr),
         std::make_shared<test::PlainInstance>(
             "proto", *sdk::Parser<prometheus_protobuf::ProtobufParser>::component(), nullptr)},
        [this](const net::ClientOptions&) { return Result<std::shared_ptr<net::Client>>(client); },
        [this](const ExporterOptions&, std::string name) { return exporter(std::move(name)); },
        "host"};
  }
  Result<std::shared_ptr<host::Instance>> exporter(std::string name) {
    if (exporter_table == nullptr) return not_found("no exporter");
    made = std::make_shared<test::PlainInstance>(std::move(name), NX_EXPORTER_ID, exporter_table,
                                                 this);
    made->keeps_time = exporter_keeps_time;
    return std::shared_ptr<host::Instance>(made);
  }

  // A job "j" that scrapes h:1 every 10 s.
  static JobOptions job() {
    JobOptions options;
    options.job_name = "j";
    options.interval_ms = 10'000;
    options.timeout_ms = 5'000;
    options.fingerprint = "1";
    return options;
  }
  void apply(const JobOptions& options) {
    ScrapeOptions all;
    all.jobs = {options};
    REQUIRE(manager->apply(all).ok());
  }
  void targets(const std::vector<std::string>& addresses) {
    auto group = std::make_shared<sdk::TargetGroup>();
    for (const std::string& address : addresses) {
      group->targets.push_back(Labels{{"__address__", address}});
    }
    const discovery::GroupChange change{"static/0", std::move(group)};
    manager->on_groups("j", std::span(&change, 1));
  }
  // Starts the job with one target and runs until its first scrape is done.
  void begin(const JobOptions& options) {
    apply(options);
    targets({"h:1"});
    executor.advance_ms(10'000);
  }
  void body(std::string text) { client->answers[kUrl].body = std::move(text); }
  void next() { executor.advance_ms(10'000); }
  TargetView target() const { return manager->pools().at(0).active.at(0); }
  double value(const std::string& name, std::string labels = "") const {
    return book.value(series(name, std::move(labels)));
  }
  static std::string series(const std::string& name, std::string labels = "") {
    if (!labels.empty()) labels += ",";
    return name + "{" + labels + "instance=\"h:1\",job=\"j\"}";
  }

  test::ManualExecutor executor;
  telemetry::Registry registry;
  bus::Bus bus{executor, registry};
  test::SampleBook book;
  std::optional<store::Store> store;
  std::shared_ptr<MapClient> client = std::make_shared<MapClient>();
  const nx_exporter* exporter_table = nullptr;
  bool exporter_keeps_time = false;
  std::shared_ptr<test::PlainInstance> made;  // the last exporter
  std::optional<Manager> manager;
};

}  // namespace narthex::scrape
