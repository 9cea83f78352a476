// SPDX-License-Identifier: Apache-2.0
#include "net/httplib_dispatch.hpp"

#include "net/target.hpp"

#include <httplib.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

// process_request() and what it does with a Stream changed in later releases: read
// agent/net/README.md before moving to one.
static_assert(std::string_view(CPPHTTPLIB_VERSION).starts_with("0.11."));

namespace narthex::net {
namespace {

// Hands out the bytes of a head and keeps the status of what cpp-httplib answers by itself.
class HeadStream final : public httplib::Stream {
 public:
  explicit HeadStream(std::string head) : head_(std::move(head)) {}
  int answered_status() const { return status_; }

  bool is_readable() const override { return offset_ < head_.size(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* into, std::size_t size) override {
    size = std::min(size, head_.size() - offset_);
    head_.copy(into, size, offset_);
    offset_ += size;
    return static_cast<ssize_t>(size);
  }
  ssize_t write(const char* bytes, std::size_t size) override {
    const std::string_view text(bytes, size);
    if (status_ == 0 && text.starts_with("HTTP/1.1 ") && size >= 12) {
      status_ = std::atoi(std::string(text.substr(9, 3)).c_str());
    }
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return -1; }

 private:
  const std::string head_;
  std::size_t offset_ = 0;
  int status_ = 0;
};

// Opens process_request(), which is protected. Making one costs a system call and a dozen
// allocations, so each thread keeps its own.
class Processor : public httplib::Server {
 public:
  Processor() {
    // Before routing and before any body is read: its regular expressions and its body limits have
    // no part in this.
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response&) {
      dispatched_ = true;
      (*dispatch_)();
      return httplib::Server::HandlerResponse::Handled;
    });
  }
  // Whether it came to dispatching.
  bool process(httplib::Stream& stream, const std::function<void()>& dispatch) {
    const std::function<void()>* const outer = std::exchange(dispatch_, &dispatch);
    dispatched_ = false;
    bool closed = false;
    process_request(stream, true, closed, nullptr);
    dispatch_ = outer;
    return dispatched_;
  }

 private:
  const std::function<void()>* dispatch_ = nullptr;
  bool dispatched_ = false;
};

// Only what dispatching needs: cpp-httplib 0.11 would percent-decode header values, refuse a line
// over 8 KiB, a second '?' and any Range it dislikes.
std::string canonical_head(const RequestHead& head) {
  std::string text = head.method;
  text.append(" ").append(split_target(head.target).path);
  text.append(" HTTP/1.1\r\nHost: front\r\n\r\n");
  return text;
}

}  // namespace

int dispatch_by_httplib(const RequestHead& head, const std::function<void()>& dispatch) {
  HeadStream stream(canonical_head(head));
  thread_local Processor processor;
  if (processor.process(stream, dispatch)) return 0;
  return stream.answered_status() != 0 ? stream.answered_status() : 400;
}

}  // namespace narthex::net
