// SPDX-License-Identifier: Apache-2.0
// Sockets for lines and datagrams: what arrives, in which pieces, and what bad senders can do.
#include "net/line_splitter.hpp"
#include "net/packet_server.hpp"
#include "unit/net/raw_peer.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

namespace narthex::tests {
namespace {

// A running server whose packets are taken as they come, unless it is held.
struct PacketFixture {
  explicit PacketFixture(net::PacketServerOptions options = {})
      : executor(runtime::ExecutorOptions{1, 4, 1}),
        server(local(std::move(options)), "test", executor, registry, [this] {
          const std::lock_guard lock(mutex);
          ++wakes;
          woken.notify_all();
        }) {
    const Status status = server.start();
    INFO(status.message());
    REQUIRE(status.ok());
  }
  ~PacketFixture() {
    server.stop(deadline());
    executor.stop();
  }
  static net::PacketServerOptions local(net::PacketServerOptions options) {
    options.listen = "127.0.0.1:0";
    return options;
  }
  std::int64_t deadline() { return executor.clock().mono_ns() + 5'000'000'000; }
  int port() const { return port_of(server.address()); }
  RawSocket connect() { return RawSocket::connect(port()); }
  RawSocket datagrams() {
    RawSocket socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port());
    REQUIRE(::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address),
                      sizeof(address)) == 0);
    return socket;
  }
  void take() {
    for (net::Packet& packet : server.take(1 << 20)) {
      all += packet.bytes;
      packets.push_back(std::move(packet));
    }
  }
  // Takes until all bytes that came are these.
  bool comes(const std::string& wanted) {
    std::unique_lock lock(mutex);
    return woken.wait_for(lock, std::chrono::seconds(10), [&] {
      take();
      return all == wanted;
    });
  }
  double metric(const std::string& name) {
    const std::string text = telemetry::render_text(registry);
    double sum = 0;
    for (std::size_t at = text.find("\n" + name); at != std::string::npos;
         at = text.find("\n" + name, at + 1)) {
      sum += std::stod(text.substr(text.find("} ", at) + 2));
    }
    return sum;
  }
  // Waits for the server to close a connection, and says whether it did.
  static bool closes(RawSocket& socket) {
    (void)socket.receive_all(10'000);
    return socket.closed();
  }

  telemetry::Registry registry;
  runtime::AsioExecutor executor;
  std::mutex mutex;
  std::condition_variable woken;
  int wakes = 0;
  std::string all;
  std::vector<net::Packet> packets;
  net::PacketServer server;
};

TEST_CASE("a splitter gives whole lines and keeps the rest", "[net][packets]") {
  net::LineSplitter splitter(8);
  std::string out;
  splitter.feed("a\nbc", out);
  CHECK(out == "a\n");
  splitter.feed("d\n\ne", out);
  CHECK(out == "a\nbcd\n\n");
  CHECK(splitter.take_rest() == "e");
  CHECK(splitter.overlong_count() == 0);
}

TEST_CASE("a splitter drops lines that are too long, however they come", "[net][packets]") {
  const std::string text = "12345678\n123456789\nok\n1234567890123\nend";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    net::LineSplitter splitter(8);
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      splitter.feed(std::string_view(text).substr(at, piece), out);
    }
    INFO(piece);
    CHECK(out == "12345678\nok\n");
    CHECK(splitter.take_rest() == "end");
    CHECK(splitter.overlong_count() == 2);
  }
}

TEST_CASE("lines of a connection arrive whole, the last one also without its end",
          "[net][packets]") {
  PacketFixture f;
  RawSocket sender = f.connect();
  REQUIRE(sender.send("first 1\nsec"));
  CHECK(f.comes("first 1\n"));
  REQUIRE(sender.send("ond 2\nlast 3"));
  CHECK(f.comes("first 1\nsecond 2\n"));
  sender.close();
  CHECK(f.comes("first 1\nsecond 2\nlast 3"));
  CHECK(f.packets[0].peer->find("127.0.0.1:") == 0);
}

TEST_CASE("a datagram is a packet", "[net][packets]") {
  PacketFixture f;
  RawSocket sender = f.datagrams();
  REQUIRE(sender.send("a:1|c"));
  REQUIRE(sender.send("b:2|c\nc:3|c"));
  CHECK(f.comes("a:1|cb:2|c\nc:3|c"));
  REQUIRE(f.packets.size() == 2);
  CHECK(f.packets[1].bytes == "b:2|c\nc:3|c");
  CHECK(f.metric("narthex_ingest_datagrams_total") == 2);
}

