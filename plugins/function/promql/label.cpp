// SPDX-License-Identifier: Apache-2.0
// Functions that change labels: label_replace and label_join.
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/replacement.hpp"
#include "plugins/function/promql/series_table.hpp"

#include <narthex/sdk/function.hpp>
#include <narthex/sdk/labels.hpp>

#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace narthex::function_promql {

namespace {

using sdk::FunctionArgs;
using sdk::FunctionContext;

using Inputs = std::span<const nx_matrix* const>;

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
    if (size == 0 || i + size > text.size()) return false;
    for (std::size_t k = 1; k < size; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    i += size;
  }
  return true;
}

void check_label_name(std::string_view name, const std::string& what) {
  if (!name.empty() && is_utf8(name)) return;
  throw sdk::Error(NX_ERR_INVALID_ARGUMENT, what + ": " + std::string(name));
}

// Copies a series under its labels with `name` set to value; an empty value removes it.
void copy_with(const FunctionContext& context, const nx_matrix& m, std::uint32_t series,
               std::string_view name, std::optional<std::string_view> value, nx_matrix_out& out) {
  std::vector<nx_label> labels = labels_of(*m.labels, series);
  if (value) {
    labels.push_back({to_nx(name), to_nx(*value)});  // of equal names the last counts
    if (name == kMetricName) labels.push_back({to_nx(NX_LABEL_DROP_NAME), to_nx("")});
  }
  const sdk::ResultColumns to = sdk::add_series(out, labels);
  const std::uint64_t from = std::uint64_t{series} * m.step_count;
  std::memcpy(to.v, m.v + from, m.step_count * sizeof(double));
  std::memcpy(to.present, m.present + from, m.step_count);
  for (std::uint32_t i = 0; m.h != nullptr && i < m.step_count; ++i) {
    if (m.h[from + i] != nullptr) context.put(to.first_index + i, *m.h[from + i]);
  }
}

// label_replace(v, dst, replacement, src, regex)
void label_replace(const FunctionContext& context, Inputs in, const FunctionArgs& args,
                   nx_matrix_out& out) {
  const nx_matrix& m = *in[0];
  const std::string_view target = args.text(1);
  const std::string_view source = args.text(3);
  const Replacement replacement(args.text(4), args.text(2));
  if (!replacement.ok()) {
    throw sdk::Error(NX_ERR_INVALID_ARGUMENT,
                     "invalid regular expression in label_replace(): " + std::string(args.text(4)));
  }
  check_label_name(target, "invalid destination label name in label_replace()");
  for (std::uint32_t s = 0; s < m.series_count; ++s) {
    if (s % 256 == 0) context.check();
    const std::optional<std::string> value = replacement.apply(label_of(*m.labels, s, source));
    copy_with(context, m, s, target, value, out);
  }
}

// label_join(v, dst, separator, src...)
void label_join(const FunctionContext& context, Inputs in, const FunctionArgs& args,
                nx_matrix_out& out) {
  const nx_matrix& m = *in[0];
  for (std::uint32_t arg = 3; arg < args.size(); ++arg) {
    check_label_name(args.text(arg), "invalid source label name in label_join()");
  }
  check_label_name(args.text(1), "invalid destination label name in label_join()");
  std::string joined;
  for (std::uint32_t s = 0; s < m.series_count; ++s) {
    if (s % 256 == 0) context.check();
    joined.clear();
    for (std::uint32_t arg = 3; arg < args.size(); ++arg) {
      if (arg > 3) joined += args.text(2);
      joined += label_of(*m.labels, s, args.text(arg));
    }
    copy_with(context, m, s, args.text(1), joined, out);
  }
}

constexpr std::uint32_t kReplace[] = {NX_ARG_VECTOR, NX_ARG_STRING, NX_ARG_STRING, NX_ARG_STRING,
                                      NX_ARG_STRING};
constexpr std::span<const std::uint32_t> kParams(kReplace);
constexpr std::uint32_t kFlags = NX_FN_HISTOGRAMS | NX_FN_KEEP_NAME;

const nx_function kRows[] = {
    sdk::matrix<label_replace>("label_replace",
                               "Sets a label to what a regular expression finds in another.",
                               {kParams, 5, false, NX_ARG_VECTOR, kFlags}),
    sdk::matrix<label_join>("label_join", "Sets a label to others, joined.",
                            {kParams.first(4), 3, true, NX_ARG_VECTOR, kFlags}),
};

}  // namespace

std::span<const nx_function> label_functions() { return kRows; }

}  // namespace narthex::function_promql
