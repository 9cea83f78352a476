// SPDX-License-Identifier: Apache-2.0
#include "host/parsed_reader.hpp"

#include "host/utf8.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace narthex::host {
namespace {

constexpr std::int32_t kSchemaMin = -4;
constexpr std::int32_t kSchemaMax = 8;

Status no_batch(const std::string& why) {
  return invalid_data("the plugin's process sent what is no batch of the page: " + why);
}

// The message without the texts at its end.
bool split(std::string_view message, PlacedTexts& texts, std::string_view& columns) {
  WireReader in(message);
  const auto made = in.number<std::uint64_t>();
  if (!in.ok() || made > in.rest().size()) return false;
  const std::size_t at = in.rest().size() - made;
  texts.made(in.rest().substr(at));
  columns = in.rest().substr(0, at);
  return true;
}

std::uint64_t length_of(const nx_span* spans, std::uint32_t count) {
  std::uint64_t length = 0;
  for (const nx_span& span : std::span(spans, count)) length += span.length;
  return length;
}

// What is done with a histogram on its way into the storage leads nowhere outside of it.
bool is_sound(const nx_histogram& h) {
  const bool known =
      h.schema == NX_SCHEMA_CUSTOM || (h.schema >= kSchemaMin && h.schema <= kSchemaMax);
  return known && length_of(h.pos_spans, h.pos_span_count) == h.pos_bucket_count &&
         length_of(h.neg_spans, h.neg_span_count) == h.neg_bucket_count;
}

}  // namespace

bool PlacedTexts::find(TextPlace place, nx_str& text) {
  const bool in_page = place.at < page_.size();
  const std::string_view in = in_page ? page_ : made_;
  const std::uint64_t at = in_page ? place.at : place.at - page_.size();
  if (at > in.size() || place.size > in.size() - at) return false;
  if (place.size > left_) return false;
  left_ -= place.size;
  text = to_nx(in.substr(at, place.size));
  return true;
}

bool PlacedTexts::read(WireReader& in, nx_str& text) {
  TextPlace place;
  place.at = in.number<std::uint32_t>();
  place.size = in.number<std::uint32_t>();
  return in.ok() && find(place, text);
}

void ParsedReader::begin(std::string_view page, std::int64_t default_t) {
  texts_ = PlacedTexts(page);
  default_t_ = default_t;
}

Status ParsedReader::read(std::string_view message) {
  arrays_.clear();
  batch_ = {};
  batch_.struct_size = sizeof batch_;
  parsed_ = {};
  parsed_.struct_size = sizeof parsed_;
  parsed_.batch = &batch_;
  std::string_view columns;
  if (!split(message, texts_, columns)) return no_batch("it is cut off");
  WireReader in(columns);
  Status status = read_rows(in);
  if (status.ok()) status = read_histograms(in);
  if (status.ok()) status = read_exemplars(in);
  if (status.ok()) status = read_families(in);
  if (!status.ok()) return status;
  return in.ok() && in.at_end() ? Status() : no_batch("its size is wrong");
}

Status ParsedReader::read_rows(WireReader& in) {
  in.numbers(places_);
  in.numbers(values_);
  in.numbers(own_t_);
  in.numbers(times_);
  in.numbers(starts_);
  in.numbers(histogram_at_);
  if (!in.ok()) return no_batch("it is cut off");
  const std::size_t rows = places_.size();
  const bool own = !own_t_.empty();
  const auto none_or = [](std::size_t size, std::size_t wanted) {
    return size == 0 || size == wanted;
  };
  if (values_.size() != rows || times_.size() != (own ? rows : 0) ||
      !none_or(own_t_.size(), (rows + 63) / 64) || !none_or(starts_.size(), rows) ||
      !none_or(histogram_at_.size(), rows)) {
    return no_batch("its columns have not as many rows as it has keys");
  }
  keys_.resize(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    if (!texts_.find(places_[row], keys_[row])) return no_batch("a key lies outside of the page");
  }
  if (!own) times_.assign(rows, default_t_);
  parsed_.key = keys_.data();
  parsed_.own_t = own ? own_t_.data() : nullptr;
  batch_.rows = rows;
  batch_.t = times_.data();
  batch_.v = values_.data();
  batch_.st = starts_.empty() ? nullptr : starts_.data();
  batch_.h = histogram_at_.empty() ? nullptr : histogram_at_.data();
  return Status();
}

