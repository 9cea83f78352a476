// SPDX-License-Identifier: Apache-2.0
// wal_book.hpp - the log's reference twin: a list of the texts that were acknowledged.
#pragma once

#include "storage/wal/log.hpp"

#include <memory>
#include <string>
#include <vector>

namespace narthex::test {

using Texts = std::vector<std::string>;

inline storage::wal::Record text_record(const std::string& text) {
  return {1, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}};
}

struct ReadBack {
  Texts texts;
  storage::wal::ReplayReport report;
};

inline ReadBack read_back(storage::fs::FileSystem& files, const std::string& folder = "w") {
  ReadBack out;
  storage::wal::ReplaySink sink;
  sink.record = [&](std::uint64_t, std::uint8_t, storage::wal::ByteView payload) {
    out.texts.emplace_back(payload.begin(), payload.end());
  };
  auto report = storage::wal::replay(files, folder, sink);
  if (report.ok()) out.report = *std::move(report);
  return out;
}

inline std::unique_ptr<storage::wal::Log> open_log(storage::fs::FileSystem& files,
                                                   const storage::wal::Options& options,
                                                   const std::string& folder = "w") {
  auto log = storage::wal::Log::open(files, folder, options, read_back(files, folder).report.state);
  return log.ok() ? *std::move(log) : nullptr;
}

inline storage::wal::Options small_options(storage::wal::Durability durability) {
  storage::wal::Options options;
  options.durability = durability;
  options.segment_bytes = 2000;
  options.reserve_bytes = 0;
  options.background = false;
  return options;
}

// The i-th text: short ones, and now and then one of several blocks.
inline std::string numbered_text(int i) {
  return std::to_string(i) + ":" +
         std::string(static_cast<std::size_t>(i % 17 == 16 ? 70'000 : i * 37 % 200),
                     static_cast<char>('a' + i % 26));
}

}  // namespace narthex::test