TEST_CASE("a transport that is off has no socket", "[net][packets]") {
  net::PacketServerOptions options;
  options.tcp = false;
  PacketFixture f(options);
  CHECK_THROWS(f.connect());
  RawSocket sender = f.datagrams();
  REQUIRE(sender.send("a"));
  CHECK(f.comes("a"));
}

TEST_CASE("a full queue makes senders wait and loses nothing", "[net][packets]") {
  net::PacketServerOptions options;
  options.queue_bytes_max = 64 << 10;
  PacketFixture f(options);
  std::string text;
  for (int i = 0; text.size() < (16u << 20); ++i) text += "line " + std::to_string(i) + "\n";
  std::thread thread([&] {
    RawSocket sender = f.connect();
    (void)sender.send(text);
  });
  const bool came = f.comes(text);
  thread.join();
  CHECK(came);
}

TEST_CASE("a sender without line breaks costs one line", "[net][packets]") {
  net::PacketServerOptions options;
  options.line_bytes_max = 1024;
  PacketFixture f(options);
  RawSocket sender = f.connect();
  REQUIRE(sender.send(std::string(1 << 20, 'x')));
  REQUIRE(sender.send("\ngood 1\n"));
  CHECK(f.comes("good 1\n"));
  CHECK(f.metric("narthex_ingest_overlong_lines_total") == 1);
}

TEST_CASE("one connection too many is closed, the others stay", "[net][packets]") {
  net::PacketServerOptions options;
  options.connections_max = 2;
  PacketFixture f(options);
  RawSocket first = f.connect(), second = f.connect();
  REQUIRE(first.send("1\n"));
  REQUIRE(f.comes("1\n"));
  REQUIRE(second.send("2\n"));
  REQUIRE(f.comes("1\n2\n"));
  RawSocket third = f.connect();
  CHECK(PacketFixture::closes(third));
  REQUIRE(first.send("3\n"));
  CHECK(f.comes("1\n2\n3\n"));
  CHECK(f.metric("narthex_ingest_refused_connections_total") == 1);
}

TEST_CASE("an idle connection is closed, and its unfinished line is no line", "[net][packets]") {
  net::PacketServerOptions options;
  options.idle_timeout_ms = 100;
  PacketFixture f(options);
  RawSocket sender = f.connect();
  REQUIRE(sender.send("whole 1\ncut 12"));
  CHECK(PacketFixture::closes(sender));
  CHECK(f.comes("whole 1\n"));
  CHECK(f.metric("narthex_ingest_idle_connections_total") == 1);
  CHECK(f.metric("narthex_ingest_cut_lines_total") == 1);
}

TEST_CASE("a connection that is reset loses its unfinished line only", "[net][packets]") {
  PacketFixture f;
  {
    RawSocket sender = f.connect();
    REQUIRE(sender.send("whole 1\n"));
    REQUIRE(f.comes("whole 1\n"));
    REQUIRE(sender.send("cut 12"));
    sender.reset_on_close();
  }
  RawSocket other = f.connect();
  REQUIRE(other.send("other 2\n"));
  CHECK(f.comes("whole 1\nother 2\n"));
}

TEST_CASE("what was sent before the stop is there after it", "[net][packets]") {
  net::PacketServerOptions options;
  options.queue_bytes_max = 1;  // after the first packet nothing is read any more
  PacketFixture f(options);
  RawSocket sender = f.connect(), done = f.connect(), packets = f.datagrams();
  REQUIRE(sender.send("1\n"));
  {
    std::unique_lock lock(f.mutex);
    REQUIRE(f.woken.wait_for(lock, std::chrono::seconds(10), [&] { return f.wakes == 1; }));
  }
  REQUIRE(sender.send("2\n3\ncut"));
  REQUIRE(done.send("4\nlast"));
  done.close();
  REQUIRE(packets.send("5"));
  f.server.stop(f.deadline());
  f.take();
  CHECK(f.all == "1\n2\n3\n4\nlast5");
  CHECK(f.metric("narthex_ingest_cut_lines_total") == 1);
  CHECK_THROWS(f.connect());
}

TEST_CASE("an address that is taken or wrong is told", "[net][packets]") {
  PacketFixture f;
  const auto start = [&](const std::string& listen) {
    net::PacketServerOptions options;
    options.listen = listen;
    net::PacketServer other(options, "other", f.executor, f.registry, [] {});
    return other.start().message();
  };
  CHECK_THAT(start(f.server.address()), Catch::Contains("cannot listen on " + f.server.address()));
  CHECK(start("nowhere") == "listen address without a port: nowhere");
  CHECK(start("127.0.0.1:99999") == "listen address without a valid port: 127.0.0.1:99999");
  CHECK(start("host.example:1") == "listen address is not an IP address: host.example:1");
}

}  // namespace
}  // namespace narthex::tests
