// SPDX-License-Identifier: Apache-2.0
// write_fixture.hpp - the remote write receiver over the memory backend without sockets: post()
// does what the ingest room does for a request, read() says what is stored. One thread.
#pragma once

#include "ingest/append_service.hpp"
#include "ingest/exchange.hpp"
#include "plugins/ingest/remote_write/remote_write.hpp"
#include "storage/memory/memory_storage.hpp"
#include "store/store.hpp"
#include "tests/support/direct_instance.hpp"
#include "tests/support/write_message.hpp"

#include <bit>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::test {

struct WriteFixture {
  struct Sample {
    std::int64_t t = 0;
    std::uint64_t bits = 0;  // of the value; of a histogram, of its sum
    bool histogram = false;
    friend bool operator==(const Sample&, const Sample&) = default;
  };
  static std::uint64_t bits_of(double v) { return std::bit_cast<std::uint64_t>(v); }

  // Both outlive the fixture.
  explicit WriteFixture(const nx_value* storage_config = nullptr,
                        const nx_value* receiver_config = nullptr)
      : storage(DirectInstance::make(*sdk::Storage<storage::memory::MemoryStorage>::component(),
                                     host, storage_config)) {
    host.offer(NX_EXT_APPEND, &ingest::append_service());
    receiver = DirectInstance::make(*sdk::Ingest<ingest::remote_write::RemoteWrite>::component(),
                                    host, receiver_config);
  }

  net::Response post(std::string_view decoded, net::Params headers = kHeaders) {
    return post_raw(pack_snappy(decoded), std::move(headers));
  }
  net::Response post_raw(std::string body, net::Params headers = kHeaders) {
    net::Request request;
    request.method = "POST";
    request.path = "/api/v1/write";
    request.headers = std::move(headers);
    request.body = make_buffer(std::move(body));
    ingest::SampleAppender appender(store, "test");
    const ingest::PluginRequest in(request, 0, body_max_bytes, appender.handle());
    ingest::PluginReply reply;
    const auto* table = static_cast<const nx_ingest*>(receiver->table(NX_INGEST_ID));
    sdk::ErrorSlot err;
    const nx_status code = table->handle(receiver->self(), &in.raw(), reply.raw(), &err);
    Status outcome = code == NX_OK
                         ? Status()
                         : Status(code, std::string(err.text, err.text_len), err.retry_after_ms);
    nx_append_result result{};
    result.struct_size = sizeof result;
    if (code == NX_OK || code == NX_PARTIAL) {
      const Status committed = appender.commit(result);
      if (!committed.ok()) outcome = committed;
    }
    return reply.finish(outcome);
  }

  // `name=value,...` of each series -> its samples.
  std::map<std::string, std::vector<Sample>> read();
  std::vector<std::string> exemplars();
  std::vector<std::string> metadata();
  // The histogram of the only series with samples, at t; calls use(h) while it is valid.
  template <class Use>
  bool with_histogram(std::int64_t t, Use&& use);

  static inline const net::Params kHeaders{{"content-type", "application/x-protobuf"},
                                           {"content-encoding", "snappy"}};
  FakeHost host;
  std::shared_ptr<DirectInstance> storage;
  store::Store store{storage};
  std::shared_ptr<DirectInstance> receiver;
  std::uint64_t body_max_bytes = std::uint64_t{32} << 20;

 private:
  template <class Use>
  void each_block(Use&& use);
};

template <class Use>
void WriteFixture::each_block(Use&& use) {
  Result<store::Querier> querier = store.open(INT64_MIN, INT64_MAX);
  if (!querier.ok()) throw sdk::Error(querier.status());
  nx_scan_opts opts{};
  opts.mint = INT64_MIN;
  opts.maxt = INT64_MAX;
  Result<store::Cursor> cursor = querier->select({}, opts);
  if (!cursor.ok()) throw sdk::Error(cursor.status());
  while (cursor->next()) use(cursor->block());
  if (!cursor->status().ok()) throw sdk::Error(cursor->status());
}

inline std::map<std::string, std::vector<WriteFixture::Sample>> WriteFixture::read() {
  std::map<std::string, std::vector<Sample>> found;
  each_block([&](const nx_block& block) {
    for (std::uint32_t s = 0; s < block.series_count; ++s) {
      std::string name;
      const nx_series_table& labels = *block.labels;
      for (std::uint32_t p = labels.label_off[s]; p < labels.label_off[s + 1]; ++p) {
        name += std::string(view(labels.symbols[labels.label_ref[2 * p]])) + "=" +
                std::string(view(labels.symbols[labels.label_ref[2 * p + 1]])) + ",";
      }
      for (std::uint32_t k = block.row0[s]; k < block.row1[s]; ++k) {
        const std::uint64_t at = block.off[s] + k;
        const bool shared = (block.flags & NX_BLOCK_SHARED_T) != 0;
        const bool histogram = block.h != nullptr && block.h[at] != NX_NONE;
        const double v = histogram ? block.hists[block.h[at]].sum : block.v[at];
        found[name].push_back({block.t[shared ? k : at], bits_of(v), histogram});
      }
    }
  });
  return found;
}

template <class Use>
bool WriteFixture::with_histogram(std::int64_t t, Use&& use) {
  bool called = false;
  each_block([&](const nx_block& block) {
    for (std::uint32_t k = block.row0[0]; k < block.row1[0]; ++k) {
      const std::uint64_t at = block.off[0] + k;
      const bool shared = (block.flags & NX_BLOCK_SHARED_T) != 0;
      if (block.t[shared ? k : at] != t || block.h == nullptr || block.h[at] == NX_NONE) continue;
      use(block.hists[block.h[at]]);
      called = true;
    }
  });
  return called;
}

inline std::vector<std::string> WriteFixture::exemplars() {
  std::vector<std::string> out;
  Result<store::Querier> querier = store.open(INT64_MIN, INT64_MAX);
  if (!querier.ok()) throw sdk::Error(querier.status());
  Result<store::Matcher> any = store::Matcher::make(NX_MATCH_NE, "__name__", "");
  std::vector<std::vector<store::Matcher>> sets(1);
  sets[0].push_back(*std::move(any));
  const Status status = querier->exemplars(sets, [&](const nx_exemplar_series& series) {
    for (std::uint64_t i = 0; i < series.exemplar_count; ++i) {
      const nx_exemplar& e = series.exemplars[i];
      std::string text;
      for (std::uint32_t l = 0; l < e.label_count; ++l) {
        text +=
            std::string(view(e.labels[l].name)) + "=" + std::string(view(e.labels[l].value)) + ",";
      }
      out.push_back(text + " " + std::to_string(e.v) + " @" + std::to_string(e.t));
    }
  });
  if (!status.ok()) throw sdk::Error(status);
  return out;
}

inline std::vector<std::string> WriteFixture::metadata() {
  std::vector<std::string> out;
  Result<store::Querier> querier = store.open(INT64_MIN, INT64_MAX);
  if (!querier.ok()) throw sdk::Error(querier.status());
  const Status status = querier->metadata("", 0, [&](std::span<const nx_metadata> items) {
    for (const nx_metadata& m : items) {
      out.push_back(std::string(view(m.family)) + "|" + std::to_string(m.type) + "|" +
                    std::string(view(m.unit)) + "|" + std::string(view(m.help)));
    }
  });
  if (!status.ok()) throw sdk::Error(status);
  return out;
}

}  // namespace narthex::test
