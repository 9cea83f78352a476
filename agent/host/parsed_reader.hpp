// SPDX-License-Identifier: Apache-2.0
// parsed_reader.hpp - what the process of a parser says of a page, as the agent reads it
// (wire_parse.hpp): nothing that is read leads outside of the message and the agent's own page.
// Pure.
#pragma once

#include "host/wire_data.hpp"
#include "host/wire_parse.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace narthex::host {

// Page and made texts. What is taken is counted: a few bytes of a message may name all of the page,
// and whoever looks at every text must come to an end.
class PlacedTexts {
 public:
  // How often a byte may be taken: the name of a family stands once for all of its series.
  static constexpr std::uint64_t kTimes = 64;

  PlacedTexts() = default;
  explicit PlacedTexts(std::string_view page) : page_(page), left_(kTimes * page.size()) {}

  std::string_view page() const { return page_; }
  void made(std::string_view texts) {
    made_ = texts;
    left_ += kTimes * texts.size();
  }
  // False: it lies in neither, or too much was taken.
  bool find(TextPlace place, nx_str& text);
  bool read(WireReader& in, nx_str& text);

 private:
  std::string_view page_, made_;
  std::uint64_t left_ = 0;
};

// Reads what comes back about one page after the other. Keeps memory.
class ParsedReader {
 public:
  // The page outlives what is read.
  void begin(std::string_view page, std::int64_t default_t);
  std::string_view page() const { return texts_.page(); }

  // NX_ERR_INVALID_DATA: it is no batch; the text says what is wrong with it. What was read looks
  // into the message and is lent until the next one.
  Status read(std::string_view message);
  const nx_parsed& parsed() const { return parsed_; }
  // A table of `count` series, which looks into the message and the arrays. Codes as above.
  Result<nx_series_table> read_series(std::string_view message, std::uint64_t count,
                                      WireArrays& arrays);

 private:
  Status read_rows(WireReader& in);
  Status read_histograms(WireReader& in);
  Status read_exemplars(WireReader& in);
  Status read_families(WireReader& in);

  PlacedTexts texts_;
  std::int64_t default_t_ = 0;
  nx_parsed parsed_{};
  nx_sample_batch batch_{};
  std::vector<TextPlace> places_;
  std::vector<nx_str> keys_;
  std::vector<double> values_;
  std::vector<std::int64_t> times_, starts_;
  std::vector<std::uint64_t> own_t_;
  std::vector<std::uint32_t> histogram_at_;
  std::vector<nx_histogram> histograms_;
  std::vector<nx_exemplar> exemplars_;
  std::vector<nx_metadata> families_;
  WireArrays arrays_;
};

// What a sound message may still get wrong: labels are sorted by name, none twice, and UTF-8.
Status check_parsed_labels(const nx_series_table& table);

}  // namespace narthex::host