Status ParsedReader::read_histograms(WireReader& in) {
  histograms_.resize(in.count(80));
  for (nx_histogram& h : histograms_) {
    h = read_histogram(in, arrays_);
    if (!in.ok() || !is_sound(h)) return no_batch("a histogram's buckets are not those it names");
  }
  for (const std::uint32_t at : histogram_at_) {
    if (at != NX_NONE && at >= histograms_.size())
      return no_batch("a row's histogram is not there");
  }
  batch_.hists = histograms_.data();
  batch_.hist_count = static_cast<std::uint32_t>(histograms_.size());
  return Status();
}

Status ParsedReader::read_exemplars(WireReader& in) {
  exemplars_.resize(in.count(36));
  std::uint64_t row = 0;
  for (nx_exemplar& exemplar : exemplars_) {
    exemplar.row = in.number<std::uint64_t>();
    exemplar.t = in.number<std::int64_t>();
    exemplar.v = in.number<double>();
    exemplar.flags = in.number<std::uint32_t>();
    if (exemplar.row < row || exemplar.row >= batch_.rows) {
      return no_batch("an exemplar belongs to no row, or they are not in order");
    }
    row = exemplar.row;
    std::vector<nx_label> labels(in.count(2 * sizeof(TextPlace)));
    for (nx_label& label : labels) {
      if (!texts_.read(in, label.name) || !texts_.read(in, label.value)) {
        return no_batch("a label of an exemplar lies outside of the page");
      }
    }
    exemplar.label_count = static_cast<std::uint32_t>(labels.size());
    exemplar.labels = arrays_.keep(std::move(labels));
  }
  batch_.exemplars = exemplars_.data();
  batch_.exemplar_count = static_cast<std::uint32_t>(exemplars_.size());
  return Status();
}

Status ParsedReader::read_families(WireReader& in) {
  families_.resize(in.count(sizeof(std::uint32_t) + 3 * sizeof(TextPlace)));
  for (nx_metadata& family : families_) {
    family.ref = 0;
    family.series = NX_NONE;
    family.type = in.number<std::uint32_t>();
    for (nx_str* text : {&family.family, &family.unit, &family.help}) {
      if (!texts_.read(in, *text)) return no_batch("a family's text lies outside of the page");
    }
  }
  batch_.meta = families_.data();
  batch_.meta_count = static_cast<std::uint32_t>(families_.size());
  return Status();
}

Result<nx_series_table> ParsedReader::read_series(std::string_view message, std::uint64_t count,
                                                  WireArrays& arrays) {
  const Status bad = invalid_data("the plugin's process sent what are no labels of its batch");
  // Its own: the batch is still being looked at, and the next one has texts behind it as well.
  PlacedTexts texts = texts_;
  std::string_view columns;
  if (!split(message, texts, columns)) return bad;
  WireReader in(columns);
  const std::vector<TextPlace> places = in.numbers<TextPlace>();
  std::vector<nx_str> symbols(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!texts.find(places[i], symbols[i])) return bad;
  }
  const nx_series_table table = read_table_pairs(in, std::move(symbols), arrays);
  if (!in.ok() || !in.at_end() || table.series_count != count) return bad;
  // A symbol is taken once and may stand in any number of series.
  std::uint64_t bytes = 0;
  const std::uint32_t pairs = table.label_off[table.series_count];
  for (const std::uint32_t symbol : std::span(table.label_ref, std::size_t{2} * pairs)) {
    bytes += table.symbols[symbol].len;
  }
  if (bytes > PlacedTexts::kTimes * (message.size() + texts.page().size())) return bad;
  return table;
}

Status check_parsed_labels(const nx_series_table& table) {
  for (std::uint32_t s = 0; s < table.series_count; ++s) {
    std::string_view before;
    for (std::uint32_t p = table.label_off[s]; p < table.label_off[s + 1]; ++p) {
      const std::string_view name = view(table.symbols[table.label_ref[2 * p]]);
      const std::string_view value = view(table.symbols[table.label_ref[2 * p + 1]]);
      if (p != table.label_off[s] && name <= before) {
        return invalid_data("the parser gave labels that are not in order, or one twice");
      }
      if (!is_utf8(name) || !is_utf8(value)) {
        return invalid_data("the parser gave a label that is not UTF-8");
      }
      before = name;
    }
  }
  return Status();
}

}  // namespace narthex::host
