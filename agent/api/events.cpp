// SPDX-License-Identifier: Apache-2.0
// events.cpp - the bus as server-sent events, and Prometheus's notifications (of which we have
// none).
//
//   GET /api/v1/status/events?topics=target.*,alert.>&replay=retained
//   id: 4711
//   event: target.state
//   data: {"t":1767607200123,"source":"scrape","seq":4711,"dropped":0,"payload":{...}}
//
// It is an ordinary subscription (drop oldest, 4096) for each pattern, so it can neither slow nor
// stop anything. At most 16 streams.
#include "api/answer.hpp"
#include "api/api.hpp"
#include "api/json.hpp"
#include "api/routes.hpp"
#include "bus/bus.hpp"
#include "runtime/executor.hpp"

#include <atomic>
#include <memory>
#include <mutex>

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

constexpr int kStreamsMax = 16;
constexpr std::uint32_t kQueueMax = 4096;
constexpr std::int64_t kHeartbeatMs = 15'000;

std::string frame(const bus::Delivery& delivery) {
  const bus::Event& event = *delivery.event;
  JsonWriter json;
  json.begin_object()
      .field("t", event.t_ms)
      .field("source", std::string_view(event.source))
      .field("seq", static_cast<std::int64_t>(event.sequence))
      .field("dropped", static_cast<std::int64_t>(delivery.dropped));
  json.key("payload").raw(bus::to_json(event.payload)).end_object();
  return "event: " + event.topic_name + "\nid: " + std::to_string(event.sequence) +
         "\ndata: " + json.text() + "\n\n";
}

std::vector<std::string> patterns_of(std::string_view topics) {
  std::vector<std::string> patterns;
  while (!topics.empty()) {
    const std::size_t comma = topics.find(',');
    if (comma != 0) patterns.emplace_back(topics.substr(0, comma));
    if (comma == std::string_view::npos) break;
    topics.remove_prefix(comma + 1);
  }
  if (patterns.empty()) patterns.emplace_back(">");
  return patterns;
}

// One client's stream: lives as long as its connection, looked after by a heartbeat that also
// notices a client that has left.
class Tap : public std::enable_shared_from_this<Tap> {
 public:
  Tap(bus::Bus& bus, runtime::Executor& executor, std::shared_ptr<std::atomic<int>> count)
      : bus_(bus), executor_(executor), count_(std::move(count)) {}
  ~Tap() { count_->fetch_sub(1); }

  void open(const std::vector<std::string>& patterns, bool retained, std::string subscriber,
            std::shared_ptr<net::EventStream> stream) {
    stream_ = std::move(stream);
    stream_->send(": narthex event bus\n\n");
    bus::SubscribeOptions options;
    options.subscriber = std::move(subscriber);
    options.queue_max = kQueueMax;
    options.retained = retained;
    for (const std::string& pattern : patterns) {
      auto subscription = bus_.subscribe(
          pattern, options, [stream = stream_](std::span<const bus::Delivery> deliveries) {
            for (const bus::Delivery& d : deliveries) stream->send(frame(d));
          });
      const std::lock_guard lock(mutex_);
      if (subscription.ok()) subscriptions_.push_back(*std::move(subscription));
    }
    beat();
  }

 private:
  // Holds itself alive from beat to beat while the client is there.
  void beat() {
    if (!stream_->open() || !stream_->send(": beat\n\n")) {
      std::vector<std::unique_ptr<bus::Subscription>> ended;
      const std::lock_guard lock(mutex_);
      ended.swap(subscriptions_);
      timer_ = {};
      return;
    }
    const std::lock_guard lock(mutex_);
    timer_ = executor_.after(kHeartbeatMs, runtime::Pool::kWorker,
                             [self = shared_from_this()] { self->beat(); });
  }

  bus::Bus& bus_;
  runtime::Executor& executor_;
  std::shared_ptr<std::atomic<int>> count_;
  std::shared_ptr<net::EventStream> stream_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;  // guarded by mutex_
  runtime::Timer timer_;                                           // guarded by mutex_
};

Response events(const Services& s, const std::shared_ptr<std::atomic<int>>& streams,
                const Request& request) {
  const std::vector<std::string> patterns = patterns_of(request.value("topics"));
  for (const std::string& pattern : patterns) {
    const auto probe = s.bus.subscribe(pattern, {}, [](std::span<const bus::Delivery>) {});
    if (!probe.ok()) return invalid_parameter("topics", probe.status().message());
  }
  if (streams->fetch_add(1) >= kStreamsMax) {
    streams->fetch_sub(1);
    Response full;
    full.status = 204;
    return full;
  }
  auto tap = std::make_shared<Tap>(s.bus, s.executor, streams);
  Response r;
  r.headers.emplace_back("Content-Type", "text/event-stream");
  r.headers.emplace_back("Cache-Control", "no-cache");
  r.events = [tap, patterns, retained = request.value("replay") == "retained",
              subscriber = "http " + request.remote](std::shared_ptr<net::EventStream> stream) {
    tap->open(patterns, retained, subscriber, std::move(stream));
  };
  return r;
}

Response topics(const bus::Bus& bus) {
  JsonWriter json;
  json.begin_object().key("topics").begin_array();
  for (const bus::TopicView& topic : bus.topics()) {
    json.begin_object().field("name", std::string_view(topic.name));
    json.field("published", static_cast<std::int64_t>(topic.published));
    json.field("retained", topic.retained).end_object();
  }
  json.end_array().key("subscribers").begin_array();
  for (const bus::SubscriberView& sub : bus.subscribers()) {
    json.begin_object().field("subscriber", std::string_view(sub.subscriber));
    json.field("pattern", std::string_view(sub.pattern));
    json.field("queued", static_cast<std::int64_t>(sub.queued));
    json.field("queueMax", static_cast<std::int64_t>(sub.queue_max));
    json.field("dropped", static_cast<std::int64_t>(sub.dropped)).end_object();
  }
  json.end_array().end_object();
  return success(json.text());
}

}  // namespace

Status mount_events(const Services& s) {
  auto streams = std::make_shared<std::atomic<int>>(0);
  Status added = add_route(s, "/api/v1/status/events", {},
                           [s, streams](const Request& r) { return events(s, streams, r); });
  if (added.ok()) {
    added = add_route(s, "/api/v1/status/topics", {},
                      [&bus = s.bus](const Request&) { return topics(bus); });
  }
  if (added.ok()) {
    added = add_route(s, "/api/v1/notifications", {}, [](const Request&) { return success("[]"); });
  }
  return added;
}

}  // namespace narthex::api
