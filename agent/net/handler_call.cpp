// SPDX-License-Identifier: Apache-2.0
#include "net/handler_call.hpp"

#include "net/answer.hpp"
#include "net/httplib_dispatch.hpp"
#include "net/request_body.hpp"
#include "net/status_text.hpp"

#include <atomic>
#include <exception>
#include <utility>

namespace narthex::net {
namespace {

// Up to here a streamed answer is collected and sent whole, with its length.
constexpr std::size_t kCollectBytes = 64 << 10;
constexpr std::size_t kPipeBytes = 256 << 10;
constexpr std::size_t kEventBytes = 1 << 20;

// Keeps a route from being removed while its code may run.
class RouteCall {
 public:
  explicit RouteCall(std::shared_ptr<RouteEntry> entry) : entry_(std::move(entry)) {}
  ~RouteCall() {
    if (entry_ != nullptr) entry_->end_call();
  }
  RouteCall(const RouteCall&) = delete;
  RouteCall& operator=(const RouteCall&) = delete;

 private:
  std::shared_ptr<RouteEntry> entry_;
};

// An answer whose pieces are made when the client has room for them. One run at a time.
class Producer : public std::enable_shared_from_this<Producer> {
 public:
  Producer(std::function<bool(std::string&)> produce, BodyEncoder encoder,
           std::shared_ptr<BodyPipe> pipe, std::shared_ptr<RouteCall> call)
      : produce_(std::move(produce)),
        encoder_(std::move(encoder)),
        pipe_(std::move(pipe)),
        call_(std::move(call)) {}

  BodyEncoder& encoder() { return encoder_; }

  // On the server's strand: has run() called unless it is on its way already.
  void refill(const CallEnvironment& environment, Lane lane) {
    if (finished_ || running_.exchange(true)) return;
    environment.resume(lane, [self = shared_from_this()] { self->run(); });
  }

 private:
  void run() {
    do {
      while (!finished_ && pipe_->half_empty()) step();
      running_ = false;
      // Room that appeared before the line above asked in vain: look once more.
    } while (!finished_ && pipe_->half_empty() && !running_.exchange(true));
  }

  void step() {
    std::string piece;
    bool more = false;
    try {
      more = produce_(piece);
    } catch (...) {
      finished_ = true;
      return pipe_->fail();
    }
    const bool open = pipe_->push(encoder_.encode(piece));
    if (more && open) return;
    if (!more) pipe_->push(encoder_.finish());
    finished_ = true;
    produce_ = nullptr;
    pipe_->end();
    call_.reset();
  }

  std::function<bool(std::string&)> produce_;
  BodyEncoder encoder_;
  const std::shared_ptr<BodyPipe> pipe_;
  std::shared_ptr<RouteCall> call_;
  std::atomic<bool> running_{false};
  std::atomic<bool> finished_{false};
};

// The sending side that a handler keeps; the stream ends with it.
class PipeEvents final : public EventStream {
 public:
  PipeEvents(BodyEncoder encoder, std::shared_ptr<BodyPipe> pipe)
      : encoder_(std::move(encoder)), pipe_(std::move(pipe)) {}
  ~PipeEvents() override {
    if (pipe_->try_push(encoder_.finish())) {
      pipe_->end();
    } else {
      pipe_->fail();
    }
  }
  bool send(std::string_view event) override {
    const std::lock_guard lock(mutex_);
    return pipe_->try_push(encoder_.encode(event));
  }
  bool open() const override { return pipe_->open(); }

 private:
  std::mutex mutex_;
  BodyEncoder encoder_;
  const std::shared_ptr<BodyPipe> pipe_;
};

// One call: on its thread, and, where the answer comes later, on that of whoever gives it.
class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(std::shared_ptr<const CallEnvironment> environment, std::shared_ptr<Exchange> exchange,
       std::shared_ptr<Outlet> outlet)
      : environment_(std::move(environment)),
        exchange_(std::move(exchange)),
        outlet_(std::move(outlet)),
        context_(answer_context(exchange_->head, exchange_->cors, environment_->clock->now_ms())) {
    context_.configured = exchange_->configured;
    const std::string_view origin = exchange_->head.header("origin");
    if (exchange_->cors && environment_->cors.allows(origin)) context_.allow_origin = origin;
  }

  void run() {
    const int refused = dispatch_by_httplib(exchange_->head, [this] { dispatch(); });
    if (refused != 0) text(refused, status_text(refused));
  }

 private:
  void dispatch() {
    Handler handler;
    if (exchange_->route != nullptr) {
      if (!exchange_->route->begin_call()) return text(404, "404 page not found");
      call_ = std::make_shared<RouteCall>(exchange_->route);
      handler = exchange_->route->route().handler;
    } else {
      handler = environment_->fallback();
      if (handler == nullptr) return text(404, "404 page not found");
    }
    Request request;
    if (const Refusal r = make_request(*exchange_, request)) return text(r.status, r.reason);
    guarded([&] { deliver(handler(request)); });
  }

