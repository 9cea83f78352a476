// SPDX-License-Identifier: Apache-2.0
// wire_parse.hpp - what protocol.h defines, as bytes and back: a page goes to the process of a
// parser, batches of its rows come back, and labels of those whose keys the agent does not know.
//
// Both sides have the page, so a text of it travels as its place, 8 bytes; what a parser made
// itself follows the batch. What the agent reads: parsed_reader.hpp. Pure.
#pragma once

#include "host/wire.hpp"

#include <narthex/protocol.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {

struct ParseRequest {
  // Each batch is a question, in whose course labels can be wanted; false: the answer has them all.
  bool asking = false;
  std::uint32_t first_batch = 0;  // asking: those before it are known
  std::uint32_t flags = 0;        // NX_PARSE_*
  std::uint32_t max_rows = 0;
  std::int64_t default_t = 0;
  nx_str content_type{};
};
// What precedes the page.
void write_parse_request(WireWriter& out, const ParseRequest& request);
ParseRequest read_parse_request(WireReader& in);

// A text: `size` bytes at `at` of the page with what the parser made behind it.
struct TextPlace {
  std::uint32_t at = 0, size = 0;
};

// Writes what parsers push. Keeps memory from batch to batch.
class ParsedWriter {
 public:
  // Behind what stands in `out`. Hashes of keys do not travel: the agent has its own.
  void write(std::string& out, const nx_parsed& parsed, std::string_view page);
  void write(std::string& out, const nx_series_table& table, std::string_view page);

 private:
  TextPlace place(nx_str text);
  void begin(std::string& out, std::string_view page);
  void end(std::string& out);

  std::string_view page_;
  std::size_t size_at_ = 0;  // in `out`: how much a parser made
  std::vector<TextPlace> places_;
  std::string made_;
};

// What the agent says to a batch: what its sink returned, or that it wants labels of some rows.
struct BatchVerdict {
  bool wants_labels = false;
  nx_status code = NX_OK;
  std::vector<std::uint32_t> rows;
};
std::string write_verdict(nx_status code);
std::string write_wanted(std::span<const std::uint32_t> rows);
BatchVerdict read_verdict(std::string_view message);

}  // namespace narthex::host
