// SPDX-License-Identifier: Apache-2.0
#include "runtime/control_socket.hpp"
#include "support/temporary_folder.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

namespace narthex::runtime {
namespace {

struct ControlFixture {
  ControlFixture() : executor(ExecutorOptions{1, 8, 1}) {}
  ~ControlFixture() {
    socket.reset();
    executor.stop();
  }
  void open(ControlSocket::Handler handler) {
    auto opened = ControlSocket::open(executor, data, std::move(handler));
    INFO(opened.status().message());
    REQUIRE(opened.ok());
    socket = *std::move(opened);
  }

  test::TemporaryFolder folder;
  // Longer than an address of a Unix socket can be.
  const std::string data = [this] {
    const std::string path = folder.path() + "/" + std::string(150, 'd');
    mkdir(path.c_str(), 0700);
    return path;
  }();
  AsioExecutor executor;
  std::unique_ptr<ControlSocket> socket;
};

Result<std::string> echo(std::string_view command) {
  if (command == "bad") return invalid_config("line one\nline two");
  return "said " + std::string(command);
}

}  // namespace

TEST_CASE("a command is answered, whatever the length of the path", "[runtime]") {
  ControlFixture f;
  f.open(echo);
  CHECK(ask_agent(f.data, "hello", 5000).value_or("") == "said hello");
  const auto bad = ask_agent(f.data, "bad", 5000);
  CHECK(bad.status().message() == "line one\nline two");
  CHECK(bad.status().code() != NX_ERR_UNAVAILABLE);
}

TEST_CASE("nothing is left in the data directory, and every path to it leads to its agent",
          "[runtime]") {
  ControlFixture f;
  f.open(echo);
  CHECK(std::filesystem::is_empty(f.data));
  CHECK(ask_agent(f.data + "/.", "x", 5000).ok());
}

TEST_CASE("without an agent there is none", "[runtime]") {
  ControlFixture f;
  CHECK(ask_agent(f.data, "hello", 5000).status().code() == NX_ERR_UNAVAILABLE);
  CHECK(ask_agent(f.data + "/none", "hello", 5000).status().code() == NX_ERR_UNAVAILABLE);
  f.open(echo);
  CHECK(ask_agent(f.data, "x", 5000).ok());
  f.socket.reset();
  CHECK(ask_agent(f.data, "x", 5000).status().code() == NX_ERR_UNAVAILABLE);
}

TEST_CASE("commands run one at a time", "[runtime]") {
  ControlFixture f;
  std::atomic<int> inside{0}, most{0};
  f.open([&](std::string_view) -> Result<std::string> {
    const int now = ++inside;
    if (now > most) most = now;
    std::this_thread::yield();
    --inside;
    return std::string("done");
  });
  std::vector<std::thread> clients;
  std::atomic<int> done{0};
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([&] { done += ask_agent(f.data, "x", 5000).ok() ? 1 : 0; });
  }
  for (std::thread& client : clients) client.join();
  CHECK(done == 6);
  CHECK(most == 1);
}

}  // namespace narthex::runtime
