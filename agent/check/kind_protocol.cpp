// SPDX-License-Identifier: Apache-2.0
// kind_protocol.cpp - scrape parsers: rows with keys, keys with labels, the same however it is cut.
#include "check/bodies.hpp"
#include "check/data_rules.hpp"
#include "check/suite.hpp"

#include <narthex/protocol.h>

#include <bit>
#include <cstring>

namespace narthex::check {
namespace {

constexpr const char* kParse = NX_PARSER_ID ".parse";
constexpr const char* kLabels = NX_PARSER_ID ".labels";
constexpr std::int64_t kDefaultTime = 1'700'000'000'000;

// What one parse yielded.
struct ParseBook {
  Session* session = nullptr;
  void* scratch = nullptr;
  std::uint32_t rows_max = 4096;
  std::uint64_t stop_after = 0;  // batches; 0: none
  bool ask_labels = true;
  std::uint64_t batches = 0;
  std::vector<std::string> rows;  // one text a row
};

struct LabelsBook {
  ParseBook* book;
  std::vector<std::string> series;
  std::uint64_t calls = 0;
};

void find_parser(ParseBook& book, const std::string& what) {
  book.session->report().find("NXR-PAR-1", std::string(kParse) + ' ' + what);
}

void on_table(void* ctx, const nx_series_table* table) {
  auto& labels = *static_cast<LabelsBook*>(ctx);
  ++labels.calls;
  if (std::string why = bad_table(*table, true); !why.empty()) {
    return find_parser(*labels.book, "yields keys whose labels have " + why);
  }
  for (std::uint32_t s = 0; s < table->series_count; ++s) {
    labels.series.push_back(series_text(*table, s));
  }
}

// The labels of the keys of a batch, asked for as the host does: from within the sink.
std::vector<std::string> labels_of(ParseBook& book, const nx_parsed& parsed) {
  Session& s = *book.session;
  const auto& table = *s.table<nx_parser>(NX_PARSER_ID);
  LabelsBook labels{&book, {}, 0};
  const std::uint64_t count = parsed.batch->rows;
  const CallResult result = s.call(kLabels, NX_THREAD_WORKER, [&](nx_error* err) {
    return table.labels(s.self(), book.scratch, parsed.key, count, &on_table, &labels, err);
  });
  set_current_entry(kParse);
  if (!result.ok()) return {};  // the row's labels are bad: an answer like another
  if (labels.calls != 1) {
    find_parser(book, "answers labels() with " + std::to_string(labels.calls) + " tables");
  } else if (labels.series.size() != count) {
    find_parser(book, "answers " + std::to_string(count) + " keys with " +
                          std::to_string(labels.series.size()) + " series");
  }
  return labels.series.size() == count ? labels.series : std::vector<std::string>();
}

std::string row_text(const nx_sample_batch& b, std::uint64_t row) {
  std::string text;
  text += ' ' + std::to_string(b.t != nullptr ? b.t[(b.flags & NX_BATCH_ONE_T) ? 0 : row] : 0);
  if (b.v != nullptr) text += ' ' + std::to_string(std::bit_cast<std::uint64_t>(b.v[row]));
  if (b.h != nullptr && b.h[row] != NX_NONE) {
    text += " histogram " + std::to_string(b.hists[b.h[row]].sum);
  }
  return text;
}

nx_status on_parsed(void* ctx, const nx_parsed* parsed) {
  auto& book = *static_cast<ParseBook*>(ctx);
  ++book.batches;
  const nx_sample_batch& batch = *parsed->batch;
  if (std::string why = bad_batch(batch, false); !why.empty()) {
    find_parser(book, "yields a batch with " + why);
    return NX_ERR_INVALID_ARGUMENT;
  }
  if (batch.rows > book.rows_max) {
    find_parser(book, "yields " + std::to_string(batch.rows) + " rows where at most " +
                          std::to_string(book.rows_max) + " were wanted");
  }
  std::vector<std::string> labels;
  if (book.ask_labels && batch.rows != 0) labels = labels_of(book, *parsed);
  for (std::uint64_t row = 0; row < batch.rows; ++row) {
    const std::string_view key = view(parsed->key[row]);
    book.rows.push_back((labels.empty() ? std::string(key) : labels[row]) + row_text(batch, row));
  }
  return book.stop_after != 0 && book.batches >= book.stop_after ? NX_ERR_EXHAUSTED : NX_OK;
}

CallResult parse_once(Session& s, ParseBook& book, std::string_view body, nx_str type,
                      std::uint32_t flags = NX_PARSE_HONOR_T) {
  const auto& table = *s.table<nx_parser>(NX_PARSER_ID);
  book.session = &s;
  Borrow lent = s.borrow(kParse);
  nx_parse_opts opts{};
  opts.flags = flags | lent.odd_flags();
  opts.content_type = lent.text(view(type), "the content type");
  opts.default_t = kDefaultTime;
  opts.max_rows = book.rows_max;
  const nx_parse_opts* const lent_opts = lent.make(opts, "nx_parse_opts");
  lent.seal();
  nx_buffer* const buffer = s.host().make_body(body);
  CallResult result = s.call(
      kParse, NX_THREAD_WORKER,
      [&](nx_error* err) {
        return table.parse(s.self(), book.scratch, buffer, lent_opts, &on_parsed, &book, err);
      },
      book.stop_after != 0 ? NX_ERR_EXHAUSTED : NX_OK);
  buffer->release(buffer);
  return result;
}

class Scratch {
 public:
  explicit Scratch(Session& s) : table_(*s.table<nx_parser>(NX_PARSER_ID)) {
    (void)s.call(NX_PARSER_ID ".scratch_new", NX_THREAD_WORKER, [&](nx_error*) {
      scratch_ = table_.scratch_new(s.self());
      return NX_OK;
    });
  }
  ~Scratch() {
    if (scratch_ != nullptr) table_.scratch_free(scratch_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  void* get() const { return scratch_; }

 private:
  const nx_parser& table_;
  void* scratch_ = nullptr;
};

std::span<const nx_str> types_of_parser(Session& s) {
  const auto& table = *s.table<nx_parser>(NX_PARSER_ID);
  return {table.content_types, table.content_type_count};
}

void exercise_protocol(Session& s, std::mt19937_64& random) {
  static const std::vector<std::string> bodies = known_bodies(s.the_case().corpus);
  const auto types = types_of_parser(s);
  const Scratch scratch(s);
  if (scratch.get() == nullptr) return;
  for (int i = 0; i < 4; ++i) {
    ParseBook book;
    book.scratch = scratch.get();
    book.rows_max = random() % 2 == 0 ? 4096 : 1 + static_cast<std::uint32_t>(random() % 5);
    const std::string body = i < 2 ? bodies[random() % bodies.size()] : mutated(bodies, random);
    (void)parse_once(s, book, body, types[random() % types.size()],
                     static_cast<std::uint32_t>(random() % 32));
  }
}

void check_cutting(Case& c) {
  Session s(c, {});
  if (!s.up()) return;
  std::uint64_t understood = 0;
  for (const nx_str& type : types_of_parser(s)) {
    for (const std::string& body : known_bodies(c.corpus)) {
      const Scratch scratch(s);
      const auto rows_of = [&](std::uint32_t rows_max) {
        ParseBook book;
        book.scratch = scratch.get();
        book.rows_max = rows_max;
        const bool good = parse_once(s, book, body, type).ok();
        // A body that fails may have yielded more or less before it did.
        return good ? book.rows : std::vector<std::string>{"refused"};
      };
      const auto whole = rows_of(4096);
      understood += whole != std::vector<std::string>{"refused"} && !whole.empty();
      for (const std::uint32_t rows_max : {1u, 2u, 3u, 4096u}) {
        if (rows_of(rows_max) == whole) continue;
        c.report.find("NXR-PAR-2", "a body of " + std::string(view(type)) +
                                       " parsed with max_rows " + std::to_string(rows_max) +
                                       " yields other rows: " + body.substr(0, 60));
      }
    }
  }
  c.report.note(std::to_string(understood) + " bodies understood" +
                (understood == 0 ? "; give some with --corpus" : ""));
}

void check_stop_by_sink(Case& c) {
  Session s(c, {});
  if (!s.up()) return;
  const Scratch scratch(s);
  for (const nx_str& type : types_of_parser(s)) {
    for (const std::string& body : known_bodies(c.corpus)) {
      ParseBook book;
      book.scratch = scratch.get();
      book.rows_max = 1;
      book.stop_after = 1;
      const CallResult result = parse_once(s, book, body, type);
      if (book.batches == 0) continue;
      if (book.batches > 1) {
        c.report.find("NXR-PAR-4", "parse goes on after the sink has refused a batch");
      } else if (result.status != NX_ERR_EXHAUSTED) {
        c.report.find("NXR-PAR-4", "the sink answered " + std::to_string(NX_ERR_EXHAUSTED) +
                                       ", parse returns " + std::to_string(result.status));
      }
    }
  }
}

bool names_a_place(std::string_view text) {
  return text.starts_with("line ") && text.find(", column ") != std::string_view::npos &&
         text.find(": ") != std::string_view::npos;
}

void check_bad_bodies(Case& c) {
  Session s(c, {});
  if (!s.up()) return;
  const auto bodies = known_bodies(c.corpus);
  const Scratch scratch(s);
  std::uint64_t refused = 0;
  for (int i = 0; i < 400; ++i) {
    const auto types = types_of_parser(s);
    ParseBook book;
    book.scratch = scratch.get();
    book.ask_labels = false;
    const CallResult result =
        parse_once(s, book, mutated(bodies, c.random), types[c.random() % types.size()]);
    if (result.ok()) continue;
    ++refused;
    if (result.status != NX_ERR_INVALID_DATA) {
      c.report.find("NXR-PAR-3", "a bad body gives status " + std::to_string(result.status) + ": " +
                                     result.text);
    } else if (view(types[0]).starts_with("text/") && !names_a_place(result.text)) {
      c.report.find("NXR-PAR-3", "the message names no place: " + result.text);
    }
  }
  c.report.note(std::to_string(refused) + " of 400 mutated bodies refused");
}

constexpr std::array kProtocolChecks = {
    Check{"protocol", "cut_anywhere", &check_cutting},
    Check{"protocol", "sink_refuses", &check_stop_by_sink},
    Check{"protocol", "bad_bodies", &check_bad_bodies},
};

}  // namespace

const KindSuite& protocol_suite() {
  static const KindSuite suite = {"protocol",      NX_PARSER_ID, &exercise_protocol, true, false,
                                  kProtocolChecks, nullptr};
  return suite;
}

}  // namespace narthex::check
