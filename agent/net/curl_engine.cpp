// SPDX-License-Identifier: Apache-2.0
#include "net/curl_engine.hpp"

#include "net/curl_transfer.hpp"
#include "net/failure_text.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

namespace narthex::net {
namespace {

constexpr int kPollMs = 1000;
constexpr std::size_t kStackBytes = 512 << 10;
constexpr long kConnectionsKept = 2000;

bool is_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

// "+host:port:a,b": known to libcurl's cache until that expires by itself.
std::string resolve_line(const Hop& hop, const Resolver::Addresses& addresses) {
  std::string line = "+" + hop.url.host + ":" + std::to_string(hop.url.port) + ":";
  for (const auto& address : addresses) {
    if (line.back() != ':') line += ",";
    line += address.to_string();
  }
  return line;
}

// The unix sockets of this process that a program started here would inherit; no stdin and such.
std::set<int> inherited_sockets() {
  std::set<int> found;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", failed)) {
    const int descriptor = std::atoi(entry.path().filename().c_str());
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    const int flags = ::fcntl(descriptor, F_GETFD);
    if (descriptor <= STDERR_FILENO || flags < 0 || (flags & FD_CLOEXEC) != 0) continue;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) continue;
    if (name.ss_family == AF_UNIX) found.insert(descriptor);
  }
  return found;
}

// libcurl wakes itself over a socket pair that it shows to nobody, and that exec does not close.
CURLM* make_multi(const CurlLibrary& curl) {
  const std::set<int> before = inherited_sockets();
  CURLM* const multi = curl.multi_init();
  for (const int descriptor : inherited_sockets()) {
    if (!before.contains(descriptor)) ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  }
  return multi;
}

}  // namespace

Result<std::shared_ptr<CurlEngine>> CurlEngine::make(const runtime::Clock& clock,
                                                     std::shared_ptr<Resolver> resolver,
                                                     OnStrand on_strand) {
  auto curl = CurlLibrary::load();
  if (!curl.ok()) return curl.status();
  return std::shared_ptr<CurlEngine>(
      new CurlEngine(*curl, clock, std::move(resolver), std::move(on_strand)));
}

CurlEngine::CurlEngine(CurlLibrary curl, const runtime::Clock& clock,
                       std::shared_ptr<Resolver> resolver, OnStrand on_strand)
    : curl_(curl),
      clock_(clock),
      resolver_(std::move(resolver)),
      on_strand_(std::move(on_strand)),
      multi_(make_multi(curl_)) {
  curl_.multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kConnectionsKept);
}

CurlEngine::~CurlEngine() {
  close();
  curl_.multi_cleanup(multi_);
}

std::shared_ptr<HopInFlight> CurlEngine::start(Hop hop, HopDone done) {
  auto transfer =
      std::make_shared<CurlTransfer>(weak_from_this(), curl_, std::move(hop), std::move(done));
  const Hop& asked = transfer->hop();
  if (!asked.proxy.url.empty() || is_address(asked.url.host)) {
    enqueue(transfer);
    return transfer;
  }
  resolver_->resolve(asked.url.host, [self = shared_from_this(),
                                      transfer](const Result<Resolver::Addresses>& addresses) {
    if (!addresses.ok()) {
      if (const HopDone done_now = transfer->take_done(); done_now && !transfer->abandoned()) {
        HopOutcome outcome;
        outcome.failure = addresses.status();
        done_now(std::move(outcome));
      }
      return;
    }
    transfer->set_addresses(resolve_line(transfer->hop(), *addresses));
    self->enqueue(transfer);
  });
  return transfer;
}

void CurlEngine::enqueue(std::shared_ptr<CurlTransfer> transfer) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  queue_.push_back(std::move(transfer));
  if (!thread_) {
    thread_ = runtime::Thread::start({"net-curl", kStackBytes, NX_THREAD_IO}, [this] { run(); });
  }
  work_.notify_one();
  curl_.multi_wakeup(multi_);
}

void CurlEngine::wake() { curl_.multi_wakeup(multi_); }

void CurlEngine::close() {
  runtime::Thread thread;  // joins after the lock
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    thread = std::move(thread_);
    work_.notify_one();
  }
  curl_.multi_wakeup(multi_);
}

void CurlEngine::run() {
  while (wait_for_work()) {
    begin_new();
    end_abandoned();
    int running = 0;
    curl_.multi_perform(multi_, &running);
    collect_finished();
    if (!running_.empty()) curl_.multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
  }
  fail_all();
}

// False when the engine closes. Sleeps without a time while there is nothing in flight.
bool CurlEngine::wait_for_work() {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [this] { return closed_ || !queue_.empty() || !running_.empty(); });
  return !closed_;
}

void CurlEngine::begin_new() {
  std::vector<std::shared_ptr<CurlTransfer>> fresh;
  {
    const std::lock_guard lock(mutex_);
    fresh.swap(queue_);
  }
  for (auto& transfer : fresh) {
    if (transfer->abandoned()) continue;
    CURL* handle = transfer->prepare(clock_.mono_ns());
    if (handle == nullptr) continue;
    running_.emplace(handle, transfer);
    if (curl_.multi_add_handle(multi_, handle) != CURLM_OK) finish(handle, CURLE_FAILED_INIT);
  }
}

void CurlEngine::end_abandoned() {
  std::vector<CURL*> gone;
  for (const auto& [handle, transfer] : running_) {
    if (transfer->abandoned()) gone.push_back(handle);
  }
  for (CURL* handle : gone) {
    curl_.multi_remove_handle(multi_, handle);
    running_.erase(handle);
  }
}

void CurlEngine::collect_finished() {
  int left = 0;
  while (CURLMsg* message = curl_.multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
  }
}

void CurlEngine::finish(CURL* handle, CURLcode code) {
  const auto at = running_.find(handle);
  if (at == running_.end()) return;
  const std::shared_ptr<CurlTransfer> transfer = at->second;
  auto outcome = std::make_shared<HopOutcome>(transfer->outcome(code));
  curl_.multi_remove_handle(multi_, handle);
  running_.erase(at);
  on_strand_([transfer, outcome] {
    const HopDone done = transfer->take_done();
    if (done && !transfer->abandoned()) done(std::move(*outcome));
  });
}

void CurlEngine::fail_all() {
  std::vector<std::shared_ptr<CurlTransfer>> all;
  for (const auto& [handle, transfer] : running_) {
    curl_.multi_remove_handle(multi_, handle);
    all.push_back(transfer);
  }
  running_.clear();
  {
    const std::lock_guard lock(mutex_);
    all.insert(all.end(), queue_.begin(), queue_.end());
    queue_.clear();
  }
  for (const auto& transfer : all) {
    on_strand_([transfer] {
      HopOutcome outcome;
      outcome.failure = cancelled_failure();
      const HopDone done = transfer->take_done();
      if (done && !transfer->abandoned()) done(std::move(outcome));
    });
  }
}

}  // namespace narthex::net
