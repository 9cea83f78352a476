// SPDX-License-Identifier: Apache-2.0
// function_call.cpp - lends a block to a function and takes its result.
#include "check/data_rules.hpp"
#include "check/function_block.hpp"

#include <algorithm>
#include <deque>
#include <memory>

namespace narthex::check {
namespace {

constexpr const char* kEval = NX_FUNCTIONS_ID ".eval";
constexpr const char* kEvalWindow = NX_FUNCTIONS_ID ".eval_window";
constexpr const char* kEvalMatrix = NX_FUNCTIONS_ID ".eval_matrix";

// What the call may ask of its ctx.
struct CallBook {
  Session* session = nullptr;
  const nx_function* function = nullptr;
  std::uint64_t elements = 0;
  bool cancelled = false;
  std::vector<std::unique_ptr<char[]>> scratch;
  std::uint8_t* present = nullptr;

  // MATRIX: the series of the result.
  std::uint32_t step_count = 0;
  std::deque<std::vector<double>> columns;
  std::deque<std::vector<std::uint8_t>> presence;
};

CallBook& book_of(const nx_fn_ctx* ctx) { return *static_cast<CallBook*>(ctx->impl); }

void find_function(const CallBook& book, const char* rule, const std::string& what) {
  book.session->report().find(rule,
                              "function " + std::string(view(book.function->name)) + ' ' + what);
}

void* on_scratch(const nx_fn_ctx* ctx, std::uint64_t size) {
  CallBook& book = book_of(ctx);
  if (book.session->host().fails() || size > (std::uint64_t{64} << 20)) return nullptr;
  auto& made = book.scratch.emplace_back(std::make_unique<char[]>(size + 64));
  const auto address = reinterpret_cast<std::uintptr_t>(made.get());
  return made.get() + (64 - address % 64) % 64;
}

void on_annotate(const nx_fn_ctx* ctx, std::uint32_t, std::uint32_t, std::uint32_t, nx_str text) {
  const nx_label label = {NX_STR("text"), text};
  if (!bad_labels(&label, 1, false).empty()) {
    find_function(book_of(ctx), "NXR-FUN-3", "annotates with bytes that are not UTF-8");
  }
}

nx_status on_put(const nx_fn_ctx* ctx, std::uint64_t i, const nx_histogram* h) {
  CallBook& book = book_of(ctx);
  const std::uint64_t elements =
      book.function->kind == NX_FN_MATRIX ? book.columns.size() * book.step_count : book.elements;
  if (i >= elements) {
    find_function(book, "NXR-FUN-3",
                  "puts a histogram at " + std::to_string(i) + " of " + std::to_string(elements));
    return NX_ERR_INVALID_ARGUMENT;
  }
  if (std::string why = bad_histogram(*h); !why.empty()) {
    find_function(book, "NXR-FUN-3", "puts " + why);
    return NX_ERR_INVALID_ARGUMENT;
  }
  if (book.present != nullptr) book.present[i] = 1;
  return NX_OK;
}

nx_status on_add(nx_matrix_out* out, const nx_label* labels, std::uint32_t count, double** v,
                 std::uint8_t** present, std::uint64_t* first_index) {
  CallBook& book = *static_cast<CallBook*>(out->impl);
  if (std::string why = bad_labels(labels, count, false); !why.empty()) {
    find_function(book, "NXR-FUN-3", "adds a series with " + why);
    return NX_ERR_INVALID_ARGUMENT;
  }
  *first_index = book.columns.size() * book.step_count;
  *v = book.columns.emplace_back(book.step_count, 0.0).data();
  *present = book.presence.emplace_back(book.step_count, std::uint8_t{0}).data();
  return NX_OK;
}

const nx_fn_ctx* lend_context(Borrow& lent, CallBook& book) {
  nx_fn_ctx ctx{};
  ctx.impl = &book;
  ctx.scratch = &on_scratch;
  ctx.annotate = &on_annotate;
  ctx.put_histogram = &on_put;
  ctx.cancelled = [](const nx_fn_ctx* c) -> std::int32_t { return book_of(c).cancelled ? 1 : 0; };
  return lent.make(ctx, "nx_fn_ctx");
}

const nx_histogram* lend_histogram(Borrow& lent) {
  const nx_span spans[] = {{0, 2}, {1, 1}};
  const double counts[] = {1, 2, 1.5};
  nx_histogram h{};
  h.schema = 1;
  h.is_float = 1;
  h.zero_threshold = 1e-128;
  h.zero_count.f = 0.5;
  h.count.f = 5;
  h.sum = 12.5;
  h.pos_span_count = 2;
  h.pos_bucket_count = 3;
  h.pos_spans = lent.array(std::span(spans), "the spans of a histogram");
  h.pos.counts = lent.array(std::span(counts), "the buckets of a histogram");
  return lent.array(std::span(&h, 1), "a histogram");
}

const nx_arg* lend_arguments(Borrow& lent, const nx_function& f, const FunctionBlock& b) {
  std::vector<nx_arg> args(f.param_count);
  for (std::uint32_t a = 0; a < f.param_count; ++a) {
    if (f.params[a] == NX_ARG_SCALAR) {
      args[a].v = lent.array(std::span(b.scalars).subspan(a * b.step_count, b.step_count),
                             "a scalar argument");
      args[a].stride = 1;
    } else if (f.params[a] == NX_ARG_STRING) {
      args[a].str = lent.text(b.strings[a], "a string argument");
    }
  }
  return lent.array(args, "the arguments");
}

const nx_series_table* lend_labels(Borrow& lent, std::uint32_t series_count) {
  std::vector<std::string> texts = {"__name__", "kit_metric", "instance", "le", "0.5"};
  std::vector<std::uint32_t> refs;
  std::vector<std::uint32_t> offsets = {0};
  for (std::uint32_t s = 0; s < series_count; ++s) {
    texts.push_back("host-" + std::to_string(s));
    for (const std::uint32_t each : {0u, 1u, 2u, 5 + s, 3u, 4u}) refs.push_back(each);
    offsets.push_back(offsets.back() + 3);
  }
  std::vector<nx_str> symbols;
  for (const std::string& text : texts) symbols.push_back(to_nx(text));
  nx_series_table table{};
  table.series_count = series_count;
  table.symbol_count = static_cast<std::uint32_t>(symbols.size());
  table.symbols = symbols.data();
  table.label_ref = refs.data();
  table.label_off = offsets.data();
  return lent.table(table, "the labels of the block");
}

const nx_histogram* const* lend_elements(Borrow& lent, const FunctionBlock& b) {
  if (std::ranges::count(b.is_histogram, 1) == 0) return nullptr;
  const nx_histogram* const histogram = lend_histogram(lent);
  std::vector<const nx_histogram*> list;
  for (const std::uint8_t each : b.is_histogram) list.push_back(each != 0 ? histogram : nullptr);
  return lent.array(list, "the histograms of the block");
}

// Windows of every series over its samples, in columns of the whole block.
struct Windows {
  std::vector<std::uint32_t> lo, hi, hlo, hhi;
  std::vector<std::uint64_t> off;
  std::vector<std::int64_t> t, ht;
  std::vector<double> v;
};

Windows windows_of(const FunctionBlock& b) {
  Windows w;
  const auto bound = [](const std::vector<std::int64_t>& t, std::int64_t after) {
    return static_cast<std::uint32_t>(std::upper_bound(t.begin(), t.end(), after) - t.begin());
  };
  for (const FunctionBlock::Series& s : b.series) {
    w.off.push_back(w.t.size());
    const auto before = static_cast<std::uint32_t>(w.ht.size());
    for (const std::int64_t end : b.step_t) {
      w.lo.push_back(bound(s.t, end - b.range_ms));
      w.hi.push_back(bound(s.t, end));
      w.hlo.push_back(before + bound(s.ht, end - b.range_ms));
      w.hhi.push_back(before + bound(s.ht, end));
    }
    w.t.insert(w.t.end(), s.t.begin(), s.t.end());
    w.v.insert(w.v.end(), s.v.begin(), s.v.end());
    w.ht.insert(w.ht.end(), s.ht.begin(), s.ht.end());
  }
  return w;
}

nx_window_in lend_windows(Borrow& lent, const nx_function& f, const FunctionBlock& b,
                          const Windows& w) {
  nx_window_in in{};
  in.series_count = b.series_count;
  in.n = std::uint64_t{b.series_count} * b.step_count;
  in.step_count = b.step_count;
  in.arg_count = f.param_count;
  in.lo = lent.array(w.lo, "lo");
  in.hi = lent.array(w.hi, "hi");
  in.t = lent.array(w.t, "t");
  in.v = lent.array(w.v, "v");
  if (!w.ht.empty()) {
    const nx_histogram* const histogram = lend_histogram(lent);
    const std::vector<const nx_histogram*> list(w.ht.size(), histogram);
    in.hlo = lent.array(w.hlo, "hlo");
    in.hhi = lent.array(w.hhi, "hhi");
    in.ht = lent.array(w.ht, "ht");
    in.h = lent.array(list, "h");
  }
  in.end_t = lent.array(b.step_t, "end_t");
  in.step_t = lent.array(b.step_t, "step_t");
  in.range_ms = b.range_ms;
  in.flags = lent.odd_flags();
  in.args = lend_arguments(lent, f, b);
  in.labels = lend_labels(lent, b.series_count);
  in.win_stride = b.step_count;
  in.off = lent.array(w.off, "off");
  return in;
}

nx_elem_in lend_elem_in(Borrow& lent, const nx_function& f, const FunctionBlock& b) {
  nx_elem_in in{};
  in.series_count = b.series_count;
  in.n = std::uint64_t{b.series_count} * b.step_count;
  in.step_count = b.step_count;
  in.arg_count = f.param_count;
  in.step_t = lent.array(b.step_t, "step_t");
  if (f.kind == NX_FN_ELEMENTWISE) {
    in.v = lent.array(b.v, "v");
    in.present = lent.array(b.present, "present");
    in.h = lend_elements(lent, b);
    in.labels = lend_labels(lent, b.series_count);
  }
  in.args = lend_arguments(lent, f, b);
  return in;
}

// What `present` is before the call.
std::vector<std::uint8_t> preset(const nx_function& f, const FunctionBlock& b, const Windows& w) {
  if (f.kind == NX_FN_ELEMENTWISE) return b.present;
  std::vector<std::uint8_t> present(std::size_t{b.series_count} * b.step_count, 1);
  if (f.kind != NX_FN_WINDOW) return present;
  for (std::size_t i = 0; i < present.size(); ++i) {
    present[i] = w.hi[i] > w.lo[i] || w.hhi[i] > w.hlo[i] ? 1 : 0;
  }
  return present;
}

FunctionResult evaluate_matrix(Session& s, const nx_function& f, const FunctionBlock& b,
                               CallBook& book) {
  Borrow lent = s.borrow(kEvalMatrix);
  const nx_fn_ctx* const ctx = lend_context(lent, book);
  std::vector<const nx_matrix*> inputs;
  for (std::uint32_t a = 0; a < f.param_count; ++a) {
    if (f.params[a] != NX_ARG_VECTOR) continue;
    nx_matrix m{};
    m.series_count = b.series_count;
    m.step_count = b.step_count;
    m.step_t = lent.array(b.step_t, "step_t");
    m.v = lent.array(b.v, "v");
    m.present = lent.array(b.present, "present");
    m.h = lend_elements(lent, b);
    m.labels = lend_labels(lent, b.series_count);
    inputs.push_back(lent.make(m, "nx_matrix"));
  }
  const nx_matrix* const* const in = lent.array(inputs, "the list of matrices");
  const nx_arg* const args = lend_arguments(lent, f, b);
  nx_matrix_out out{};
  out.impl = &book;
  out.add = &on_add;
  nx_matrix_out* const lent_out = lent.make(out, "nx_matrix_out");
  lent.seal();
  FunctionResult result;
  result.status =
      s.call(kEvalMatrix, NX_THREAD_QUERY, [&](nx_error* err) {
         return f.eval_matrix(s.self(), ctx, in, static_cast<std::uint32_t>(inputs.size()), args,
                              f.param_count, lent_out, err);
       }).status;
  return result;
}

}  // namespace

FunctionResult evaluate(Session& s, const nx_function& f, const FunctionBlock& b) {
  CallBook book;
  book.session = &s;
  book.function = &f;
  book.cancelled = b.cancelled;
  book.step_count = b.step_count;
  book.elements = std::uint64_t{b.series_count} * b.step_count;
  if (f.kind == NX_FN_MATRIX) return evaluate_matrix(s, f, b, book);

  const bool windows = f.kind == NX_FN_WINDOW;
  Borrow lent = s.borrow(windows ? kEvalWindow : kEval);
  const nx_fn_ctx* const ctx = lend_context(lent, book);
  const Windows w = windows ? windows_of(b) : Windows();
  const std::vector<std::uint8_t> before = preset(f, b, w);
  nx_elem_out out{};
  out.v = lent.array(std::vector<double>(book.elements, 0.0), "the result's v", false);
  out.present = lent.array(before, "the result's present", false);
  book.present = out.present;
  const nx_elem_out* const lent_out = lent.make(out, "nx_elem_out");
  FunctionResult result;
  if (windows) {
    const nx_window_in* const in = lent.make(lend_windows(lent, f, b, w), "nx_window_in");
    lent.seal();
    result.status = s.call(kEvalWindow, NX_THREAD_QUERY, [&](nx_error* err) {
                       return f.eval_window(s.self(), ctx, in, lent_out, err);
                     }).status;
  } else {
    const nx_elem_in* const in = lent.make(lend_elem_in(lent, f, b), "nx_elem_in");
    lent.seal();
    result.status = s.call(kEval, NX_THREAD_QUERY, [&](nx_error* err) {
                       return f.eval(s.self(), ctx, in, lent_out, err);
                     }).status;
  }
  result.step_count = b.step_count;
  result.v.assign(out.v, out.v + book.elements);
  result.present.assign(out.present, out.present + book.elements);
  if (std::ranges::any_of(result.present, [](std::uint8_t each) { return each > 1; })) {
    find_function(book, "NXR-FUN-3", "writes something else than 0 and 1 into present");
  }
  return result;
}

}  // namespace narthex::check
