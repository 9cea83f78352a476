// SPDX-License-Identifier: Apache-2.0
#include "host/served_parser.hpp"

#include <narthex/sdk/buffer.hpp>
#include <narthex/sdk/guard.hpp>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace narthex::host {

ServedParser::ServedParser(const nx_parser& table, void* instance, Ask ask)
    : table_(table),
      instance_(instance),
      ask_(std::move(ask)),
      scratch_(table.scratch_new(instance)) {}

ServedParser::~ServedParser() {
  if (scratch_ != nullptr) table_.scratch_free(scratch_);
}

nx_status ServedParser::parse(std::string question, std::string& batches, nx_error* err) {
  if (scratch_ == nullptr) {
    return sdk::fail(err, NX_ERR_NO_MEMORY, "no memory for the scratch of the parser");
  }
  const BufferRef body = make_buffer(std::move(question));
  WireReader in(body.text());
  request_ = read_parse_request(in);
  if (!in.ok()) return sdk::fail(err, NX_ERR_INTERNAL, "a page that is none");
  // The page is the end of what came: it is not copied once more.
  page_ = in.rest();
  body.get()->data = page_.data();
  body.get()->size = page_.size();
  batches_ = &batches;
  number_ = 0;
  stopped_ = NX_OK;
  nx_parse_opts opts{};
  opts.struct_size = sizeof opts;
  opts.flags = request_.flags;
  opts.content_type = request_.content_type;
  opts.default_t = request_.default_t;
  opts.max_rows = request_.max_rows;
  const nx_parsed_sink sink = [](void* self, const nx_parsed* parsed) -> nx_status {
    return sdk::guard(
        nullptr, [&]() -> nx_status { return static_cast<ServedParser*>(self)->take(*parsed); });
  };
  return table_.parse(instance_, scratch_, body.get(), &opts, sink, this, err);
}

nx_status ServedParser::take(const nx_parsed& parsed) {
  if (stopped_ != NX_OK) return stopped_;
  const std::uint32_t number = number_++;
  if (request_.asking) return number < request_.first_batch ? NX_OK : ask_about(parsed);
  const std::size_t at = batches_->size();
  batches_->append(sizeof(std::uint64_t), '\0');
  writer_.write(*batches_, parsed, page_);
  const std::uint64_t size = batches_->size() - at - sizeof size;
  std::memcpy(batches_->data() + at, &size, sizeof size);
  return NX_OK;
}

nx_status ServedParser::ask_about(const nx_parsed& parsed) {
  message_.clear();
  writer_.write(message_, parsed, page_);
  BatchVerdict verdict = read_verdict(ask_(Message::kBatch, message_));
  while (verdict.wants_labels) {
    verdict = read_verdict(ask_(Message::kSeries, labels_of(parsed, verdict)));
  }
  return stopped_ = verdict.code;
}

std::string ServedParser::labels_of(const nx_parsed& parsed, const BatchVerdict& verdict) {
  std::vector<nx_str> keys;
  for (const std::uint32_t row : verdict.rows) keys.push_back(parsed.key[row]);
  struct Table {
    ServedParser& self;
    std::string bytes;
  } table{*this, {}};
  const nx_series_sink sink = [](void* at, const nx_series_table* series) {
    (void)sdk::guard(nullptr, [&] {
      auto& t = *static_cast<Table*>(at);
      t.bytes.clear();
      t.self.writer_.write(t.bytes, *series, t.self.page_);
    });
  };
  sdk::ErrorSlot err;
  const nx_status code =
      table_.labels(instance_, scratch_, keys.data(), keys.size(), sink, &table, &err);
  std::string message;
  WireWriter out(message);
  out.number(code);
  out.text(std::string_view(err.text, std::min<std::size_t>(err.text_len, NX_ERROR_TEXT)));
  return message + table.bytes;
}

}  // namespace narthex::host
