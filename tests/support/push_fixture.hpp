// SPDX-License-Identifier: Apache-2.0
// push_fixture.hpp - an ingest plugin over the memory backend without sockets: post() does what the
// ingest room does for a request, send() and flush() what it does for packets, series() says what
// is stored. One thread.
#pragma once

#include "ingest/append_service.hpp"
#include "ingest/exchange.hpp"
#include "storage/memory/memory_storage.hpp"
#include "store/store.hpp"
#include "tests/support/direct_instance.hpp"

#include <narthex/sdk/ingest.hpp>
#include <narthex/sdk/number.hpp>

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::test {

template <class T>
struct PushFixture {
  // `config`: the plugin's options as they are, without the schema's defaults.
  explicit PushFixture(const nx_value* config = nullptr)
      : storage(DirectInstance::make(*sdk::Storage<storage::memory::MemoryStorage>::component(),
                                     host)) {
    host.offer(NX_EXT_APPEND, &ingest::append_service());
    receiver = DirectInstance::make(*sdk::Ingest<T>::component(), host, config);
  }

  net::Response post(std::uint32_t route, std::string body, net::Params query = {},
                     net::Params path = {}) {
    net::Request request;
    request.method = "POST";
    request.query = std::move(query);
    request.path_params = std::move(path);
    request.body = make_buffer(std::move(body));
    request.received_ms = host.now_ms;
    ingest::SampleAppender appender(store, "test");
    const ingest::PluginRequest in(request, route, std::uint64_t{32} << 20, appender.handle());
    ingest::PluginReply reply;
    const auto* table = static_cast<const nx_ingest*>(receiver->table(NX_INGEST_ID));
    const Status outcome = finish(appender, [&](nx_error* err) {
      return table->handle(receiver->self(), &in.raw(), reply.raw(), err);
    });
    return reply.finish(outcome);
  }

  Status send(const std::vector<std::string>& packets) {
    std::vector<nx_bytes> bytes;
    for (const std::string& packet : packets) bytes.push_back(to_nx_bytes(packet));
    const std::vector<nx_str> peers(packets.size(), to_nx("127.0.0.1:1"));
    ingest::SampleAppender appender(store, "test");
    return finish(appender, [&](nx_error* err) {
      return datagrams()->packets(receiver->self(), bytes.data(), peers.data(),
                                  static_cast<std::uint32_t>(bytes.size()), appender.handle(), err);
    });
  }
  Status flush() {
    ingest::SampleAppender appender(store, "test");
    return finish(appender, [&](nx_error* err) {
      return datagrams()->flush(receiver->self(), appender.handle(), err);
    });
  }

  // `name{label="value",...}` -> "value @milliseconds value @milliseconds ...", from the test's
  // clock: "1 @0" is 1 at the present.
  std::map<std::string, std::string> series() {
    std::map<std::string, std::string> found;
    Result<store::Querier> querier = store.open(INT64_MIN, INT64_MAX);
    if (!querier.ok()) throw sdk::Error(querier.status());
    nx_scan_opts opts{};
    opts.mint = INT64_MIN;
    opts.maxt = INT64_MAX;
    Result<store::Cursor> cursor = querier->select({}, opts);
    if (!cursor.ok()) throw sdk::Error(cursor.status());
    while (cursor->next()) {
      const nx_block& block = cursor->block();
      for (std::uint32_t s = 0; s < block.series_count; ++s) {
        std::string& text = found[name_of(*block.labels, s)];
        for (std::uint32_t k = block.row0[s]; k < block.row1[s]; ++k) {
          const std::uint64_t at = block.off[s] + k;
          const bool shared = (block.flags & NX_BLOCK_SHARED_T) != 0;
          if (!text.empty()) text += ' ';
          sdk::append_number(text, block.v[at]);
          text += " @" + std::to_string(block.t[shared ? k : at] - origin_ms);
        }
      }
    }
    if (!cursor->status().ok()) throw sdk::Error(cursor->status());
    return found;
  }

  // `family type help` of each family.
  std::vector<std::string> metadata() {
    std::vector<std::string> out;
    Result<store::Querier> querier = store.open(INT64_MIN, INT64_MAX);
    if (!querier.ok()) throw sdk::Error(querier.status());
    const Status status = querier->metadata("", 0, [&](std::span<const nx_metadata> items) {
      for (const nx_metadata& m : items) {
        out.push_back(std::string(view(m.family)) + ' ' + std::to_string(m.type) + ' ' +
                      std::string(view(m.help)));
      }
    });
    if (!status.ok()) throw sdk::Error(status);
    return out;
  }

  FakeHost host;
  std::shared_ptr<DirectInstance> storage;
  store::Store store{storage};
  std::shared_ptr<DirectInstance> receiver;
  const std::int64_t origin_ms = host.now_ms;

 private:
  const nx_ingest_datagram* datagrams() const {
    return static_cast<const nx_ingest_datagram*>(receiver->table(NX_INGEST_DATAGRAM_ID));
  }
  template <class Call>
  static Status finish(ingest::SampleAppender& appender, Call&& call) {
    sdk::ErrorSlot err;
    const nx_status code = call(&err);
    Status outcome = code == NX_OK
                         ? Status()
                         : Status(code, std::string(err.text, err.text_len), err.retry_after_ms);
    if (code != NX_OK && code != NX_PARTIAL) return outcome;
    nx_append_result result{};
    result.struct_size = sizeof result;
    const Status committed = appender.commit(result);
    return committed.ok() ? outcome : committed;
  }
  static std::string name_of(const nx_series_table& table, std::uint32_t s) {
    std::string name, labels;
    for (std::uint32_t p = table.label_off[s]; p < table.label_off[s + 1]; ++p) {
      const std::string_view label = view(table.symbols[table.label_ref[2 * p]]);
      const std::string_view value = view(table.symbols[table.label_ref[2 * p + 1]]);
      if (label == kMetricName) {
        name = value;
      } else {
        labels +=
            (labels.empty() ? "" : ",") + std::string(label) + "=\"" + std::string(value) + '"';
      }
    }
    return labels.empty() ? name : name + '{' + labels + '}';
  }
};

}  // namespace narthex::test
