// SPDX-License-Identifier: Apache-2.0
// process_parser.cpp - pages of a parser that runs apart. Nearly always all series are known: then
// one answer brings the batches, and the process is free while the agent stores them. Where labels
// are wanted, which it may be asked about only from within its sink, it reads the page again.
#include "host/process_parser.hpp"

#include "host/process_instance.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace narthex::host {
namespace {

// Places are numbers of 32 bits, and an answer has as much again.
constexpr std::size_t kPageMax = std::size_t{512} << 20;

Status ended_otherwise() {
  return internal_error(
      "the parser read the same page in two ways: it may not depend on anything "
      "but page and options");
}

Status no_answer() { return invalid_data("the plugin's process sent what is no answer to a page"); }

}  // namespace

// Nearly always in the order of the rows, each key at most once.
bool ParserScratch::find_rows(std::span<const nx_str> keys) {
  rows.clear();
  const nx_parsed& parsed = reader.parsed();
  const std::uint64_t count = parsed.batch->rows;
  for (const nx_str key : keys) {
    std::uint64_t looked = 0;
    for (; looked < count; ++looked) {
      if (next_row >= count) next_row = 0;
      if (view(parsed.key[next_row++]) == view(key)) break;
    }
    if (looked == count) return false;
    rows.push_back(static_cast<std::uint32_t>(next_row - 1));
  }
  return true;
}

Status ProcessInstance::parse(ParserScratch& scratch, std::string_view page,
                              const nx_parse_opts& opts, PageSink sink) {
  if (page.size() > kPageMax) {
    return {NX_ERR_EXHAUSTED, "the page has " + std::to_string(page.size()) +
                                  " bytes; a parser in a process of its own takes " +
                                  std::to_string(kPageMax)};
  }
  const std::unique_ptr<ParserScratch, void (*)(ParserScratch*)> under_way(
      &scratch, [](ParserScratch* s) { s->end(); });
  scratch.page = page;
  scratch.request = {false, 0, opts.flags, opts.max_rows, opts.default_t, opts.content_type};
  scratch.left_ms = patience_of_call_ms();
  scratch.number = 0;
  scratch.reader.begin(page, opts.default_t);
  const Result<Answer> whole = ask_for_page(scratch);
  if (!whole.ok()) return whole.status();
  for (WireReader batches(whole->body); !batches.at_end(); ++scratch.number) {
    scratch.batch = batches.text();
    if (!batches.ok()) return refuse_page(scratch, no_answer());
    const Status read = scratch.reader.read(scratch.batch);
    if (!read.ok()) return refuse_page(scratch, read);
    scratch.next_row = 0;
    const nx_status taken = sink.push(sink.context, &scratch.reader.parsed());
    if (scratch.asking.owns_lock()) return go_on(scratch, taken, sink);
    if (taken != NX_OK) return {taken, {}};
  }
  return whole->status();
}

