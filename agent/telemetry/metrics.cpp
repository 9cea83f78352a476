// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics.hpp"

#include "telemetry/log.hpp"

#include <narthex/sdk/number.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

namespace narthex::telemetry {
namespace {

// One series: a cell, or a histogram where the family is one.
struct Series {
  explicit Series(Labels l) : labels(std::move(l)) {}
  Series(Labels l, std::span<const double> bounds)
      : labels(std::move(l)), histogram(std::make_unique<Histogram>(bounds)) {}

  const Labels labels;
  Cell cell;
  const std::unique_ptr<Histogram> histogram;
};

struct Family {
  std::uint32_t type = NX_TYPE_UNKNOWN;
  std::string help;
  std::map<Labels, std::shared_ptr<Series>> series;
};

// A callback and the lock that tells its owner when it does not run any more.
struct CallbackSlot {
  std::mutex mutex;
  Registry::Callback callback;  // guarded by mutex; empty once unregistered
};

// What one gather found: views of families and of what callbacks said, in name order.
struct Found {
  std::uint32_t type = NX_TYPE_UNKNOWN;
  std::string_view help;  // of a family, or of help_text
  std::string help_text;  // where a callback made the family
  std::vector<std::shared_ptr<Series>> series;
  std::vector<std::pair<Labels, double>> values;  // from callbacks
};
using FoundMap = std::map<std::string, Found, std::less<>>;

class GatheringInto final : public Gathering {
 public:
  explicit GatheringInto(FoundMap& found) : found_(found) {}
  void counter(std::string_view name, std::string_view help, const Labels& labels,
               double value) override {
    add(NX_TYPE_COUNTER, name, help, labels, value);
  }
  void gauge(std::string_view name, std::string_view help, const Labels& labels,
             double value) override {
    add(NX_TYPE_GAUGE, name, help, labels, value);
  }

 private:
  void add(std::uint32_t type, std::string_view name, std::string_view help, const Labels& labels,
           double value) {
    auto at = found_.find(name);
    if (at == found_.end()) {
      at = found_.emplace(std::string(name), Found{}).first;
      at->second.type = type;
      at->second.help_text = help;
      at->second.help = at->second.help_text;
    }
    at->second.values.emplace_back(labels, value);
  }

  FoundMap& found_;
};

void visit_histogram(Visitor& visitor, const Series& series) {
  const Histogram& histogram = *series.histogram;
  Labels labels = series.labels;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= histogram.bounds().size(); ++i) {
    total += histogram.count_at(i);
    std::string bound = "+Inf";
    if (i < histogram.bounds().size()) {
      bound.clear();
      sdk::append_exposition(bound, histogram.bounds()[i]);
    }
    labels.set("le", bound);
    visitor.sample("_bucket", labels, static_cast<double>(total));
  }
  visitor.sample("_sum", series.labels, histogram.sum());
  visitor.sample("_count", series.labels, static_cast<double>(total));
}

void visit_family(Visitor& visitor, std::string_view name, const Found& found) {
  if (found.series.empty() && found.values.empty()) return;
  visitor.family(name, found.type, found.help);
  for (const std::shared_ptr<Series>& series : found.series) {
    if (series->histogram != nullptr) {
      visit_histogram(visitor, *series);
    } else {
      visitor.sample({}, series->labels, series->cell.value());
    }
  }
  for (const auto& [labels, value] : found.values) visitor.sample({}, labels, value);
}

}  // namespace

void Cell::add(double delta) noexcept {
  std::uint64_t old_bits = bits_.load(std::memory_order_relaxed);
  while (!bits_.compare_exchange_weak(
      old_bits, std::bit_cast<std::uint64_t>(std::bit_cast<double>(old_bits) + delta),
      std::memory_order_relaxed)) {
  }
}

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

void Histogram::observe(double value) noexcept {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.add(value);
}

std::uint64_t Histogram::count_at(std::size_t bucket) const noexcept {
  return counts_[bucket].load(std::memory_order_relaxed);
}

struct Registry::Impl {
  // The series of a name and label set. A type that the name does not have gets one apart.
  Series& series(std::uint32_t type, std::string_view name, std::string_view help,
                 const Labels& labels, std::span<const double> bounds) {
    std::unique_lock lock(mutex);
    auto at = families.find(name);
    if (at == families.end()) {
      at = families.emplace(std::string(name), Family{type, std::string(help), {}}).first;
    }
    const bool fits = at->second.type == type;
    std::shared_ptr<Series>& found =
        fits ? at->second.series[labels] : misfits[{type, std::string(name)}][labels];
    if (found == nullptr) {
      found = type == NX_TYPE_HISTOGRAM ? std::make_shared<Series>(labels, bounds)
                                        : std::make_shared<Series>(labels);
    }
    Series& series = *found;
    lock.unlock();
    if (!fits) log.error("a metric is used with two types", {{"name", name}});
    return series;
  }

  std::vector<std::shared_ptr<CallbackSlot>> callback_slots() {
    const std::lock_guard lock(mutex);
    return callbacks;
  }

  void find_registered(FoundMap& found) {
    const std::lock_guard lock(mutex);
    for (const auto& [name, family] : families) {
      Found& f = found[name];
      f.type = family.type;
      f.help = family.help;  // families are never erased
      f.series.reserve(family.series.size());
      for (const auto& [labels, series] : family.series) f.series.push_back(series);
    }
  }

  const Log log{"telemetry"};
  std::mutex mutex;
  // Guarded by mutex.
  std::map<std::string, Family, std::less<>> families;
  std::map<std::pair<std::uint32_t, std::string>, std::map<Labels, std::shared_ptr<Series>>>
      misfits;
  std::vector<std::shared_ptr<CallbackSlot>> callbacks;
};

Registry::Registry() : impl_(std::make_shared<Impl>()) {}
Registry::~Registry() = default;

Counter& Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  return impl_->series(NX_TYPE_COUNTER, name, help, labels, {}).cell;
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  return impl_->series(NX_TYPE_GAUGE, name, help, labels, {}).cell;
}

Histogram& Registry::histogram(std::string_view name, std::string_view help,
                               std::span<const double> bounds, const Labels& labels) {
  return *impl_->series(NX_TYPE_HISTOGRAM, name, help, labels, bounds).histogram;
}

void Registry::remove(std::string_view name, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  const auto at = impl_->families.find(name);
  if (at != impl_->families.end()) at->second.series.erase(labels);
}

std::shared_ptr<void> Registry::on_gather(Callback callback) {
  auto slot = std::make_shared<CallbackSlot>();
  slot->callback = std::move(callback);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->callbacks.push_back(slot);
  }
  const auto unregister = [registry = std::weak_ptr<Impl>(impl_)](CallbackSlot* dying) {
    Callback dropped;
    {
      const std::lock_guard lock(dying->mutex);
      dropped.swap(dying->callback);
    }
    const std::shared_ptr<Impl> impl = registry.lock();
    if (impl == nullptr) return;
    const std::lock_guard lock(impl->mutex);
    std::erase_if(impl->callbacks, [&](const auto& kept) { return kept.get() == dying; });
  };
  return {slot.get(), [slot, unregister](void*) { unregister(slot.get()); }};
}

void Registry::gather(Visitor& visitor) const {
  FoundMap found;
  impl_->find_registered(found);
  GatheringInto gathering(found);
  for (const std::shared_ptr<CallbackSlot>& slot : impl_->callback_slots()) {
    const std::lock_guard lock(slot->mutex);
    if (slot->callback) slot->callback(gathering);
  }
  for (const auto& [name, family] : found) visit_family(visitor, name, family);
}

}  // namespace narthex::telemetry
