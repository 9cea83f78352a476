// SPDX-License-Identifier: Apache-2.0
#include "web_config_watch.hpp"

#include "config/web_section.hpp"

#include <sys/stat.h>

#include <utility>
#include <vector>

namespace narthex {

namespace {

constexpr std::int64_t kIntervalMs = 1000;

}  // namespace

void WebConfigWatch::follow(std::string file) {
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
  stamp_ = {};  // what changed since the file was read is seen at the first look
  timer_.cancel();
  if (!file_.empty() && !stopped_) wait();
}

void WebConfigWatch::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  timer_.cancel();
}

void WebConfigWatch::wait() {
  timer_ = executor_.after(kIntervalMs, runtime::Pool::kWorker, [this] { look(); });
}

void WebConfigWatch::look() {
  const std::lock_guard lock(mutex_);
  if (stopped_ || file_.empty()) return;
  wait();
  struct stat about {};
  if (stat(file_.c_str(), &about) != 0) about = {};
  const decltype(stamp_) stamp = {
      std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec, about.st_size,
      about.st_ino};
  if (stamp == stamp_) return;
  stamp_ = stamp;
  net::WebOptions web;
  std::vector<document::Finding> findings, warnings;
  Status status;
  if (!config::load_web_file(file_, web, findings, warnings)) {
    status = invalid_config(document::render(findings));
  } else {
    status = server_.set_web(web);
  }
  if (status.ok()) return;
  log_.error("the web configuration cannot be used, the last good one stays",
             {{"err", status.message()}});
}

}  // namespace narthex