// With calls_mutex_ held, as the functions below; a failure has cost the process its life.
Result<Envelope> ProcessInstance::ask_of_page(ParserScratch& scratch, Message kind,
                                              std::string_view body, std::string_view more) {
  if (child_ == nullptr || !settle_ahead(scratch.left_ms)) return unavailable(down_reason_);
  const auto begun = std::chrono::steady_clock::now();
  Result<Envelope> said = child_->ask(kind, body, scratch.left_ms, more);
  const auto took = std::chrono::steady_clock::now() - begun;
  scratch.left_ms -= std::min<std::int64_t>(
      scratch.left_ms, std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  if (!said.ok()) return lose_call(said.status());
  return said;
}

// All batches. Takes the lock and gives it back.
Result<Answer> ProcessInstance::ask_for_page(ParserScratch& scratch) {
  Lock lock(calls_mutex_, std::defer_lock);
  if (Status status = enter(lock); !status.ok()) return status;
  std::string request;
  WireWriter out(request);
  write_parse_request(out, scratch.request);
  Result<Envelope> said = ask_of_page(scratch, Message::kParse, request, scratch.page);
  if (!said.ok()) return said.status();
  if (said->kind != Message::kReply) return lose_call(no_answer());
  Result<Answer> answer = decode_answer(std::move(said->body));
  if (!answer.ok()) return lose_call(answer.status());
  scratch.sender = child_;
  return answer;
}

// Of a batch that is being played. Meanwhile there may be another process, which did not send it.
Status ProcessInstance::refuse_page(ParserScratch& scratch, const Status& nonsense) {
  const std::lock_guard lock(calls_mutex_);
  if (child_ == nullptr || child_ != scratch.sender) return nonsense;
  return lose_call(nonsense);
}

// The process reads the page once more, up to the batch whose labels are wanted, and waits there.
Status ProcessInstance::ask_again(ParserScratch& scratch) {
  Lock lock(calls_mutex_, std::defer_lock);
  if (Status status = enter(lock); !status.ok()) return status;
  scratch.request.asking = true;
  scratch.request.first_batch = scratch.number;
  std::string request;
  WireWriter out(request);
  write_parse_request(out, scratch.request);
  Result<Envelope> said = ask_of_page(scratch, Message::kParse, request, scratch.page);
  if (!said.ok()) return said.status();
  if (said->kind == Message::kReply) return ended_otherwise();
  if (said->kind != Message::kBatch) return lose_call(no_answer());
  if (said->body == scratch.batch) {
    scratch.asking = std::move(lock);
    return Status();
  }
  said = ask_of_page(scratch, Message::kAside, write_verdict(NX_ERR_INTERNAL));
  if (!said.ok()) return said.status();
  return said->kind == Message::kReply ? ended_otherwise() : lose_call(no_answer());
}

Status ProcessInstance::labels(ParserScratch& scratch, std::span<const nx_str> keys,
                               nx_series_sink sink, void* sink_ctx) {
  if (!scratch.find_rows(keys)) {
    return {NX_ERR_INVALID_ARGUMENT, "labels are wanted of keys that the batch does not have"};
  }
  if (!scratch.asking.owns_lock()) {
    if (Status status = ask_again(scratch); !status.ok()) return status;
  }
  const Result<Envelope> said = ask_of_page(scratch, Message::kAside, write_wanted(scratch.rows));
  if (!said.ok()) return said.status();
  if (said->kind != Message::kSeries) return lose_call(no_answer());
  WireReader in(said->body);
  const auto code = in.number<nx_status>();
  const std::string_view text = in.text();
  if (!in.ok()) return lose_call(no_answer());
  if (code < 0) return {code, std::string(text)};
  WireArrays arrays;
  const Result<nx_series_table> table = scratch.reader.read_series(in.rest(), keys.size(), arrays);
  if (!table.ok()) return lose_call(table.status());
  // A page may have brought a parser to this, and the others can do without it: it may live on.
  if (Status status = check_parsed_labels(*table); !status.ok()) return status;
  sink(sink_ctx, &*table);
  return Status();
}

// The rest of a page whose labels were wanted, batch by batch. REQUIRES: it is asking.
Status ProcessInstance::go_on(ParserScratch& scratch, nx_status taken, PageSink sink) {
  for (;;) {
    Result<Envelope> said = ask_of_page(scratch, Message::kAside, write_verdict(taken));
    if (!said.ok()) return said.status();
    if (said->kind == Message::kReply) {
      const Result<Answer> answer = decode_answer(std::move(said->body));
      if (!answer.ok()) return lose_call(answer.status());
      return taken != NX_OK ? Status(taken, {}) : answer->status();
    }
    if (said->kind != Message::kBatch || taken != NX_OK) return lose_call(no_answer());
    scratch.message = std::move(said->body);
    scratch.batch = scratch.message;
    if (Status read = scratch.reader.read(scratch.batch); !read.ok()) return lose_call(read);
    scratch.next_row = 0;
    taken = sink.push(sink.context, &scratch.reader.parsed());
  }
}

}  // namespace narthex::host
