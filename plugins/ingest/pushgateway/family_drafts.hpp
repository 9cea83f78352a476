// SPDX-License-Identifier: Apache-2.0
// family_drafts.hpp - families while their lines are read: which family a name belongs to, and
// which metric of it a line adds to. Used by text_reader, for one body.
#pragma once

#include "plugins/ingest/pushgateway/family.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::ingest::pushgateway {

// Which of a family's numbers a name means.
enum class Part { kValue, kSum, kCount };

class FamilyDraft {
 public:
  Family family;
  bool has_help = false;
  bool has_type = false;

  FamilyType kind() const { return kind_of(family.type); }

  // The number of one line. `bound` is its quantile or upper bound, NaN: it has none. Empty, or
  // what is wrong with it.
  std::string add(const std::vector<Label>& labels, Part part, double bound, double number);
  // The metric of the newest line.
  Metric& newest() { return family.metrics[newest_]; }

 private:
  void choose_metric(const std::vector<Label>& labels);
  std::string add_to_histogram(Metric& metric, Part part, double bound, double number) const;

  // Lines of a summary or histogram with the same labels are one metric.
  std::unordered_map<std::string, std::size_t> by_labels_;
  std::size_t newest_ = 0;
};

class FamilyDrafts {
 public:
  // The family of a name, made when there is none: its own, or the summary or histogram that it is
  // a part of. References stay good.
  FamilyDraft& of(std::string_view name, Part& part);
  // In order of appearance, those without a metric left out.
  std::vector<Family> take();

 private:
  FamilyDraft* find(std::string_view name);

  std::deque<FamilyDraft> drafts_;
  std::unordered_map<std::string, std::size_t> numbers_;
};

}  // namespace narthex::ingest::pushgateway
