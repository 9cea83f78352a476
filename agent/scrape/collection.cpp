// SPDX-License-Identifier: Apache-2.0
#include "scrape/collection.hpp"

#include <narthex/sdk/protocol.hpp>
#include <narthex/sdk/text.hpp>

#include <cstring>
#include <exception>
#include <span>

namespace narthex::scrape {
namespace {

constexpr std::size_t kBatchRows = 1024;
constexpr std::uint32_t kHandlesMax = 1u << 20;

void append_text(std::string& key, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  key.append(bytes, sizeof size);
  key += text;
}

std::string_view take_text(std::string_view& key) {
  std::uint32_t size = 0;
  std::memcpy(&size, key.data(), sizeof size);
  const std::string_view text = key.substr(sizeof size, size);
  key.remove_prefix(sizeof size + size);
  return text;
}

// The key of series s of a table; the metric's name first, wherever the table has it.
void append_key(std::string& key, const nx_series_table& table, std::uint32_t s) {
  const auto text = [&](std::uint32_t p, std::uint32_t side) {
    return view(table.symbols[table.label_ref[2 * p + side]]);
  };
  std::string_view name;
  for (std::uint32_t p = table.label_off[s]; p < table.label_off[s + 1]; ++p) {
    if (text(p, 0) == kMetricName) name = text(p, 1);
  }
  append_text(key, name);
  for (std::uint32_t p = table.label_off[s]; p < table.label_off[s + 1]; ++p) {
    if (text(p, 0) == kMetricName) continue;
    append_text(key, text(p, 0));
    append_text(key, text(p, 1));
  }
}

// Key -> labels, for series that the cache does not know.
Status labels_of(std::span<const nx_str> keys,
                 const std::function<void(const nx_series_table&)>& use) {
  sdk::SeriesTable table;
  table.clear();
  for (const nx_str& encoded : keys) {
    std::string_view key = view(encoded);
    table.pairs().push_back({to_nx(kMetricName), to_nx(take_text(key))});
    while (!key.empty()) {
      const std::string_view name = take_text(key);
      table.pairs().push_back({to_nx(name), to_nx(take_text(key))});
    }
    const std::string_view twice = table.end_series();
    if (!twice.empty()) {
      return invalid_data("label name \"" + std::string(twice) +
                          "\" is not unique: invalid sample");
    }
  }
  use(table.table());
  return {};
}

// Runs f for the plugin, where nothing may be thrown.
template <class R, class F>
R contained(R otherwise, F&& f) noexcept {
  try {
    return f();
  } catch (const std::exception&) {
    return otherwise;
  }
}

}  // namespace

Collection::Collection() {
  raw_.struct_size = sizeof raw_;
  raw_.impl = this;
  raw_.family = [](const nx_collection* c, std::uint32_t type, nx_str name, nx_str unit,
                   nx_str help) -> std::uint32_t {
    return contained(0u, [&] { return of(c).declare(type, view(name), view(unit), view(help)); });
  };
  raw_.sample = [](const nx_collection* c, std::uint32_t family, const nx_label* labels,
                   std::uint32_t count, double value, std::int64_t t) -> nx_status {
    return contained<nx_status>(NX_ERR_NO_MEMORY, [&] {
      return of(c).sample(family, {}, labels, count, value, t, nullptr);
    });
  };
  raw_.sample_suffixed = [](const nx_collection* c, std::uint32_t family, nx_str suffix,
                            const nx_label* labels, std::uint32_t count, double value,
                            std::int64_t t) -> nx_status {
    return contained<nx_status>(NX_ERR_NO_MEMORY, [&] {
      return of(c).sample(family, view(suffix), labels, count, value, t, nullptr);
    });
  };
  raw_.histogram = [](const nx_collection* c, std::uint32_t family, const nx_label* labels,
                      std::uint32_t count, const nx_histogram* h, std::int64_t t) -> nx_status {
    return contained<nx_status>(NX_ERR_NO_MEMORY,
                                [&] { return of(c).sample(family, {}, labels, count, 0, t, h); });
  };
  raw_.series_set = [](const nx_collection* c, const nx_series_table* table,
                       const nx_metadata* meta, std::uint32_t count) -> std::uint32_t {
    return contained(0u, [&] { return of(c).add_set(*table, meta, count); });
  };
  raw_.set_values = [](const nx_collection* c, std::uint32_t set, const double* values,
                       const std::uint8_t* absent, std::uint32_t count) -> nx_status {
    return contained<nx_status>(NX_ERR_NO_MEMORY,
                                [&] { return of(c).set_values(set, values, absent, count); });
  };
  raw_.series_set_drop = [](const nx_collection* c, std::uint32_t set) {
    contained(0, [&] {
      of(c).drop_set(set);
      return 0;
    });
  };
  raw_.batch = [](const nx_collection* c, const nx_sample_batch* batch, nx_error*) -> nx_status {
    return contained<nx_status>(NX_ERR_NO_MEMORY, [&] { return of(c).add_batch(*batch); });
  };
}

void Collection::begin(std::int64_t deadline_mono_ns) {
  raw_.deadline_mono_ns = deadline_mono_ns;
  ++generation_;
  declared_.clear();
  keys_.clear();
  key_end_.clear();
  values_.clear();
  times_.clear();
  any_time_ = false;
  histogram_at_.clear();
  histograms_.clear();
  copies_.clear();
}

std::uint32_t Collection::declare(std::uint32_t type, std::string_view name, std::string_view unit,
                                  std::string_view help) {
  if (name.empty() || families_.size() >= kHandlesMax) return 0;
  const auto [at, is_new] =
      family_index_.try_emplace(std::string(name), static_cast<std::uint32_t>(families_.size()));
  if (is_new) families_.push_back({std::string(name), {}, {}, NX_TYPE_UNKNOWN, 0});
  KnownFamily& family = families_[at->second];
  if (family.declared != generation_) {
    family.declared = generation_;
    family.type = type;
    family.unit = unit;
    family.help = help;
    declared_.push_back(at->second);
  }
  return at->second + 1;
}

void Collection::end_row(double value, std::int64_t t) {
  key_end_.push_back(keys_.size());
  values_.push_back(value);
  times_.push_back(t);
  histogram_at_.push_back(NX_NONE);
  any_time_ = any_time_ || t != 0;
}

nx_status Collection::sample(std::uint32_t family, std::string_view suffix, const nx_label* labels,
                             std::uint32_t label_count, double value, std::int64_t t,
                             const nx_histogram* histogram) {
  if (family == 0 || family > families_.size()) return NX_ERR_INVALID_ARGUMENT;
  const std::string& name = families_[family - 1].name;
  const auto size = static_cast<std::uint32_t>(name.size() + suffix.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  keys_.append(bytes, sizeof size);
  (keys_ += name) += suffix;
  for (std::uint32_t i = 0; i < label_count; ++i) {
    append_text(keys_, view(labels[i].name));
    append_text(keys_, view(labels[i].value));
  }
  end_row(value, t);
  if (histogram != nullptr) {
    histogram_at_.back() = static_cast<std::uint32_t>(histograms_.size());
    histograms_.push_back(copies_.copy(*histogram));
  }
  return NX_OK;
}

std::uint32_t Collection::add_set(const nx_series_table& table, const nx_metadata* meta,
                                  std::uint32_t meta_count) {
  if (sets_.size() - free_sets_.size() >= kHandlesMax) return 0;
  if (free_sets_.empty()) {
    sets_.emplace_back();
    free_sets_.push_back(static_cast<std::uint32_t>(sets_.size()));
  }
  const std::uint32_t handle_of_set = free_sets_.back();
  free_sets_.pop_back();
  SeriesSet& set = sets_[handle_of_set - 1];
  set = SeriesSet{};
  for (std::uint32_t m = 0; m < meta_count; ++m) {
    const std::uint32_t handle =
        declare(meta[m].type, view(meta[m].family), view(meta[m].unit), view(meta[m].help));
    if (handle != 0) set.families.push_back(handle - 1);
  }
  for (std::uint32_t s = 0; s < table.series_count; ++s) {
    append_key(set.keys, table, s);
    set.key_end.push_back(set.keys.size());
  }
  return handle_of_set;
}

void Collection::drop_set(std::uint32_t handle) {
  if (handle == 0 || handle > sets_.size() || !sets_[handle - 1].live) return;
  sets_[handle - 1] = SeriesSet{};
  sets_[handle - 1].live = false;
  free_sets_.push_back(handle);
}

nx_status Collection::set_values(std::uint32_t handle, const double* values,
                                 const std::uint8_t* absent, std::uint32_t count) {
  if (handle == 0 || handle > sets_.size()) return NX_ERR_INVALID_ARGUMENT;
  const SeriesSet& set = sets_[handle - 1];
  if (!set.live || count != set.key_end.size()) return NX_ERR_INVALID_ARGUMENT;
  for (const std::uint32_t index : set.families) {
    if (families_[index].declared == generation_) continue;
    families_[index].declared = generation_;
    declared_.push_back(index);
  }
  std::size_t begin = 0;
  for (std::uint32_t i = 0; i < count; begin = set.key_end[i++]) {
    if (absent != nullptr && absent[i] != 0) continue;
    keys_.append(set.keys, begin, set.key_end[i] - begin);
    end_row(values[i], 0);
  }
  return NX_OK;
}

nx_status Collection::add_batch(const nx_sample_batch& batch) {
  if (batch.rows != 0 && (batch.table == nullptr || batch.series == nullptr)) {
    return NX_ERR_INVALID_ARGUMENT;
  }
  for (std::uint32_t m = 0; m < batch.meta_count; ++m) declare(batch.meta[m]);
  for (std::uint64_t row = 0; row < batch.rows; ++row) {
    if (batch.series[row] >= batch.table->series_count) return NX_ERR_INVALID_ARGUMENT;
    append_key(keys_, *batch.table, batch.series[row]);
    const bool one_t = (batch.flags & NX_BATCH_ONE_T) != 0;
    end_row(batch.v[row], batch.t != nullptr ? batch.t[one_t ? 0 : row] : 0);
    if (batch.h == nullptr || batch.h[row] == NX_NONE) continue;
    histogram_at_.back() = static_cast<std::uint32_t>(histograms_.size());
    histograms_.push_back(copies_.copy(batch.hists[batch.h[row]]));
  }
  return NX_OK;
}

void Collection::list_metadata() {
  metadata_.clear();
  for (const std::uint32_t index : declared_) {
    const KnownFamily& family = families_[index];
    nx_metadata entry{};
    entry.series = NX_NONE;
    entry.type = family.type;
    entry.family = to_nx(family.name);
    entry.unit = to_nx(family.unit);
    entry.help = to_nx(family.help);
    metadata_.push_back(entry);
  }
}

Status Collection::feed(SampleWriter& writer, std::int64_t t_ms) {
  list_metadata();
  std::vector<nx_str> keys;
  std::vector<std::uint64_t> own;
  std::vector<std::int64_t> times(times_);
  for (std::int64_t& t : times) t = t != 0 ? t : t_ms;
  for (std::size_t first = 0; first < rows() || first == 0; first += kBatchRows) {
    const std::size_t count = std::min(kBatchRows, rows() - first);
    keys.clear();
    own.assign(any_time_ ? count / 64 + 1 : 0, 0);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t row = first + i;
      const std::size_t begin = row == 0 ? 0 : key_end_[row - 1];
      keys.push_back({keys_.data() + begin, key_end_[row] - begin});
      if (times_[row] != 0) own[i / 64] |= std::uint64_t{1} << (i % 64);
    }
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.rows = count;
    batch.t = times.data() + first;
    batch.v = values_.data() + first;
    batch.h = histograms_.empty() ? nullptr : histogram_at_.data() + first;
    batch.hists = histograms_.data();
    batch.hist_count = static_cast<std::uint32_t>(histograms_.size());
    batch.meta = metadata_.data();
    batch.meta_count = first == 0 ? static_cast<std::uint32_t>(metadata_.size()) : 0;
    nx_parsed parsed{};
    parsed.struct_size = sizeof parsed;
    parsed.key = keys.data();
    parsed.batch = &batch;
    parsed.own_t = any_time_ ? own.data() : nullptr;
    if (Status status = writer.add(parsed, labels_of); !status.ok()) return status;
    if (rows() == 0) break;
  }
  return {};
}

}  // namespace narthex::scrape
