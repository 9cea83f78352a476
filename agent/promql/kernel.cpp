// SPDX-License-Identifier: Apache-2.0
#include "promql/kernel.hpp"

#include "promql/quoting.hpp"

#include <algorithm>
#include <bit>

namespace narthex::promql {

namespace {

// A kernel may not ask for more than this at once.
constexpr std::uint64_t kMaxScratchBytes = 256 << 20;

bool is_constant(const ScalarColumn& column) {
  return std::all_of(column.begin(), column.end(), [&](double v) {
    return std::bit_cast<std::uint64_t>(v) == std::bit_cast<std::uint64_t>(column.front());
  });
}

}  // namespace

// Of few symbols all; of many those that the sets name, since there is a table for each batch.
bool SeriesTable::fill(Context& context, std::span<const LabelSet> sets) {
  const LabelStore& labels = context.labels;
  std::size_t pairs = 0;
  for (const LabelSet& set : sets) pairs += set.size();
  const bool all = labels.symbol_count() <= 4 * pairs;
  const auto take = [&](Symbol symbol) { symbols_.push_back(to_nx(labels.text(symbol))); };
  if (all) symbols_.reserve(labels.symbol_count());
  for (std::size_t s = 0; all && s < labels.symbol_count(); ++s) {
    if (context.stop_after(4)) return false;
    take(static_cast<Symbol>(s));
  }
  CountedMap<Symbol, std::uint32_t> numbers;
  const auto number_of = [&](Symbol symbol) {
    if (all) return symbol;
    const auto [number, is_new] =
        numbers.try_emplace(symbol, static_cast<std::uint32_t>(symbols_.size()));
    if (is_new) take(symbol);
    return *number;
  };
  refs_.reserve(2 * pairs);
  offsets_.reserve(sets.size() + 1);
  offsets_.push_back(0);
  for (const LabelSet& set : sets) {
    if (context.stop_after((all ? 2 : kWorkOfKey) * (1 + set.size()))) return false;
    for (const LabelPair& pair : set) {
      refs_.push_back(number_of(pair.name));
      refs_.push_back(number_of(pair.value));
    }
    offsets_.push_back(static_cast<std::uint32_t>(refs_.size() / 2));
  }
  table_.struct_size = sizeof table_;
  table_.series_count = static_cast<std::uint32_t>(sets.size());
  table_.symbols = symbols_.data();
  table_.symbol_count = static_cast<std::uint32_t>(symbols_.size());
  table_.label_ref = refs_.data();
  table_.label_off = offsets_.data();
  return true;
}

std::vector<nx_arg> kernel_arguments(const CallArguments& args) {
  std::vector<nx_arg> out(args.scalars.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = {};
    out[i].str = to_nx(args.texts[i]);
    if (args.scalars[i].empty()) continue;
    out[i].v = args.scalars[i].data();
    out[i].stride = is_constant(args.scalars[i]) ? 0 : 1;
  }
  return out;
}

std::vector<nx_arg> arguments_from(const std::vector<nx_arg>& args, std::uint32_t first) {
  std::vector<nx_arg> out = args;
  for (nx_arg& arg : out) {
    if (arg.v != nullptr) arg.v += arg.stride * first;
  }
  return out;
}

KernelCall::KernelCall(Context& context, const CallExpr& call, std::span<const LabelSet> labels,
                       Batch* results, std::uint64_t first)
    : context_(context), call_(call), labels_(labels), results_(results), first_(first) {
  ctx_.struct_size = sizeof ctx_;
  ctx_.impl = this;
  ctx_.scratch = &scratch;
  ctx_.annotate = &annotate;
  ctx_.put_histogram = &put_histogram;
  ctx_.cancelled = &cancelled;
}

bool KernelCall::finish(const Status& status) {
  if (context_.failed()) return false;
  if (status.ok()) return true;
  switch (status.code()) {
    case NX_ERR_CANCELLED:
    case NX_ERR_DEADLINE:
      return context_.fail(status);
    default:
      return context_.fail(ErrorKind::kExecution, status.message());
  }
}

void* KernelCall::scratch(const nx_fn_ctx* ctx, std::uint64_t size) {
  KernelCall& call = self(ctx);
  if (size > kMaxScratchBytes || call.scratch_.bytes() > kMaxScratchBytes) return nullptr;
  void* memory = nullptr;
  within_memory(call.context_, [&] {
    memory = call.scratch_.allocate(size);
    return NX_OK;
  });
  return memory;
}

// A text that ends with a colon or with "metric name" wants the bare name, even an empty one;
// others get "for metric name ...".
void KernelCall::annotate(const nx_fn_ctx* ctx, std::uint32_t level, std::uint32_t arg,
                          std::uint32_t series, nx_str text) {
  const KernelCall& call = self(ctx);
  std::string message(view(text));
  if (series != NX_NONE && series < call.labels_.size()) {
    const std::string_view name = call.context_.labels.name_of(call.labels_[series]);
    const bool bare = message.ends_with(':') || message.ends_with("metric name");
    message += bare ? " " + quote(name) : for_metric(name);
  }
  const Position at =
      arg < call.call_.args.size() ? call.call_.args[arg]->position : call.call_.position;
  Annotations& annotations = call.context_.annotations;
  if (level == NX_ANNOTATE_WARNING) {
    annotations.warn(at, std::move(message));
  } else {
    annotations.info(at, std::move(message));
  }
}

nx_status KernelCall::put_histogram(const nx_fn_ctx* ctx, std::uint64_t i, const nx_histogram* h) {
  KernelCall& call = self(ctx);
  i += call.first_;
  if (call.results_ == nullptr || h == nullptr || i >= call.results_->size()) {
    return NX_ERR_INVALID_ARGUMENT;
  }
  return within_memory(call.context_, [&] {
    call.results_->need_histograms();
    call.results_->present.resize(call.results_->size(), 0);  // a matrix's has none before
    call.results_->h[i] = copy_as_float(*h, call.context_.arena);
    call.results_->present[i] = 1;
    return NX_OK;
  });
}

std::int32_t KernelCall::cancelled(const nx_fn_ctx* ctx) {
  return self(ctx).context_.stop() ? 1 : 0;
}

}  // namespace narthex::promql
