// SPDX-License-Identifier: Apache-2.0
// function.hpp - PromQL functions in C++: a table of rows, each a name and a kernel. The simple
// kernels are plain functions on numbers or on a window of samples; the loops over series and steps
// are here, once.
//
//   double negative(double v) { return -v; }
//   std::optional<double> newest(const sdk::Window& w) { return w.values.back(); }
//
//   class MyFunctions {
//    public:
//     static constexpr std::string_view kName = "mine", kSummary = "Functions of mine";
//     explicit MyFunctions(sdk::Host) {}
//     static std::span<const nx_function* const> functions();  // of static rows
//   };
//   const nx_function kNegative = sdk::each<negative>("negative", "The value with its sign
//   turned."); const nx_function kNewest = sdk::over_window<newest>("newest", "The newest
//   sample."); NARTHEX_PLUGIN("function.mine", "0.1.0", "Functions of mine",
//   sdk::Functions<MyFunctions>)
//
// Kernels run concurrently and may throw sdk::Error, which fails the query with its text.
#pragma once

#include <narthex/function.h>
#include <narthex/sdk/component.hpp>
#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/labels.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace narthex::sdk {

// The host's side of a call. A view, valid during the call.
class FunctionContext {
 public:
  explicit FunctionContext(const nx_fn_ctx* ctx) noexcept : ctx_(ctx) {}

  void warn(std::uint32_t arg, std::uint32_t series, std::string_view text) const {
    ctx_->annotate(ctx_, NX_ANNOTATE_WARNING, arg, series, to_nx(text));
  }
  void info(std::uint32_t arg, std::uint32_t series, std::string_view text) const {
    ctx_->annotate(ctx_, NX_ANNOTATE_INFO, arg, series, to_nx(text));
  }
  void put(std::uint64_t element, const nx_histogram& h) const {
    ErrorSlot().check(ctx_->put_histogram(ctx_, element, &h));
  }
  // Zeroed, gone after the call. Throws when the query may not have that much.
  template <class T>
  std::span<T> scratch(std::size_t count) const {
    void* memory = ctx_->scratch(ctx_, count * sizeof(T));
    if (memory == nullptr) throw Error(NX_ERR_EXHAUSTED, "the query needs too much memory");
    return {static_cast<T*>(memory), count};
  }
  // Throws when the query is to stop. Ask about once a millisecond.
  void check() const {
    if (ctx_->cancelled(ctx_) != 0) throw Error(NX_ERR_CANCELLED, "the query was cancelled");
  }

 private:
  const nx_fn_ctx* ctx_;
};

// An argument: a column of scalars, or a text.
class FunctionArgs {
 public:
  FunctionArgs(const nx_arg* args, std::uint32_t count) noexcept : args_(args), count_(count) {}
  std::uint32_t size() const { return count_; }
  double at(std::uint32_t arg, std::uint32_t step) const {
    return args_[arg].v[args_[arg].stride * step];
  }
  std::string_view text(std::uint32_t arg) const { return view(args_[arg].str); }

 private:
  const nx_arg* args_;
  std::uint32_t count_;
};

// The float samples of one series that one step sees: those in (start_ms, end_ms], oldest first;
// never none.
struct Window {
  std::span<const std::int64_t> times_ms;  // strictly ascending
  std::span<const double> values;          // one for each time
  std::int64_t start_ms;
  std::int64_t end_ms;
  std::int64_t step_ms;  // the evaluation time
  std::uint32_t step;    // its index, for arguments

  std::size_t size() const { return values.size(); }
};

// Window (series, step) of a block, floats only.
inline Window window_at(const nx_window_in& in, std::uint32_t series, std::uint32_t step) {
  const std::uint64_t w = in.win_stride * series + step;
  const std::uint64_t off = in.off[series];
  const std::int64_t* t = (in.flags & NX_WINDOW_SHARED_T) != 0 ? in.t : in.t + off;
  const std::size_t size = in.hi[w] - in.lo[w];
  return {{t + in.lo[w], size},
          {in.v + off + in.lo[w], size},
          in.end_t[step] - in.range_ms,
          in.end_t[step],
          in.step_t[step],
          step};
}

namespace function_detail {

inline constexpr std::uint32_t kVectorParam[] = {NX_ARG_VECTOR};
inline constexpr std::uint32_t kRangeParam[] = {NX_ARG_RANGE};

// Every kernel is called between two checks of whether the query goes on.
template <class F>
nx_status call(const nx_fn_ctx* ctx, nx_error* err, F&& f) noexcept {
  return guard(err, [&] { f(FunctionContext(ctx)); });
}

template <auto F>
nx_status NX_CALL each(void*, const nx_fn_ctx*, const nx_elem_in* in, const nx_elem_out* out,
                       nx_error* err) noexcept {
  return guard(err, [&] {
    for (std::uint64_t i = 0; i < in->n; ++i) out->v[i] = F(in->v[i]);
  });
}

template <auto F>
nx_status NX_CALL elements(void*, const nx_fn_ctx* ctx, const nx_elem_in* in,
                           const nx_elem_out* out, nx_error* err) noexcept {
  return call(ctx, err, [&](const FunctionContext& context) { F(context, *in, *out); });
}

template <auto F>
nx_status NX_CALL windows(void*, const nx_fn_ctx* ctx, const nx_window_in* in,
                          const nx_elem_out* out, nx_error* err) noexcept {
  return call(ctx, err, [&](const FunctionContext& context) { F(context, *in, *out); });
}

// F(window) or F(window, args) -> optional<double>; nothing: the element is absent.
template <auto F>
void each_window(const FunctionContext& context, const nx_window_in& in, const nx_elem_out& out) {
  const FunctionArgs args(in.args, in.arg_count);
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    if (s % 64 == 0) context.check();
    for (std::uint32_t i = 0; i < in.step_count; ++i) {
      const std::uint64_t at = std::uint64_t{s} * in.step_count + i;
      const Window window = window_at(in, s, i);
      std::optional<double> value;
      if (window.size() > 0) {
        if constexpr (requires { F(window, args); }) {
          value = F(window, args);
        } else {
          value = F(window);
        }
      }
      out.present[at] = value.has_value() ? 1 : 0;
      out.v[at] = value.value_or(0.0);
    }
  }
}

