// SPDX-License-Identifier: Apache-2.0
// gateway_fixture.hpp - the pushgateway receiver over the memory backend without sockets: request()
// does what the ingest room does, tick() what its timer does. One thread.
#pragma once

#include "ingest/append_service.hpp"
#include "ingest/exchange.hpp"
#include "plugins/ingest/pushgateway/push_gateway.hpp"
#include "storage/memory/memory_storage.hpp"
#include "store/store.hpp"
#include "tests/support/direct_instance.hpp"
#include "tests/support/stored_texts.hpp"
#include "tests/support/temporary_folder.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::test {

class GatewayFixture {
 public:
  // `config` outlives the fixture. `folder` stands for the data directory of the instance.
  explicit GatewayFixture(const std::string& folder, const nx_value* config = nullptr)
      : storage_(
            DirectInstance::make(*sdk::Storage<storage::memory::MemoryStorage>::component(), host)),
        store_(storage_),
        config_(config) {
    folder_path() = folder;
    host.offer(NX_EXT_APPEND, &ingest::append_service());
    static const nx_ext_folder kFolder = {sizeof(nx_ext_folder), 0, &give_folder};
    static const nx_ext_tasks kTasks = {sizeof(nx_ext_tasks), 0,           nullptr,
                                        &start_timer,         &stop_timer, nullptr};
    host.offer(NX_EXT_FOLDER, &kFolder);
    host.offer(NX_EXT_TASKS, &kTasks);
    grant_ = std::make_unique<ingest::AppendGrant>(host.raw(), store_);
    start();
  }

  // A new process with the same disk.
  void restart() {
    receiver_.reset();
    start();
  }
  void start() {
    receiver_ = DirectInstance::make(*sdk::Ingest<ingest::pushgateway::PushGateway>::component(),
                                     host, config_);
  }

  net::Response request(std::string_view method, std::string_view key, std::string body = {},
                        net::Params headers = {}) {
    using Gateway = ingest::pushgateway::PushGateway;
    const std::uint32_t id = method == "PUT"    ? Gateway::kPut
                             : method == "POST" ? Gateway::kPost
                                                : Gateway::kDelete;
    return call(id, method, {{"key", std::string(key)}}, std::move(body), std::move(headers));
  }
  net::Response put(std::string_view key, std::string body, net::Params headers = {}) {
    return request("PUT", key, std::move(body), std::move(headers));
  }
  net::Response get(std::uint32_t route_id, net::Params headers = {}) {
    return call(route_id, "GET", {}, {}, std::move(headers));
  }
  net::Response wipe() { return call(ingest::pushgateway::PushGateway::kWipe, "PUT", {}, {}, {}); }

  // The exposition without the families of push times.
  std::string exposed() {
    const std::string all = get(ingest::pushgateway::PushGateway::kExposition).body;
    std::string out;
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t end = all.find('\n', at) + 1;
      const std::string line = all.substr(at, end - at);
      if (line.find("push_time_seconds") == std::string::npos &&
          line.find("push_failure_time_seconds") == std::string::npos) {
        out += line;
      }
      at = end;
    }
    return out;
  }

  // What the timer does.
  void tick() { static_cast<ingest::pushgateway::PushGateway*>(receiver_->self())->tick(); }

  std::map<std::string, std::string> stored() { return stored_texts(store_); }

  FakeHost host;

 private:
  static std::string& folder_path() {
    static std::string path;
    return path;
  }
  static nx_status NX_CALL give_folder(const nx_host*, nx_value_sink sink, void* ctx, nx_error*) {
    nx_value value{};
    value.type = NX_STRING;
    value.len = static_cast<std::uint32_t>(folder_path().size());
    value.u.s = folder_path().data();
    sink(ctx, &value);
    return NX_OK;
  }
  static nx_status NX_CALL start_timer(const nx_host*, std::int32_t, std::uint64_t, std::uint64_t,
                                       nx_task_fn, void*, nx_timer** out) {
    *out = nullptr;
    return NX_OK;
  }
  static void NX_CALL stop_timer(const nx_host*, nx_timer*) {}

  net::Response call(std::uint32_t id, std::string_view method, net::Params path_params,
                     std::string body, net::Params headers) {
    net::Request request;
    request.method = method;
    request.path_params = std::move(path_params);
    request.headers = std::move(headers);
    request.body = make_buffer(std::move(body));
    ingest::SampleAppender appender(store_, "test");
    const ingest::PluginRequest in(request, id, body_max_bytes, appender.handle());
    ingest::PluginReply reply;
    const auto* table = static_cast<const nx_ingest*>(receiver_->table(NX_INGEST_ID));
    sdk::ErrorSlot err;
    const nx_status code = table->handle(receiver_->self(), &in.raw(), reply.raw(), &err);
    return reply.finish(code == NX_OK ? Status()
                                      : Status(code, std::string(err.text, err.text_len)));
  }

 public:
  std::uint64_t body_max_bytes = std::uint64_t{32} << 20;

 private:
  std::shared_ptr<DirectInstance> storage_;
  store::Store store_;
  const nx_value* const config_;
  std::unique_ptr<ingest::AppendGrant> grant_;
  std::shared_ptr<DirectInstance> receiver_;
};

}  // namespace narthex::test
