// SPDX-License-Identifier: Apache-2.0
#include "host/wire_parse.hpp"

#include "host/wire_data.hpp"

#include <cstring>

namespace narthex::host {
namespace {

void write_place(WireWriter& out, TextPlace place) {
  out.number(place.at);
  out.number(place.size);
}

}  // namespace

void write_parse_request(WireWriter& out, const ParseRequest& request) {
  out.number(std::uint8_t{request.asking});
  out.number(request.first_batch);
  out.number(request.flags);
  out.number(request.max_rows);
  out.number(request.default_t);
  out.text(request.content_type);
}

ParseRequest read_parse_request(WireReader& in) {
  ParseRequest request;
  request.asking = in.number<std::uint8_t>() != 0;
  request.first_batch = in.number<std::uint32_t>();
  request.flags = in.number<std::uint32_t>();
  request.max_rows = in.number<std::uint32_t>();
  request.default_t = in.number<std::int64_t>();
  request.content_type = in.str();
  return request;
}

void ParsedWriter::begin(std::string& out, std::string_view page) {
  page_ = page;
  made_.clear();
  size_at_ = out.size();
  WireWriter(out).number(std::uint64_t{0});
}

void ParsedWriter::end(std::string& out) {
  const std::uint64_t size = made_.size();
  std::memcpy(out.data() + size_at_, &size, sizeof size);
  out += made_;
}

TextPlace ParsedWriter::place(nx_str text) {
  if (text.len == 0) return {};
  const auto size = static_cast<std::uint32_t>(text.len);
  // Wraps around where the text lies before the page.
  const std::uint64_t at =
      reinterpret_cast<std::uintptr_t>(text.ptr) - reinterpret_cast<std::uintptr_t>(page_.data());
  if (at < page_.size() && text.len <= page_.size() - at) {
    return {static_cast<std::uint32_t>(at), size};
  }
  const auto made_at = static_cast<std::uint32_t>(page_.size() + made_.size());
  made_ += view(text);
  return {made_at, size};
}

void ParsedWriter::write(std::string& bytes, const nx_parsed& parsed, std::string_view page) {
  begin(bytes, page);
  WireWriter out(bytes);
  const nx_sample_batch& batch = *parsed.batch;
  const std::uint64_t rows = batch.rows;
  places_.resize(rows);
  for (std::uint64_t row = 0; row < rows; ++row) places_[row] = place(parsed.key[row]);
  out.numbers(places_.data(), rows);
  out.numbers(batch.v, rows);
  // Where the page has no times they are known.
  out.numbers(parsed.own_t, (rows + 63) / 64);
  out.numbers(parsed.own_t != nullptr ? batch.t : nullptr, rows);
  out.numbers(batch.st, rows);
  out.numbers(batch.h, rows);
  out.number(std::uint64_t{batch.hist_count});
  for (const nx_histogram& h : std::span(batch.hists, batch.hist_count)) write_histogram(out, h);
  out.number(std::uint64_t{batch.exemplar_count});
  for (const nx_exemplar& exemplar : std::span(batch.exemplars, batch.exemplar_count)) {
    out.number(exemplar.row);
    out.number((exemplar.flags & NX_EXEMPLAR_HAS_T) != 0 ? exemplar.t : std::int64_t{0});
    out.number(exemplar.v);
    out.number(exemplar.flags);
    out.number(std::uint64_t{exemplar.label_count});
    for (const nx_label& label : std::span(exemplar.labels, exemplar.label_count)) {
      write_place(out, place(label.name));
      write_place(out, place(label.value));
    }
  }
  out.number(std::uint64_t{batch.meta_count});
  for (const nx_metadata& family : std::span(batch.meta, batch.meta_count)) {
    out.number(family.type);
    for (const nx_str text : {family.family, family.unit, family.help}) {
      write_place(out, place(text));
    }
  }
  end(bytes);
}

void ParsedWriter::write(std::string& bytes, const nx_series_table& table, std::string_view page) {
  begin(bytes, page);
  WireWriter out(bytes);
  places_.resize(table.symbol_count);
  for (std::uint32_t s = 0; s < table.symbol_count; ++s) places_[s] = place(table.symbols[s]);
  out.numbers(places_.data(), places_.size());
  write_table_pairs(out, table);
  end(bytes);
}

std::string write_verdict(nx_status code) {
  std::string message;
  WireWriter out(message);
  out.number(std::uint8_t{0});
  out.number(code);
  return message;
}

std::string write_wanted(std::span<const std::uint32_t> rows) {
  std::string message;
  WireWriter out(message);
  out.number(std::uint8_t{1});
  out.numbers(rows.data(), rows.size());
  return message;
}

BatchVerdict read_verdict(std::string_view message) {
  WireReader in(message);
  BatchVerdict verdict;
  verdict.wants_labels = in.number<std::uint8_t>() != 0;
  if (verdict.wants_labels) {
    verdict.rows = in.numbers<std::uint32_t>();
  } else {
    verdict.code = in.number<nx_status>();
  }
  return verdict;
}

}  // namespace narthex::host