template <auto F>
nx_status NX_CALL matrix(void*, const nx_fn_ctx* ctx, const nx_matrix* const* in,
                         std::uint32_t in_count, const nx_arg* args, std::uint32_t arg_count,
                         nx_matrix_out* out, nx_error* err) noexcept {
  return call(ctx, err, [&](const FunctionContext& context) {
    F(context, std::span(in, in_count), FunctionArgs(args, arg_count), *out);
  });
}

}  // namespace function_detail

// ---- rows ----

struct FunctionShape {
  std::span<const std::uint32_t> params;
  std::uint32_t required;  // how many of them
  bool variadic = false;
  std::uint32_t returns = NX_ARG_VECTOR;
  std::uint32_t flags = 0;
};

constexpr nx_function describe_function(std::string_view name, std::string_view doc,
                                        std::uint32_t kind, const FunctionShape& shape) {
  nx_function f{};
  f.struct_size = sizeof f;
  f.flags = shape.flags;
  f.kind = kind;
  f.returns = shape.returns;
  f.name = to_nx(name);
  f.doc = to_nx(doc);
  f.params = shape.params.data();
  f.param_count = static_cast<std::uint32_t>(shape.params.size());
  f.required = shape.required;
  f.variadic = shape.variadic ? 1 : 0;
  return f;
}

// out = F(v): F is double(double).
template <auto F>
constexpr nx_function each(std::string_view name, std::string_view doc) {
  nx_function f =
      describe_function(name, doc, NX_FN_ELEMENTWISE, {function_detail::kVectorParam, 1});
  f.eval = &function_detail::each<F>;
  return f;
}

// F(context, nx_elem_in, nx_elem_out): whole blocks of an instant vector.
template <auto F>
constexpr nx_function elements(std::string_view name, std::string_view doc,
                               const FunctionShape& shape) {
  nx_function f = describe_function(name, doc, NX_FN_ELEMENTWISE, shape);
  f.eval = &function_detail::elements<F>;
  return f;
}

// F(context, nx_elem_in, nx_elem_out): one column made of scalars.
template <auto F>
constexpr nx_function scalars(std::string_view name, std::string_view doc,
                              const FunctionShape& shape) {
  nx_function f = describe_function(name, doc, NX_FN_SCALAR, shape);
  f.eval = &function_detail::elements<F>;
  return f;
}

// F(window) or F(window, args) -> optional<double>.
template <auto F>
constexpr nx_function over_window(std::string_view name, std::string_view doc,
                                  const FunctionShape& shape = {function_detail::kRangeParam, 1}) {
  nx_function f = describe_function(name, doc, NX_FN_WINDOW, shape);
  f.eval_window = &function_detail::windows<function_detail::each_window<F>>;
  return f;
}

// F(context, nx_window_in, nx_elem_out): whole blocks of a range vector.
template <auto F>
constexpr nx_function windows(std::string_view name, std::string_view doc,
                              const FunctionShape& shape = {function_detail::kRangeParam, 1}) {
  nx_function f = describe_function(name, doc, NX_FN_WINDOW, shape);
  f.eval_window = &function_detail::windows<F>;
  return f;
}

// F(context, span of nx_matrix*, args, nx_matrix_out): whole vectors with their labels.
template <auto F>
constexpr nx_function matrix(std::string_view name, std::string_view doc,
                             const FunctionShape& shape) {
  nx_function f = describe_function(name, doc, NX_FN_MATRIX, shape);
  f.eval_matrix = &function_detail::matrix<F>;
  return f;
}

// ---- series of a result ----

// Adds a series and hands out its columns.
struct ResultColumns {
  double* v = nullptr;
  std::uint8_t* present = nullptr;
  std::uint64_t first_index = 0;
};
inline ResultColumns add_series(nx_matrix_out& out, std::span<const nx_label> labels) {
  ResultColumns columns;
  ErrorSlot err;
  err.check(out.add(&out, labels.data(), static_cast<std::uint32_t>(labels.size()), &columns.v,
                    &columns.present, &columns.first_index));
  return columns;
}

// ---- the component ----

template <class T>
struct Functions {
  static const nx_component* component() {
    static const nx_function_set table = [] {
      const std::span<const nx_function* const> all = T::functions();
      nx_function_set set{};
      set.struct_size = sizeof set;
      set.count = static_cast<std::uint32_t>(all.size());
      set.functions = all.data();
      return set;
    }();
    static const nx_interface interfaces[] = {{NX_STR(NX_FUNCTIONS_ID), &table}};
    static const nx_component component = describe<T>(interfaces);
    return &component;
  }
};

}  // namespace narthex::sdk
