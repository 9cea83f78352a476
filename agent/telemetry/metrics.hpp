// SPDX-License-Identifier: Apache-2.0
// metrics.hpp - the agent's own metrics: what /metrics shows and the `self` exporter stores.
//
// Cells (Counter, Gauge, Histogram) are lock-free and belong to the registry; references stay good
// as long as it lives. Asking for the same name and labels again gives the same cell. Values that
// are known elsewhere are collected at gather time (`on_gather`), so that idle costs nothing.
// A name belongs to the first type it is asked for with; a cell of another type under it works but
// is never shown (and an error is logged). Thread-safe.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/labels.hpp>

#include <atomic>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::telemetry {

class Cell {
 public:
  void add(double delta = 1) noexcept;
  void set(double value) noexcept { bits_.store(std::bit_cast<std::uint64_t>(value)); }
  double value() const noexcept { return std::bit_cast<double>(bits_.load()); }

 private:
  std::atomic<std::uint64_t> bits_{0};
};
using Counter = Cell;
using Gauge = Cell;

// A classic histogram over fixed upper bounds, +Inf implied.
class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds);
  void observe(double value) noexcept;
  std::span<const double> bounds() const noexcept { return bounds_; }
  std::uint64_t count_at(std::size_t bucket) const noexcept;  // not cumulative; last: +Inf
  double sum() const noexcept { return sum_.value(); }

 private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  Cell sum_;
};

// Receives families in name order, each followed by its samples.
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void family(std::string_view name, std::uint32_t type, std::string_view help) = 0;
  // `suffix` is "", "_bucket", "_sum" or "_count".
  virtual void sample(std::string_view suffix, const Labels& labels, double value) = 0;
};

// Where on_gather callbacks put what they know.
class Gathering {
 public:
  virtual ~Gathering() = default;
  virtual void counter(std::string_view name, std::string_view help, const Labels& labels,
                       double value) = 0;
  virtual void gauge(std::string_view name, std::string_view help, const Labels& labels,
                     double value) = 0;
};

class Registry {
 public:
  Registry();
  ~Registry();

  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                       const Labels& labels = {});
  // Forgets one series (a target or plugin instance that is gone). Its cell dies.
  // REQUIRES: nobody uses the cell any more.
  void remove(std::string_view name, const Labels& labels);

  // Called on every gather, on its thread. The returned handle unregisters when it dies; it waits
  // for a gather that is in the callback, so it must not die inside one.
  using Callback = std::function<void(Gathering&)>;
  [[nodiscard]] std::shared_ptr<void> on_gather(Callback callback);

  void gather(Visitor& visitor) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// The text exposition format 0.0.4 of everything in the registry.
std::string render_text(const Registry& registry);

}  // namespace narthex::telemetry
