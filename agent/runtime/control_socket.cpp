// SPDX-License-Identifier: Apache-2.0
#include "runtime/control_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

namespace narthex::runtime {
namespace {

constexpr std::size_t kLineMax = 4096;
constexpr int kClientsMax = 8;
constexpr int kLineTimeMs = 10'000;

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// Of the folder, whatever path leads to it.
struct Address {
  sockaddr_un raw{};
  socklen_t size = 0;
  uid_t owner = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&raw); }
};

// False, with errno: there is no such folder.
bool find_address(const std::string& data_dir, Address& out) {
  struct stat folder {};
  if (stat(data_dir.c_str(), &folder) != 0) return false;
  if (!S_ISDIR(folder.st_mode)) return errno = ENOTDIR, false;
  out.raw.sun_family = AF_UNIX;
  // The byte before the name is 0: the name is abstract, there is no file.
  const int size =
      std::snprintf(out.raw.sun_path + 1, sizeof out.raw.sun_path - 1, "narthex-control/%jx-%jx",
                    std::uintmax_t{folder.st_dev}, std::uintmax_t{folder.st_ino});
  out.size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1) + static_cast<socklen_t>(size);
  out.owner = folder.st_uid;
  return true;
}

// Who is at the other end: abstract names have no mode that would keep others away.
bool is_one_of(int descriptor, uid_t a, uid_t b) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == a || peer.uid == b;
}

Status failed(const std::string& what, const std::string& data_dir) {
  return unavailable(what + " in " + data_dir + ": " + std::strerror(errno));
}

bool wait_for(int descriptor, short events, int timeout_ms) {
  pollfd one{descriptor, events, 0};
  int result = 0;
  do {
    result = poll(&one, 1, timeout_ms);
  } while (result < 0 && errno == EINTR);
  return result > 0;
}

bool send_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN && wait_for(descriptor, POLLOUT, kLineTimeMs)) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string read_line(int descriptor) {
  std::string line;
  char piece[512];
  while (line.find('\n') == std::string::npos && line.size() < kLineMax &&
         wait_for(descriptor, POLLIN, kLineTimeMs)) {
    const ssize_t got = recv(descriptor, piece, sizeof piece, 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) break;
    line.append(piece, static_cast<std::size_t>(got));
  }
  const std::size_t end = line.find('\n');
  return end == std::string::npos ? std::string() : line.substr(0, end);
}

}  // namespace

// The listening socket is touched on the strand only.
class ControlSocket::State : public std::enable_shared_from_this<ControlSocket::State> {
 public:
  State(AsioExecutor& executor, Descriptor listener, Handler handler)
      : executor_(executor),
        strand_(boost::asio::make_strand(executor.io_context())),
        listener_(strand_, listener.release()),
        handler_(std::move(handler)) {}

  void wait() {
    boost::asio::post(strand_, [self = shared_from_this()] {
      if (!self->listener_.is_open()) return;
      self->listener_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                 [self](const boost::system::error_code& error) {
                                   if (!error) self->accept_one();
                                 });
    });
  }

  void close() {
    closed_ = true;
    boost::asio::post(strand_, [self = shared_from_this()] {
      boost::system::error_code ignored;
      self->listener_.close(ignored);
    });
    const std::lock_guard no_handler(handler_mutex_);
  }

 private:
  void accept_one() {
    const auto held = std::make_shared<Descriptor>(
        accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (held->get() >= 0 && clients_ < kClientsMax &&
        is_one_of(held->get(), geteuid(), geteuid())) {
      ++clients_;
      executor_.post(Pool::kWorker,
                     [self = shared_from_this(), held] { self->serve(held->get()); });
    }
    wait();
  }

  void serve(int client) {
    const std::string line = read_line(client);
    if (!line.empty()) {
      const std::lock_guard one(handler_mutex_);
      if (!closed_) {
        Result<std::string> answer = handler_(line);
        send_all(client, answer.ok() ? "ok " + *answer : "error " + answer.status().message());
      }
    }
    --clients_;
  }

  AsioExecutor& executor_;
  const boost::asio::strand<boost::asio::io_context::executor_type> strand_;
  boost::asio::posix::basic_stream_descriptor<
      boost::asio::strand<boost::asio::io_context::executor_type>>
      listener_;
  const Handler handler_;
  std::atomic<bool> closed_{false};
  std::atomic<int> clients_{0};  // grows on the strand
  std::mutex handler_mutex_;     // held while a handler runs
};

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(AsioExecutor& executor,
                                                           const std::string& data_dir,
                                                           Handler handler) {
  Address address;
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listener.get() < 0 || !find_address(data_dir, address) ||
      bind(listener.get(), address.get(), address.size) != 0 ||
      listen(listener.get(), kClientsMax) != 0) {
    return failed("cannot open the control socket of the agent", data_dir);
  }
  auto state = std::make_shared<State>(executor, std::move(listener), std::move(handler));
  state->wait();
  return std::unique_ptr<ControlSocket>(new ControlSocket(std::move(state)));
}

ControlSocket::~ControlSocket() { state_->close(); }

Result<std::string> ask_agent(const std::string& data_dir, std::string_view command,
                              std::int64_t timeout_ms) {
  Address address;
  const Descriptor agent(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (agent.get() < 0 || !find_address(data_dir, address) ||
      connect(agent.get(), address.get(), address.size) != 0) {
    return failed("no running agent", data_dir);
  }
  // Anybody could have taken the name of an agent that does not run.
  if (!is_one_of(agent.get(), geteuid(), address.owner)) {
    return unavailable("who answers for " + data_dir + " is not its owner");
  }
  if (!send_all(agent.get(), std::string(command) + "\n")) {
    return failed("the agent does not listen", data_dir);
  }
  std::string answer;
  char piece[4096];
  for (;;) {
    if (!wait_for(agent.get(), POLLIN, static_cast<int>(timeout_ms))) {
      return Status(NX_ERR_DEADLINE, "the agent in " + data_dir + " did not answer in time");
    }
    const ssize_t got = recv(agent.get(), piece, sizeof piece, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    answer.append(piece, static_cast<std::size_t>(got));
  }
  if (answer.starts_with("ok ")) return answer.substr(3);
  if (answer.starts_with("error ")) return invalid_argument(answer.substr(6));
  return unavailable("the agent in " + data_dir + " broke off");
}

}  // namespace narthex::runtime
