// SPDX-License-Identifier: Apache-2.0
// written_store.hpp - a store over the memory backend, through the ABI, with short ways to write
// samples into it. One thread.
#pragma once

#include "storage/memory/memory_storage.hpp"
#include "store/store.hpp"
#include "tests/support/direct_instance.hpp"

#include <narthex/sdk/series_list.hpp>
#include <narthex/sdk/storage.hpp>

#include <memory>
#include <string>
#include <vector>

namespace narthex::test {

struct WrittenStore {
  FakeHost host;
  std::shared_ptr<DirectInstance> instance =
      DirectInstance::make(*sdk::Storage<storage::memory::MemoryStorage>::component(), host);
  store::Store store{instance};

  void put(const Labels& labels, std::int64_t t, double value) {
    nx_sample_batch batch{};
    batch.v = &value;
    append(labels, t, batch);
  }
  void put(const Labels& labels, std::int64_t t, const nx_histogram& histogram) {
    const std::uint32_t first = 0;
    nx_sample_batch batch{};
    batch.h = &first;
    batch.hists = &histogram;
    batch.hist_count = 1;
    append(labels, t, batch);
  }

 private:
  // One row.
  void append(const Labels& labels, std::int64_t t, nx_sample_batch& batch) {
    std::vector<nx_str> symbols;
    std::vector<std::uint32_t> refs;
    for (const auto& [name, value] : labels) {
      for (const std::string* text : {&name, &value}) {
        refs.push_back(static_cast<std::uint32_t>(symbols.size()));
        symbols.push_back(to_nx(*text));
      }
    }
    const std::uint32_t offsets[] = {0, static_cast<std::uint32_t>(refs.size() / 2)};
    nx_series_table table{};
    table.struct_size = sizeof table;
    table.series_count = 1;
    table.symbol_count = static_cast<std::uint32_t>(symbols.size());
    table.symbols = symbols.data();
    table.label_ref = refs.data();
    table.label_off = offsets;
    Result<store::Appender> appender = store.begin({.origin = "test"});
    std::uint64_t ref = 0;
    std::uint8_t code = 0;
    check(appender.status());
    check(appender->resolve(table, std::span(&ref, 1), std::span(&code, 1)));
    batch.struct_size = sizeof batch;
    batch.rows = 1;
    batch.ref = &ref;
    batch.t = &t;
    nx_append_result result{};
    result.struct_size = sizeof result;
    check(appender->append(batch, result));
    if (result.accepted != 1) throw sdk::Error(internal_error("the row was refused"));
    check(appender->commit(result));
  }
  static void check(const Status& status) {
    if (!status.ok()) throw sdk::Error(status);
  }
};

}  // namespace narthex::test
