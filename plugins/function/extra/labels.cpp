// SPDX-License-Identifier: Apache-2.0
// Labels set, copied, kept and dropped. Series that are equal then are one, or an error of the
// query.
#include "plugins/function/extra/families.hpp"
#include "plugins/function/extra/rows.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

namespace narthex::function_extra {

namespace {

using sdk::FunctionContext;
using Inputs = std::span<const nx_matrix* const>;
using LabelList = std::vector<nx_label>;

LabelList labels_of(const nx_series_table& table, std::uint32_t series) {
  LabelList out;
  for (std::uint32_t p = table.label_off[series]; p < table.label_off[series + 1]; ++p) {
    out.push_back(
        {table.symbols[table.label_ref[2 * p]], table.symbols[table.label_ref[2 * p + 1]]});
  }
  return out;
}

nx_str value_of(const LabelList& labels, std::string_view name) {
  for (const nx_label& label : labels) {
    if (view(label.name) == name) return label.value;
  }
  return to_nx(std::string_view());
}

// Of equal names the last counts, and empty values are no labels: so appending sets and removes.
void set(LabelList& labels, std::string_view name, nx_str value) {
  labels.push_back({to_nx(name), value});
}

bool names(const FunctionArgs& args, std::string_view name) {
  for (std::uint32_t arg = 1; arg < args.size(); ++arg) {
    if (args.text(arg) == name) return true;
  }
  return false;
}

// Arguments behind the vector come in pairs.
void need_pairs(const FunctionArgs& args) {
  if (args.size() % 2 == 1) return;
  throw sdk::Error(NX_ERR_INVALID_ARGUMENT, "labels come in pairs, the last one lacks its second");
}

// F(labels, args, texts): changes the labels of a series; texts outlive the call.
template <auto F>
void relabel(const FunctionContext& context, Inputs in, const FunctionArgs& args,
             nx_matrix_out& out) {
  const nx_matrix& m = *in[0];
  std::deque<std::string> texts;
  for (std::uint32_t s = 0; s < m.series_count; ++s) {
    if (s % 256 == 0) context.check();
    LabelList labels = labels_of(*m.labels, s);
    F(labels, args, texts);
    const sdk::ResultColumns to = sdk::add_series(out, labels);
    const std::uint64_t from = std::uint64_t{s} * m.step_count;
    std::memcpy(to.v, m.v + from, m.step_count * sizeof(double));
    std::memcpy(to.present, m.present + from, m.step_count);
    for (std::uint32_t i = 0; m.h != nullptr && i < m.step_count; ++i) {
      if (m.h[from + i] != nullptr) context.put(to.first_index + i, *m.h[from + i]);
    }
  }
}

using Texts = std::deque<std::string>;

void set_labels(LabelList& labels, const FunctionArgs& args, Texts&) {
  need_pairs(args);
  for (std::uint32_t arg = 1; arg < args.size(); arg += 2) {
    set(labels, args.text(arg), to_nx(args.text(arg + 1)));
  }
}

void copy_labels(LabelList& labels, const FunctionArgs& args, Texts&) {
  need_pairs(args);
  const LabelList before = labels;
  for (std::uint32_t arg = 1; arg < args.size(); arg += 2) {
    const nx_str value = value_of(before, args.text(arg));
    if (value.len > 0) set(labels, args.text(arg + 1), value);
  }
}

void move_labels(LabelList& labels, const FunctionArgs& args, Texts& texts) {
  need_pairs(args);
  const LabelList before = labels;
  for (std::uint32_t arg = 1; arg < args.size(); arg += 2) {
    if (value_of(before, args.text(arg)).len > 0) set(labels, args.text(arg), to_nx(""));
  }
  LabelList copied = before;
  copy_labels(copied, args, texts);
  labels.insert(labels.end(), copied.begin() + static_cast<std::ptrdiff_t>(before.size()),
                copied.end());
}

void keep_labels(LabelList& labels, const FunctionArgs& args, Texts&) {
  std::erase_if(labels, [&](const nx_label& label) { return !names(args, view(label.name)); });
}

void drop_labels(LabelList& labels, const FunctionArgs& args, Texts&) {
  std::erase_if(labels, [&](const nx_label& label) { return names(args, view(label.name)); });
}

// ASCII letters alone change.
template <char From>
void change_case(LabelList& labels, const FunctionArgs& args, Texts& texts) {
  for (nx_label& label : labels) {
    if (!names(args, view(label.name))) continue;
    std::string& text = texts.emplace_back(view(label.value));
    for (char& c : text) {
      if (c >= From && c < From + 26) c = static_cast<char>(c ^ 0x20);
    }
    label.value = to_nx(text);
  }
}

// The number that a label holds; series without one are absent.
void label_value(const FunctionContext& context, const nx_elem_in& in, const nx_elem_out& out) {
  const FunctionArgs args(in.args, in.arg_count);
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    if (s % 256 == 0) context.check();
    const LabelList labels = labels_of(*in.labels, s);
    const std::string_view text = view(value_of(labels, args.text(1)));
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool number = error == std::errc() && end == text.data() + text.size();
    for (std::uint32_t i = 0; i < in.step_count; ++i) {
      const std::uint64_t at = std::uint64_t{s} * in.step_count + i;
      out.v[at] = value;
      if (!number) out.present[at] = 0;
    }
  }
}

constexpr std::uint32_t kTexts[] = {NX_ARG_VECTOR, NX_ARG_STRING, NX_ARG_STRING};
constexpr std::span<const std::uint32_t> kNames(kTexts, 2);
// What a function makes of the name is its own affair.
constexpr std::uint32_t kFlags = NX_FN_HISTOGRAMS | NX_FN_KEEP_NAME;
constexpr sdk::FunctionShape kPairs = {kTexts, 3, true, NX_ARG_VECTOR, kFlags};
constexpr sdk::FunctionShape kList = {kNames, 2, true, NX_ARG_VECTOR, kFlags};

const nx_function kRows[] = {
    sdk::matrix<relabel<set_labels>>("label_set", "Labels set to texts.", kPairs),
    sdk::matrix<relabel<copy_labels>>("label_copy", "Labels copied to others.", kPairs),
    sdk::matrix<relabel<move_labels>>("label_move", "Labels renamed.", kPairs),
    sdk::matrix<relabel<keep_labels>>("label_keep", "These labels and no others.", kList),
    sdk::matrix<relabel<drop_labels>>("label_del", "All labels but these.", kList),
    sdk::matrix<relabel<change_case<'A'>>>("label_lowercase", "Labels in lower case.", kList),
    sdk::matrix<relabel<change_case<'a'>>>("label_uppercase", "Labels in upper case.", kList),
    sdk::elements<label_value>("label_value", "The number that a label holds.",
                               {kNames, 2, false, NX_ARG_VECTOR, NX_FN_LABELS}),
};

}  // namespace

std::span<const nx_function> label_functions() { return kRows; }

}  // namespace narthex::function_extra
