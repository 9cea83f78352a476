// SPDX-License-Identifier: Apache-2.0
// otlp_fixture.hpp - the OTLP receiver over the memory backend without sockets: post() does what
// the ingest room does for a request. One thread.
#pragma once

#include "ingest/append_service.hpp"
#include "ingest/exchange.hpp"
#include "plugins/ingest/otlp/otlp.hpp"
#include "storage/memory/memory_storage.hpp"
#include "store/store.hpp"
#include "tests/support/direct_instance.hpp"
#include "tests/support/stored_texts.hpp"
#include "tests/support/text_service.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace narthex::test {

class OtlpFixture {
 public:
  // The options as JSON.
  explicit OtlpFixture(std::string_view options = "{}")
      : storage_(
            DirectInstance::make(*sdk::Storage<storage::memory::MemoryStorage>::component(), host)),
        store_(storage_) {
    host.offer(NX_EXT_APPEND, &ingest::append_service());
    host.offer(NX_EXT_TEXT, &kTextService);
    const Status parsed =
        sdk::parse_text(host.host(), NX_TEXT_JSON, "options", options,
                        [&](sdk::Value tree) { config_ = arena_.clone(*tree.raw()); });
    if (!parsed.ok()) throw sdk::Error(parsed);
    receiver_ = DirectInstance::make(*sdk::Ingest<ingest::otlp::Otlp>::component(), host, &config_);
  }

  net::Response json(std::string body) { return post(std::move(body), "application/json"); }
  net::Response protobuf(std::string body) {
    return post(std::move(body), "application/x-protobuf");
  }
  net::Response post(std::string body, std::string content_type) {
    net::Request request;
    request.method = "POST";
    request.headers = {{"content-type", std::move(content_type)}};
    request.body = make_buffer(std::move(body));
    ingest::SampleAppender appender(store_, "test");
    const ingest::PluginRequest in(request, 0, std::uint64_t{32} << 20, appender.handle());
    ingest::PluginReply reply;
    const auto* table = static_cast<const nx_ingest*>(receiver_->table(NX_INGEST_ID));
    sdk::ErrorSlot err;
    const nx_status code = table->handle(receiver_->self(), &in.raw(), reply.raw(), &err);
    Status outcome = code == NX_OK ? Status() : Status(code, std::string(err.text, err.text_len));
    nx_append_result result{};
    result.struct_size = sizeof result;
    if (code == NX_OK || code == NX_PARTIAL) {
      const Status committed = appender.commit(result);
      if (!committed.ok()) outcome = committed;
    }
    return reply.finish(outcome);
  }
  // One metric of a resource with service.name "s" and service.instance.id "i".
  net::Response metric(std::string_view metric) {
    return json(
        "{\"resourceMetrics\":[{\"resource\":{\"attributes\":["
        "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"s\"}},"
        "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"i\"}}]},"
        "\"scopeMetrics\":[{\"metrics\":[" +
        std::string(metric) + "]}]}]}");
  }

  std::map<std::string, std::string> stored() { return stored_texts(store_); }
  store::Store& store() { return store_; }

  FakeHost host;

 private:
  std::shared_ptr<DirectInstance> storage_;
  store::Store store_;
  sdk::TreeArena arena_;
  nx_value config_{};
  std::shared_ptr<DirectInstance> receiver_;
};

}  // namespace narthex::test
