// SPDX-License-Identifier: Apache-2.0
// checked_append.hpp - an ingest plugin over an append service that stores nothing and checks that
// what it is given keeps the ABI's promises: a breach ends the process. For fuzzers. One thread.
#pragma once

#include "tests/support/fake_host.hpp"

#include <narthex/sdk/ingest.hpp>
#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/quote.hpp>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::test {

inline void must(bool holds) {
  if (!holds) std::abort();
}

// Labels sorted, unique, named, with values, in UTF-8; a name of the metric among them.
inline void check_table(const nx_series_table& table) {
  for (std::uint32_t s = 0; s < table.series_count; ++s) {
    std::string_view before;
    bool named = false;
    for (std::uint32_t p = table.label_off[s]; p < table.label_off[s + 1]; ++p) {
      const std::string_view name = view(table.symbols[table.label_ref[2 * p]]);
      const std::string_view value = view(table.symbols[table.label_ref[2 * p + 1]]);
      must(!name.empty() && !value.empty() && sdk::is_utf8(name) && sdk::is_utf8(value));
      must(p == table.label_off[s] || before < name);
      named = named || name == kMetricName;
      before = name;
    }
    must(named);
  }
}

inline const nx_ext_append& checked_append() {
  static const nx_ext_append table = [] {
    nx_ext_append t{};
    t.struct_size = sizeof t;
    t.resolve = [](nx_appender*, const nx_series_table* series, std::uint64_t* refs,
                   std::uint8_t* codes, nx_error*) -> nx_status {
      check_table(*series);
      for (std::uint32_t s = 0; s < series->series_count; ++s) {
        refs[s] = s + 1;
        codes[s] = NX_ROW_OK;
      }
      return NX_OK;
    };
    t.append = [](nx_appender*, const nx_sample_batch* batch, nx_append_result* result,
                  nx_error*) -> nx_status {
      for (std::uint64_t r = 0; r < batch->rows; ++r) must(batch->ref[r] != 0);
      for (std::uint32_t m = 0; m < batch->meta_count; ++m) {
        must(sdk::is_utf8(view(batch->meta[m].family)) && sdk::is_utf8(view(batch->meta[m].help)));
      }
      result->accepted = batch->rows;
      return NX_OK;
    };
    return t;
  }();
  return table;
}

template <class T>
struct CheckedReceiver {
  CheckedReceiver() { host.offer(NX_EXT_APPEND, &checked_append()); }

  void send(std::string_view packet) {
    const nx_bytes bytes = to_nx_bytes(packet);
    const nx_str peer = to_nx("127.0.0.1:1");
    must(plugin().packets({&bytes, 1}, {&peer, 1}, nullptr).ok());
  }
  // The status of the answer, 204 where the plugin says none; 400 for what it refused.
  int post(std::uint32_t route, std::string body,
           const std::vector<std::pair<std::string_view, std::string_view>>& query = {},
           std::string_view path_param = {}) {
    std::vector<nx_kv> params;
    for (const auto& [name, value] : query) params.push_back(text_entry(name, value));
    const nx_kv path = text_entry("labels", path_param);
    const BufferRef buffer = make_buffer(std::move(body));
    nx_ingest_request request{};
    request.struct_size = sizeof request;
    request.route_id = route;
    request.query_params = params.data();
    request.query_param_count = static_cast<std::uint32_t>(params.size());
    request.path_params = &path;
    request.path_param_count = 1;
    request.body = buffer.get();
    request.received_ms = host.now_ms;
    nx_ingest_reply reply{};
    reply.struct_size = sizeof reply;
    reply.header = [](nx_ingest_reply*, nx_str, nx_str value) {
      // A line break would be a header of the sender's own.
      must(view(value).find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    };
    reply.body = [](nx_ingest_reply*, nx_bytes text) { must(sdk::is_utf8(view(text))); };
    const Status status = plugin().handle(request, sdk::IngestReply(&reply));
    must(status.ok() || status.code() == NX_ERR_INVALID_ARGUMENT ||
         status.code() == NX_ERR_INVALID_DATA);
    if (reply.status != 0) return reply.status;
    return status.code() == NX_OK ? 204 : 400;
  }
  T& plugin() {
    if (plugin_ == nullptr) plugin_ = std::make_unique<T>(host.host(), typename T::Options());
    return *plugin_;
  }

  FakeHost host;

 private:
  static nx_kv text_entry(std::string_view key, std::string_view text) {
    nx_value value{};
    value.type = NX_STRING;
    value.len = static_cast<std::uint32_t>(text.size());
    value.u.s = text.data();
    return {to_nx(key), value};
  }

  std::unique_ptr<T> plugin_;
};

}  // namespace narthex::test
