// SPDX-License-Identifier: Apache-2.0
// Streams, slow readers, leaving clients, lanes, stopping.
#include "unit/net/server_fixture.hpp"

#include "net/compression.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

using namespace narthex;
using namespace narthex::tests;
using net::Request;
using net::Response;

namespace {

// Opens once; waits are bounded.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

std::string get(std::string_view path, std::string_view headers = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
         std::string(headers) + "\r\n";
}

// The body of a chunked answer.
std::string unchunk(const std::string& answer) {
  std::string body;
  std::size_t at = answer.find("\r\n\r\n") + 4;
  while (at < answer.size()) {
    const std::size_t end = answer.find("\r\n", at);
    const std::size_t size = std::stoul(answer.substr(at, end - at), nullptr, 16);
    if (size == 0) return body;
    body += answer.substr(end + 2, size);
    at = end + 2 + size + 2;
  }
  return "cut short";
}

std::function<bool(std::string&)> counter(int pieces, std::size_t size) {
  return [pieces, size, next = 0](std::string& out) mutable {
    out.assign(size, static_cast<char>('a' + next % 26));
    return ++next < pieces;
  };
}

}  // namespace

TEST_CASE("a produced body arrives in order, small ones with their length", "[net]") {
  ServerFixture fixture;
  fixture.add("GET", "/big", [](const Request&) {
    Response response;
    response.headers.emplace_back("Content-Type", "application/json");
    response.produce = counter(200, 50'000);
    return response;
  });
  fixture.add("GET", "/small", [](const Request&) {
    Response response;
    response.produce = counter(3, 4);
    return response;
  });
  fixture.add("GET", "/broken", [](const Request&) {
    Response response;
    response.produce = [n = 0](std::string& out) mutable {
      if (++n == 20) throw std::runtime_error("x");
      out.assign(50'000, 'x');
      return true;
    };
    return response;
  });
  fixture.start();
  std::string expected;
  auto produce = counter(200, 50'000);
  for (std::string piece; expected.size() < 10'000'000; expected += piece) produce(piece);
  CHECK(unchunk(fixture.exchange(get("/big"))) == expected);
  const std::string packed = unchunk(fixture.exchange(get("/big", "Accept-Encoding: gzip\r\n")));
  const auto inflated = net::decompress("gzip", packed, 20 << 20);
  REQUIRE(inflated.ok());
  CHECK(*inflated == expected);
  CHECK(fixture.exchange(get("/small")).ends_with("Content-Length: 12\r\n\r\naaaabbbbcccc"));
  CHECK(unchunk(fixture.exchange(get("/broken"))) == "cut short");
  const std::string old = fixture.exchange("GET /big HTTP/1.0\r\n\r\n");
  CHECK(old.starts_with("HTTP/1.0 200 OK\r\n"));
  CHECK(old.substr(old.find("\r\n\r\n") + 4) == expected);
}

TEST_CASE("a streamed body arrives in order", "[net]") {
  ServerFixture fixture;
  fixture.add("GET", "/s", [](const Request&) {
    Response response;
    response.stream = [](const net::Write& write) {
      for (int i = 0; i < 1000; ++i) {
        if (!write(std::string(1000, static_cast<char>('a' + i % 26)))) return;
      }
    };
    return response;
  });
  fixture.start();
  const std::string body = unchunk(fixture.exchange(get("/s")));
  REQUIRE(body.size() == 1'000'000);
  CHECK(body[999] == 'a');
  CHECK(body[1000] == 'b');
}

TEST_CASE("large answers are compressed when the client takes it", "[net]") {
  ServerFixture fixture;
  fixture.add("GET", "/json", [](const Request& request) {
    return Response::json(200, std::string(std::stoul(std::string(request.value("n"))), 'x'));
  });
  fixture.start();
  const std::string packed =
      fixture.exchange(get("/json?n=100000", "Accept-Encoding: br, gzip;q=0.5\r\n"));
  CHECK(packed.find("Content-Encoding: gzip\r\n") != std::string::npos);
  const auto body = net::decompress("gzip", packed.substr(packed.find("\r\n\r\n") + 4), 1 << 20);
  REQUIRE(body.ok());
  CHECK(body->size() == 100'000);
  CHECK(fixture.exchange(get("/json?n=100000", "Accept-Encoding: gzip;q=0\r\n"))
            .find("Content-Encoding") == std::string::npos);
  CHECK(
      fixture.exchange(get("/json?n=200", "Accept-Encoding: gzip\r\n")).find("Content-Encoding") ==
      std::string::npos);
}

TEST_CASE("clients that never read hold neither threads nor much memory", "[net]") {
  ServerFixture fixture;
  std::atomic<int> pieces{0};
  fixture.add(
      "GET", "/endless",
      [&](const Request&) {
        Response response;
        response.produce = [&](std::string& out) {
          ++pieces;
          out.assign(64 << 10, 'x');
          return true;
        };
        return response;
      },
      net::Lane::kQuery);
  fixture.add(
      "GET", "/q", [](const Request&) { return Response::text(200, "1"); }, net::Lane::kQuery);
  fixture.start();
  std::vector<RawSocket> sockets;
  for (int i = 0; i < 30; ++i) {
    sockets.push_back(fixture.connect(4096));
    sockets.back().send(get("/endless"));
  }
  for (int i = 0; i < 10; ++i) {
    // Would never end behind the endless ones.
    CHECK(status_of(fixture.exchange(get("/q"))) == "200");
  }
  // What the kernel takes (some 2.5 MiB a socket at most) and the pipe.
  CHECK(pieces < 30 * 120);
}

TEST_CASE("a client that leaves cancels its request", "[net]") {
  ServerFixture fixture;
  Gate begun;
  std::atomic<bool> cancelled{false};
  Gate ended;
  fixture.add(
      "GET", "/long",
      [&](const Request& request) {
        begun.open();
        Gate told;
        const auto hook = request.cancellation->on_cancel([&] { told.open(); });
        cancelled = told.wait();
        ended.open();
        return Response::text(503, "cancelled");
      },
      net::Lane::kQuery);
  fixture.start();
  SECTION("by closing") {
    RawSocket socket = fixture.connect();
    socket.send(get("/long"));
    REQUIRE(begun.wait());
    socket.close();
    REQUIRE(ended.wait());
  }
  SECTION("by a reset") {
    RawSocket socket = fixture.connect();
    socket.send(get("/long"));
    REQUIRE(begun.wait());
    socket.reset_on_close();
    socket.close();
    REQUIRE(ended.wait());
  }
  SECTION("but one that only stopped sending still gets the answer") {
    RawSocket socket = fixture.connect();
    socket.send(get("/long"));
    REQUIRE(begun.wait());
    socket.finish_sending();
    CHECK(status_of(socket.receive_all()) == "503");
  }
  CHECK(cancelled);
}

TEST_CASE("a full query lane answers 503 and delays no other lane", "[net]") {
  net::ServerOptions options;
  options.query_threads = 1;
  ServerFixture fixture(options);
  Gate release;
  fixture.add(
      "GET", "/heavy",
      [&](const Request&) {
        release.wait();
        return Response::text(200, "done");
      },
      net::Lane::kQuery);
  fixture.add("GET", "/healthy", [](const Request&) { return Response::text(200, "ok"); });
  fixture.start();
  std::vector<RawSocket> sockets;
  for (int i = 0; i < 520; ++i) {
    sockets.push_back(fixture.connect());
    sockets.back().send(get("/heavy"));
  }
  CHECK(status_of(fixture.exchange(get("/healthy"))) == "200");
  const std::string busy = sockets.back().receive_all();
  CHECK(status_of(busy) == "503");
  CHECK(busy.find("Retry-After: 1\r\n") != std::string::npos);
  release.open();
  CHECK(status_of(sockets.front().receive_all()) == "200");
}

TEST_CASE("events flow until either side ends them", "[net]") {
  ServerFixture fixture;
  std::mutex mutex;
  std::shared_ptr<net::EventStream> stream;
  Gate arrived;
  fixture.add("GET", "/events", [&](const Request&) {
    Response response;
    response.events = [&](std::shared_ptr<net::EventStream> s) {
      const std::lock_guard lock(mutex);
      stream = std::move(s);
      arrived.open();
    };
    return response;
  });
  fixture.start();
  RawSocket socket = fixture.connect();
  socket.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(arrived.wait());
  const auto has = [](std::string_view text) {
    return [text](const std::string& bytes) { return bytes.find(text) != std::string::npos; };
  };
  CHECK(stream->send("data: 1\n\n"));
  const std::string begin = socket.receive(has("data: 1\n\n"));
  CHECK(begin.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  SECTION("the handler ends it") {
    CHECK(stream->send("data: 2\n\n"));
    stream.reset();
    CHECK(socket.receive(has("0\r\n\r\n")).find("data: 2\n\n") != std::string::npos);
    socket.send(get("/nothing"));
    CHECK(status_of(socket.receive_all()) == "404");
  }
  SECTION("the client leaves") {
    socket.close();
    bool open = true;
    for (int i = 0; i < 2000 && open; ++i) {
      open = stream->open();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CHECK_FALSE(open);
    CHECK_FALSE(stream->send("data: 3\n\n"));
  }
  SECTION("the client does not read") {
    const std::string event = "data: " + std::string(100'000, 'x') + "\n\n";
    int sent = 0;
    while (sent < 1000 && stream->send(event)) ++sent;
    CHECK(sent < 1000);
    CHECK(stream->open());
  }
}

TEST_CASE("stopping answers what is complete and closes the rest", "[net]") {
  ServerFixture fixture;
  Gate begun;
  Gate release;
  fixture.add("GET", "/work", [&](const Request&) {
    begun.open();
    release.wait();
    return Response::text(200, "done");
  });
  fixture.start();
  RawSocket idle = fixture.connect();
  RawSocket half = fixture.connect();
  half.send("GET /work HTTP/1.1\r\nHost:");
  RawSocket working = fixture.connect();
  working.send("GET /work HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(begun.wait());
  std::thread stopper(
      [&] { fixture.server.stop(fixture.executor.clock().mono_ns() + 10'000'000'000); });
  CHECK(idle.receive_all().empty());
  CHECK(half.receive_all().empty());
  release.open();
  const std::string answer = working.receive_all();
  CHECK(answer.ends_with("\r\n\r\ndone"));
  stopper.join();
  CHECK_THROWS(fixture.connect());
}

TEST_CASE("stopping at its deadline cancels what still runs", "[net]") {
  ServerFixture fixture;
  Gate begun;
  fixture.add("GET", "/work", [&](const Request& request) {
    Gate told;
    const auto hook = request.cancellation->on_cancel([&] { told.open(); });
    begun.open();
    told.wait();
    return Response::text(503, "stopped");
  });
  fixture.start();
  RawSocket working = fixture.connect();
  working.send("GET /work HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(begun.wait());
  fixture.server.stop(0);
  CHECK(status_of(working.receive_all()) == "503");
}

TEST_CASE("removing a route waits for its handler", "[net]") {
  ServerFixture fixture;
  Gate begun;
  Gate release;
  std::atomic<bool> running{false};
  fixture.add("GET", "/plugin", [&](const Request&) {
    running = true;
    begun.open();
    release.wait();
    running = false;
    return Response::text(200, "done");
  });
  fixture.start();
  RawSocket socket = fixture.connect();
  socket.send(get("/plugin"));
  REQUIRE(begun.wait());
  std::atomic<bool> running_when_removed{true};
  std::thread remover([&] {
    fixture.server.remove("GET", "/plugin");
    running_when_removed = running.load();
  });
  release.open();
  remover.join();
  CHECK_FALSE(running_when_removed);
  CHECK(status_of(socket.receive_all()) == "200");
  CHECK(status_of(fixture.exchange(get("/plugin"))) == "404");
  fixture.add("GET", "/plugin", [](const Request&) { return Response::text(200, "again"); });
  CHECK(status_of(fixture.exchange(get("/plugin"))) == "200");
}

TEST_CASE("what is counted carries Prometheus's names and closed labels", "[net]") {
  ServerFixture fixture;
  fixture.add("GET", "/label/{name}/values",
              [](const Request&) { return Response::text(200, "abc"); });
  fixture.start();
  fixture.exchange(get("/label/a/values"));
  fixture.exchange(get("/label/b/values"));
  fixture.exchange("GET / HTTP/1.1\r\n\r\n");
  RawSocket open = fixture.connect();
  open.send("GET /label/c/values HTTP/1.1\r\nHost: x\r\n\r\n");
  open.receive_answer();
  const std::string text = telemetry::render_text(fixture.registry);
  INFO(text);
  CHECK(
      text.find("prometheus_http_requests_total{code=\"200\",handler=\"/label/:name/values\"} 3") !=
      std::string::npos);
  CHECK(text.find("prometheus_http_response_size_bytes_sum{handler=\"/label/:name/values\"} 9") !=
        std::string::npos);
  CHECK(text.find("narthex_http_refused_total{code=\"400\"} 1") != std::string::npos);
  CHECK(text.find("narthex_http_connections 1") != std::string::npos);
}

TEST_CASE("an answer may come later, from any thread, and holds none until then", "[net]") {
  ServerFixture fixture;
  std::vector<std::shared_ptr<net::LaterAnswer>> waiting;
  std::mutex mutex;
  Gate all;
  fixture.add(
      "GET", "/later",
      [&](const Request&) {
        Response r;
        r.later = [&](std::shared_ptr<net::LaterAnswer> answer) {
          const std::lock_guard lock(mutex);
          waiting.push_back(std::move(answer));
          if (waiting.size() == 10) all.open();
        };
        return r;
      },
      net::Lane::kQuery);
  fixture.start();
  std::vector<RawSocket> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(fixture.connect());
    clients.back().send(get("/later"));
  }
  // More than the lane has threads.
  REQUIRE(all.wait());
  std::thread([&] {
    for (auto& answer : waiting) answer->send(Response::text(200, "at last"));
    waiting.front()->send(Response::text(200, "twice"));
    waiting.clear();
  }).join();
  for (RawSocket& client : clients) {
    const std::string answer = client.receive_all();
    CHECK(status_of(answer) == "200");
    CHECK(answer.ends_with("\r\n\r\nat last"));
  }
}

TEST_CASE("a later answer that dies unused is a 500, one in pieces arrives whole", "[net]") {
  ServerFixture fixture;
  fixture.add("GET", "/lost", [](const Request&) {
    Response r;
    r.later = [](std::shared_ptr<net::LaterAnswer>) {};
    return r;
  });
  fixture.add("GET", "/pieces", [](const Request&) {
    Response r;
    r.later = [](std::shared_ptr<net::LaterAnswer> answer) {
      Response large = Response::text(200, {});
      large.produce = [left = 100](std::string& out) mutable {
        out.append(64 << 10, 'x');
        return --left > 0;
      };
      answer->send(std::move(large));
    };
    return r;
  });
  fixture.start();
  CHECK(status_of(fixture.exchange(get("/lost"))) == "500");
  const std::string answer = fixture.exchange(get("/pieces"));
  CHECK(status_of(answer) == "200");
  CHECK(std::count(answer.begin(), answer.end(), 'x') >= 100 * (64 << 10));
}

TEST_CASE("stopping waits for answers that come later, and cancels them at its deadline", "[net]") {
  ServerFixture fixture;
  Gate begun;
  Gate left;
  fixture.add("GET", "/later", [&](const Request& request) {
    Response r;
    r.later = [&, client = request.cancellation](std::shared_ptr<net::LaterAnswer> answer) {
      std::thread([&, client, answer]() mutable {
        const auto hook = client->on_cancel([&left] { left.open(); });
        begun.open();
        if (left.wait()) answer->send(Response::text(499, "cancelled"));
      }).detach();
    };
    return r;
  });
  fixture.start();
  RawSocket socket = fixture.connect();
  socket.send(get("/later"));
  REQUIRE(begun.wait());
  fixture.server.stop(fixture.executor.clock().mono_ns() + 50'000'000);
  CHECK(status_of(socket.receive_all()) == "499");
}

TEST_CASE("what a handler keeps may outlive its server", "[net]") {
  std::shared_ptr<net::LaterAnswer> answer;
  std::shared_ptr<net::EventStream> events;
  {
    ServerFixture fixture;
    Gate kept;
    Gate streaming;
    fixture.add("GET", "/later", [&](const Request&) {
      Response r;
      r.later = [&](std::shared_ptr<net::LaterAnswer> later) {
        answer = std::move(later);
        kept.open();
      };
      return r;
    });
    fixture.add("GET", "/events", [&](const Request&) {
      Response r;
      r.events = [&](std::shared_ptr<net::EventStream> stream) {
        events = std::move(stream);
        streaming.open();
      };
      return r;
    });
    fixture.start();
    RawSocket later = fixture.connect();
    later.send(get("/later"));
    RawSocket stream = fixture.connect();
    stream.send(get("/events"));
    REQUIRE(kept.wait());
    REQUIRE(streaming.wait());
    REQUIRE(events->send("one"));
    fixture.server.stop(0);
    CHECK_FALSE(events->send("two"));
  }
  CHECK_FALSE(events->send("three"));
  Response large = Response::text(200, {});
  large.stream = [](const std::function<bool(std::string_view)>& write) {
    while (write(std::string(64 << 10, 'x'))) {
    }
  };
  answer->send(std::move(large));
  answer.reset();
  events.reset();
}
