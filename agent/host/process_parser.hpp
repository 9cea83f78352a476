// SPDX-License-Identifier: Apache-2.0
// process_parser.hpp - what stands behind the scratch of a parser that runs apart: the page under
// way, as the agent knows it. Used by one thread at a time.
//
//   whole   the process was asked once and free again; its answer has all batches, played here
//   asking  labels were wanted: the process reads the page again and waits in the sink of each
//           batch, the first being that one; it is this page's until it answers
#pragma once

#include "host/child_process.hpp"
#include "host/parsed_reader.hpp"
#include "host/timed_mutex.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {

struct ParserScratch {
  ParsedReader reader;
  ParseRequest request;
  std::string_view page;
  std::int64_t left_ms = 0;              // what the process may take for it
  std::shared_ptr<ChildProcess> sender;  // of the batches that are played
  std::uint32_t number = 0;              // of the batch that the sink looks at
  std::string_view batch;                // its bytes, in an answer or in `message`
  std::string message;
  std::unique_lock<TimedMutex> asking;  // of the instance's calls
  std::vector<std::uint32_t> rows;
  std::uint64_t next_row = 0;

  // The batch's rows of these keys, into `rows`. False: one is none of its keys.
  bool find_rows(std::span<const nx_str> keys);
  void end() {
    sender = nullptr;
    if (asking.owns_lock()) asking.unlock();
  }
};

}  // namespace narthex::host
