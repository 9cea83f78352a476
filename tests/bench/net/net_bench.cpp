// SPDX-License-Identifier: Apache-2.0
// What the HTTP server and client cost: idle connections in CPU and memory, latency beside them,
// requests a second, scrapes a second. Prints figures, judges nothing.
#include "net/client.hpp"
#include "net/server.hpp"
#include "unit/net/raw_peer.hpp"

#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>
#include <vector>

using namespace narthex;
using narthex::tests::RawSocket;

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long rss_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return 0;
}

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

constexpr std::string_view kRequest = "GET /q HTTP/1.1\r\nHost: x\r\n\r\n";

// Milliseconds a request took, worst and median of many.
void print_latency(const char* what, int port) {
  std::vector<double> times;
  RawSocket socket = RawSocket::connect(port);
  for (int i = 0; i < 500; ++i) {
    const double begin = now_s();
    socket.send(kRequest);
    socket.receive_answer();
    times.push_back((now_s() - begin) * 1e3);
  }
  std::sort(times.begin(), times.end());
  std::printf("%-44s median %.3f ms, worst %.3f ms\n", what, times[250], times.back());
}

// The clients live in a process of their own, so that only the server is measured.
void idle_connections(int port, int count) {
  int ready[2];
  int leave[2];
  if (pipe(ready) != 0 || pipe(leave) != 0) return;
  const long before = rss_kib();
  const pid_t child = fork();
  if (child == 0) {
    close(leave[1]);
    std::vector<RawSocket> sockets;
    for (int i = 0; i < count; ++i) {
      sockets.push_back(RawSocket::connect(port));
      sockets.back().send(kRequest);
      sockets.back().receive_answer();
    }
    char byte = 'r';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    while (read(leave[0], &byte, 1) > 0) {
    }
    _exit(0);
  }
  char byte = 0;
  if (read(ready[0], &byte, 1) != 1) return;
  const long after = rss_kib();
  const double cpu = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::seconds(3));
  std::printf("%d idle keep-alive connections: %.4f cores, %.0f bytes resident each\n", count,
              (cpu_seconds() - cpu) / 3, static_cast<double>(after - before) * 1024 / count);
  print_latency("a request beside them:", port);
  close(leave[1]);
  waitpid(child, nullptr, 0);
}

void throughput(int port) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  const double begin = now_s();
  const double cpu = cpu_seconds();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([port] {
      RawSocket socket = RawSocket::connect(port);
      for (int i = 0; i < kEach; ++i) {
        socket.send(kRequest);
        socket.receive_answer();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::printf(
      "%d requests over %d connections: %.0f a second, %.1f us CPU each, clients included\n",
      kThreads * kEach, kThreads, kThreads * kEach / (now_s() - begin),
      (cpu_seconds() - cpu) / (kThreads * kEach) * 1e6);
}

// Many fetches in flight, as a round of scrapes.
void scrapes(runtime::AsioExecutor& executor, const std::string& url, bool gzip, int count) {
  net::ClientFactory factory(executor, "bench/1");
  const auto client = *factory.make({});
  for (const bool warm : {false, true}) {
    std::atomic<int> done{0};
    std::atomic<std::uint64_t> bytes{0};
    const double begin = now_s();
    const double cpu = cpu_seconds();
    for (int i = 0; i < count; ++i) {
      net::FetchRequest request;
      request.url = url;
      request.accept_gzip = gzip;
      client->fetch(std::move(request), [&](Result<net::FetchResponse> response) {
        if (response.ok()) bytes += response->body.text().size();
        ++done;
      });
      while (i - done > 64) std::this_thread::yield();
    }
    while (done < count) std::this_thread::yield();
    if (!warm) continue;
    std::printf("%d fetches of %.0f KB%s: %.0f a second, %.1f us CPU each, both sides\n", count,
                static_cast<double>(bytes) / count / 1e3, gzip ? " gzip" : "",
                count / (now_s() - begin), (cpu_seconds() - cpu) / count * 1e6);
  }
}

std::string exposition() {
  std::string text;
  for (int i = 0; i < 800; ++i) {
    text += "node_cpu_seconds_total{cpu=\"" + std::to_string(i % 64) + "\",mode=\"m" +
            std::to_string(i) + "\"} " + std::to_string(i * 1234567 % 9999991) + ".25\n";
  }
  return text;
}

}  // namespace

int main() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  telemetry::Registry registry;
  runtime::AsioExecutor executor(runtime::ExecutorOptions{});
  net::ServerOptions options;
  options.listen = "127.0.0.1:0";
  net::Server server(options, executor, registry);
  const std::string text = exposition();
  const auto add = [&](const char* path, net::Handler handler) {
    net::Route route;
    route.method = "GET";
    route.path = path;
    route.handler = std::move(handler);
    static_cast<void>(server.add(std::move(route)));
  };
  add("/q", [](const net::Request&) { return net::Response::text(200, "1"); });
  add("/metrics", [&](const net::Request&) { return net::Response::text(200, text); });
  if (!server.start().ok()) return 1;
  const int port = tests::port_of(server.address());
  print_latency("a request on a quiet server:", port);
  idle_connections(port, 1000);
  throughput(port);
  scrapes(executor, "http://" + server.address() + "/metrics", false, 4000);
  scrapes(executor, "http://" + server.address() + "/metrics", true, 4000);
  return 0;
}
