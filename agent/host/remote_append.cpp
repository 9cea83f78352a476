// SPDX-License-Identifier: Apache-2.0
#include "host/remote_append.hpp"

#include "host/wire_ingest.hpp"

#include <narthex/sdk/guard.hpp>

#include <algorithm>
#include <vector>

namespace narthex::host {
namespace {

// What every answer begins with.
void write_outcome(WireWriter& out, nx_status code, const nx_error& err) {
  out.number(code);
  out.number(err.retry_after_ms);
  out.text(std::string_view(err.text, std::min<std::size_t>(err.text_len, NX_ERROR_TEXT)));
}

struct Outcome {
  nx_status code = NX_ERR_INTERNAL;
  std::uint32_t retry_after_ms = 0;
  std::string_view text;

  // NX_PARTIAL has a text as well.
  nx_status give(nx_error* err) const {
    return code == NX_OK ? NX_OK : sdk::fail(err, code, text, retry_after_ms);
  }
};

Outcome read_outcome(WireReader& in) {
  Outcome outcome;
  outcome.code = in.number<nx_status>();
  outcome.retry_after_ms = in.number<std::uint32_t>();
  outcome.text = in.text();
  return outcome;
}

nx_status nonsense(nx_error* err) {
  return sdk::fail(err, NX_ERR_INTERNAL, "the agent's answer to an append is none");
}

nx_status refuse_begin(const nx_host*, nx_appender**, nx_error* err) {
  return sdk::fail(err, NX_ERR_UNSUPPORTED,
                   "in a process of its own a plugin stores only what requests bring");
}

nx_status append(nx_appender* appender, const nx_sample_batch* batch, nx_append_result* result,
                 nx_error* err) {
  return sdk::guard(err, [&]() -> nx_status {
    std::string body;
    WireWriter out(body);
    out.number(std::uint8_t{result != nullptr && result->row_code != nullptr});
    write_batch(out, *batch);
    const std::string answer = RemoteAppender::of(appender).ask(Message::kAppend, body);
    WireReader in(answer);
    const Outcome outcome = read_outcome(in);
    nx_append_result unwanted{};
    read_result(in, result != nullptr ? *result : unwanted, batch->rows);
    return in.ok() ? outcome.give(err) : nonsense(err);
  });
}

nx_status resolve(nx_appender* appender, const nx_series_table* table, std::uint64_t* refs,
                  std::uint8_t* codes, nx_error* err) {
  return sdk::guard(err, [&]() -> nx_status {
    std::string body;
    WireWriter out(body);
    write_table(out, *table);
    const std::string answer = RemoteAppender::of(appender).ask(Message::kResolve, body);
    WireReader in(answer);
    const Outcome outcome = read_outcome(in);
    const std::vector<std::uint64_t> got_refs = in.numbers<std::uint64_t>();
    const std::vector<std::uint8_t> got_codes = in.numbers<std::uint8_t>();
    if (!in.ok()) return nonsense(err);
    if (outcome.code < 0) return outcome.give(err);
    if (got_refs.size() != table->series_count || got_codes.size() != got_refs.size()) {
      return nonsense(err);
    }
    std::copy(got_refs.begin(), got_refs.end(), refs);
    std::copy(got_codes.begin(), got_codes.end(), codes);
    return outcome.give(err);
  });
}

nx_status refuse_commit(nx_appender*, nx_append_result*, nx_error* err) {
  return sdk::fail(err, NX_ERR_INVALID_ARGUMENT, "the host commits the appender of a request");
}

void answer_rows(const nx_ext_append& service, nx_appender* appender, WireReader& in,
                 WireWriter& out) {
  const bool wants_codes = in.number<std::uint8_t>() != 0;
  WireArrays arrays;
  const nx_sample_batch batch = read_batch(in, arrays);
  if (!in.ok()) return;
  std::vector<std::uint8_t> codes(wants_codes ? batch.rows : 0);
  nx_append_result result{};
  result.struct_size = sizeof result;
  if (wants_codes) result.row_code = codes.data();
  sdk::ErrorSlot err;
  const nx_status code = service.append(appender, &batch, &result, &err);
  write_outcome(out, code, err);
  write_result(out, result, codes.size());
}

void answer_table(const nx_ext_append& service, nx_appender* appender, WireReader& in,
                  WireWriter& out) {
  WireArrays arrays;
  const nx_series_table table = read_table(in, arrays);
  if (!in.ok()) return;
  std::vector<std::uint64_t> refs(table.series_count);
  std::vector<std::uint8_t> codes(table.series_count);
  sdk::ErrorSlot err;
  const nx_status code = service.resolve(appender, &table, refs.data(), codes.data(), &err);
  write_outcome(out, code, err);
  out.numbers(refs.data(), refs.size());
  out.numbers(codes.data(), codes.size());
}

}  // namespace

const nx_ext_append& remote_append_service() {
  static const nx_ext_append table = [] {
    nx_ext_append t{};
    t.struct_size = sizeof t;
    t.begin = &refuse_begin;
    t.append = &append;
    t.commit = &refuse_commit;
    t.rollback = [](nx_appender*) {};
    t.resolve = &resolve;
    return t;
  }();
  return table;
}

Result<std::string> answer_append(const nx_ext_append& service, nx_appender* appender, Message kind,
                                  std::string_view body) {
  std::string answer;
  WireWriter out(answer);
  WireReader in(body);
  if (kind == Message::kAppend) {
    answer_rows(service, appender, in, out);
  } else if (kind == Message::kResolve) {
    answer_table(service, appender, in, out);
  } else {
    in.fail();
  }
  if (!in.ok()) return invalid_data("the plugin's process asked what is no question");
  return answer;
}

}  // namespace narthex::host