  template <class F>
  void guarded(F&& f) {
    try {
      f();
    } catch (...) {
      // What it says may hold secrets or paths: it is not for the client.
      if (!answered_) text(500, "internal error");
    }
  }

  // Keeps the call until its answer is there.
  class Pending final : public LaterAnswer {
   public:
    explicit Pending(std::shared_ptr<Call> call) : call_(std::move(call)) {}
    ~Pending() override {
      if (!sent_.exchange(true)) call_->text(500, "internal error");
    }
    void send(Response response) override {
      if (sent_.exchange(true)) return;
      call_->guarded([&] { call_->deliver(std::move(response)); });
    }

   private:
    const std::shared_ptr<Call> call_;
    std::atomic<bool> sent_{false};
  };

  void deliver(Response response) {
    if (response.later) return response.later(std::make_shared<Pending>(shared_from_this()));
    if (response.events) return deliver_events(std::move(response));
    if (response.produce) return deliver_produced(std::move(response));
    if (response.stream) return deliver_stream(std::move(response));
    send(make_answer(context_, std::move(response)));
  }

  void deliver_produced(Response response) {
    bool more = true;
    while (more && response.body.size() < kCollectBytes) {
      std::string piece;
      more = response.produce(piece);
      response.body += piece;
    }
    if (!more) return send(make_answer(context_, std::move(response)));
    Answer answer;
    BodyEncoder encoder(context_, response, answer);
    if (context_.head_only) return send(std::move(answer));
    answer.pipe = outlet_->make_pipe(kPipeBytes);
    auto producer = std::make_shared<Producer>(std::move(response.produce), std::move(encoder),
                                               answer.pipe, std::move(call_));
    answer.body = producer->encoder().encode(response.body);
    const Lane lane = exchange_->route != nullptr ? exchange_->route->route().lane : Lane::kControl;
    answer.refill = [producer, environment = environment_, lane] {
      producer->refill(*environment, lane);
    };
    send(std::move(answer));
  }

  void deliver_stream(Response response) {
    std::shared_ptr<BodyPipe> pipe;
    std::unique_ptr<BodyEncoder> encoder;
    const auto write = [&](std::string_view piece) {
      if (context_.head_only) return false;
      if (pipe != nullptr) return pipe->push(encoder->encode(piece));
      response.body += piece;
      if (response.body.size() < kCollectBytes) return true;
      Answer answer;
      encoder = std::make_unique<BodyEncoder>(context_, response, answer);
      pipe = answer.pipe = outlet_->make_pipe(kPipeBytes);
      answer.body = encoder->encode(response.body);
      send(std::move(answer));
      return true;
    };
    try {
      response.stream(write);
    } catch (...) {
      if (pipe == nullptr) throw;
      return pipe->fail();
    }
    if (pipe == nullptr) return send(make_answer(context_, std::move(response)));
    pipe->push(encoder->finish());
    pipe->end();
  }

  void deliver_events(Response response) {
    if (!has(response.headers, "Content-Type")) {
      response.headers.emplace_back("Content-Type", "text/event-stream");
    }
    if (!has(response.headers, "Cache-Control")) {
      response.headers.emplace_back("Cache-Control", "no-store");
    }
    AnswerContext plain = context_;
    plain.gzip = false;
    Answer answer;
    BodyEncoder encoder(plain, response, answer);
    if (context_.head_only) return send(std::move(answer));
    answer.endless = true;
    const auto pipe = answer.pipe = outlet_->make_pipe(kEventBytes);
    send(std::move(answer));
    response.events(std::make_shared<PipeEvents>(std::move(encoder), pipe));
  }

  void text(int status, std::string_view words) { send(make_text_answer(context_, status, words)); }

  void send(Answer answer) {
    answered_ = true;
    outlet_->answer(std::move(answer));
  }

  const std::shared_ptr<const CallEnvironment> environment_;
  const std::shared_ptr<Exchange> exchange_;
  const std::shared_ptr<Outlet> outlet_;
  AnswerContext context_;
  std::shared_ptr<RouteCall> call_;
  bool answered_ = false;
};

}  // namespace

Result<CorsPolicy> CorsPolicy::make(const std::string& pattern) {
  auto regex = regex::Regex::compile(pattern);
  if (!regex.ok()) return regex.status().with_prefix("CORS origin");
  CorsPolicy policy;
  policy.regex_ = *std::move(regex);
  return policy;
}

bool CorsPolicy::allows(std::string_view origin) const {
  return !origin.empty() && regex_ && regex_->matches(origin);
}

void call_handler(std::shared_ptr<const CallEnvironment> environment,
                  std::shared_ptr<Exchange> exchange, std::shared_ptr<Outlet> outlet) {
  std::make_shared<Call>(std::move(environment), std::move(exchange), std::move(outlet))->run();
}

}  // namespace narthex::net
