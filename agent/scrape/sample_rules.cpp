// SPDX-License-Identifier: Apache-2.0
#include "scrape/sample_rules.hpp"

#include <narthex/sdk/exposition.hpp>

#include <algorithm>
#include <string_view>

namespace narthex::scrape {
namespace {

constexpr std::string_view kExportedPrefix = "exported_";

bool by_name(const nx_label& a, const nx_label& b) { return view(a.name) < view(b.name); }

const nx_label* find(std::span<const nx_label> sorted, std::string_view name) {
  const auto at = std::lower_bound(
      sorted.begin(), sorted.end(), name,
      [](const nx_label& label, std::string_view n) { return view(label.name) < n; });
  return at != sorted.end() && view(at->name) == name ? &*at : nullptr;
}
bool has_value(std::span<const nx_label> labels, std::string_view name) {
  return std::any_of(labels.begin(), labels.end(), [&](const nx_label& label) {
    return view(label.name) == name && label.value.len != 0;
  });
}

bool is_legacy_name(std::string_view name, bool colon) {
  if (name.empty() || !sdk::is_name_start(name.front(), colon)) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return sdk::is_name_char(c, colon); });
}

// At most 50 bytes, as Prometheus cuts label text in messages.
std::string_view cut(std::string_view text) { return text.substr(0, 50); }

std::string render(std::span<const nx_label> labels) {
  std::string out = "{";
  for (const nx_label& label : labels) {
    if (out.size() > 1) out += ", ";
    const std::string_view name = view(label.name);
    out += is_legacy_name(name, false) ? std::string(name) : sdk::quote_excerpt(name);
    out += "=" + sdk::quote_excerpt(view(label.value));
  }
  return out + "}";
}

// Where an exposed label goes whose name the target's label has taken: exported_, as often as it
// takes to find a free name. Shorter names choose first.
void export_conflicts(std::vector<nx_label>& conflicts, std::size_t first, LabelArena& arena,
                      std::vector<nx_label>& out) {
  std::stable_sort(conflicts.begin(), conflicts.end(),
                   [](const nx_label& a, const nx_label& b) { return a.name.len < b.name.len; });
  for (const nx_label& conflict : conflicts) {
    std::string name(view(conflict.name));
    do {
      name.insert(0, kExportedPrefix);
    } while (has_value(std::span(out).subspan(first), name));
    out.push_back({arena.keep(std::move(name)), conflict.value});
  }
}

}  // namespace

Result<std::shared_ptr<const SampleRules>> SampleRules::compile(SampleOptions options) {
  auto program = relabel::Program::compile(options.metric_relabel);
  if (!program.ok()) return program.status().with_prefix("metric_relabel_configs");
  return std::shared_ptr<const SampleRules>(
      new SampleRules(std::move(options), *std::move(program)));
}

bool SampleRules::same_labels(const SampleRules& other) const {
  const SampleOptions& a = options_;
  const SampleOptions& b = other.options_;
  return a.honor_labels == b.honor_labels && a.legacy_names == b.legacy_names &&
         a.metric_relabel == b.metric_relabel && a.limits.label_limit == b.limits.label_limit &&
         a.limits.label_name_length_limit == b.limits.label_name_length_limit &&
         a.limits.label_value_length_limit == b.limits.label_value_length_limit;
}

void SampleRules::merge(std::span<const nx_label> exposed, const Labels& target, LabelArena& arena,
                        std::vector<nx_label>& out) const {
  const std::size_t first = out.size();
  std::vector<nx_label> conflicts;
  for (const nx_label& label : exposed) {
    if (label.value.len == 0) continue;
    if (!options_.honor_labels && target.has(view(label.name))) {
      conflicts.push_back(label);
    } else {
      out.push_back(label);
    }
  }
  for (const auto& [name, value] : target) {
    if (options_.honor_labels && find(exposed, name) != nullptr) continue;
    out.push_back({to_nx(name), to_nx(value)});
  }
  if (!conflicts.empty()) export_conflicts(conflicts, first, arena, out);
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(), by_name);
}

Result<SampleRules::Verdict> SampleRules::apply(std::span<const nx_label> exposed,
                                                const Labels& target, LabelArena& arena,
                                                std::vector<nx_label>& out) const {
  const std::size_t first = out.size();
  merge(exposed, target, arena, out);
  if (relabels()) {
    Labels labels;
    for (const nx_label& label : std::span(out).subspan(first)) {
      labels.set(view(label.name), view(label.value));
    }
    out.resize(first);
    if (!relabeling_.apply(labels) || labels.empty()) return Verdict::kDrop;
    arena.keep(std::move(labels)).append_to(out);
  }
  const std::span<const nx_label> labels = std::span(out).subspan(first);
  if (labels.empty()) return Verdict::kDrop;
  if (Status status = check_names(labels); !status.ok()) return status;
  if (Status status = check_limits(labels); !status.ok()) return status;
  return Verdict::kKeep;
}

Status SampleRules::check_names(std::span<const nx_label> labels) const {
  const nx_label* metric = find(labels, kMetricName);
  if (metric == nullptr) return invalid_data("missing metric name (__name__ label)");
  const bool good = std::all_of(labels.begin(), labels.end(), [&](const nx_label& label) {
    if (!options_.legacy_names) {
      return label.name.len != 0 && sdk::is_utf8(view(label.name)) &&
             sdk::is_utf8(view(label.value));
    }
    return &label == metric ? is_legacy_name(view(label.value), true)
                            : is_legacy_name(view(label.name), false);
  });
  if (good) return {};
  return invalid_data("invalid metric name or label names: " + render(labels));
}

Status SampleRules::check_limits(std::span<const nx_label> labels) const {
  const LimitOptions& limits = options_.limits;
  const auto over = [&](std::string_view limit, const std::string& rest) {
    const nx_label* metric = find(labels, kMetricName);
    std::string text(limit);
    text += " exceeded (metric: ";
    text += cut(view(metric->value));
    return Status(NX_ERR_EXHAUSTED, text + rest + ")");
  };
  if (limits.label_limit != 0 && labels.size() > limits.label_limit) {
    return over("label_limit", ", number of labels: " + std::to_string(labels.size()) +
                                   ", limit: " + std::to_string(limits.label_limit));
  }
  for (const nx_label& label : labels) {
    const std::string name(cut(view(label.name)));
    if (limits.label_name_length_limit != 0 && label.name.len > limits.label_name_length_limit) {
      return over("label_name_length_limit",
                  ", label name: " + name + ", length: " + std::to_string(label.name.len) +
                      ", limit: " + std::to_string(limits.label_name_length_limit));
    }
    if (limits.label_value_length_limit != 0 && label.value.len > limits.label_value_length_limit) {
      return over("label_value_length_limit",
                  ", label name: " + name +
                      ", value: " + sdk::quote_excerpt(cut(view(label.value))) +
                      ", length: " + std::to_string(label.value.len) +
                      ", limit: " + std::to_string(limits.label_value_length_limit));
    }
  }
  return {};
}

bool is_label_limit(const Status& status) {
  return status.code() == NX_ERR_EXHAUSTED && status.message().starts_with("label_");
}

}  // namespace narthex::scrape
