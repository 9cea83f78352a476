// SPDX-License-Identifier: Apache-2.0
// cohorts.hpp - cohorts, the groups their rows go to, and the layouts that name rows.
//
// A cohort writes to one live group. Its slots grow as series appear; when most of them are gone
// (churn), the next layout begins a new group. The first one takes over the group of a cohort that
// is closed where that has its series: after a restart or a reload targets go on where they were. A
// cohort keeps its last few layouts; an older one is answered with NX_ROW_UNKNOWN_REF and
// registered again by its user. Guarded by the commit lock.
#pragma once

#include "storage/head/row_group.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::storage::head {

// Row r of a batch is the series with ids[r]; in rows of `group` it stands in slot(r). Immutable
// but for `live`.
struct Layout {
  std::uint64_t id = 0;
  std::uint64_t cohort = 0;
  RowGroup* group = nullptr;  // nullptr: a layout outside cohorts, its samples go to their series
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> slots;  // empty: row r is slot r
  std::uint32_t width = 0;           // greatest slot + 1
  bool live = true;                  // guarded by the commit lock

  bool in_order() const { return slots.empty(); }
  std::uint32_t slot(std::uint64_t row) const {
    return in_order() ? static_cast<std::uint32_t>(row) : slots[row];
  }
};

class Cohorts {
 public:
  Cohorts() = default;
  Cohorts(const Cohorts&) = delete;
  Cohorts& operator=(const Cohorts&) = delete;

  std::uint64_t open(std::string_view origin);
  // Its group takes no more rows; what it holds stays readable.
  void close(std::uint64_t cohort);
  bool known(std::uint64_t cohort) const { return cohort == 0 || cohorts_.count(cohort) != 0; }

  // `newest` gives the time of a series' newest sample, kNoTime when it has none.
  using NewestTime = std::function<std::int64_t(const Series&)>;
  std::shared_ptr<const Layout> make_layout(std::uint64_t cohort,
                                            const std::vector<Series*>& series,
                                            const NewestTime& newest);
  std::shared_ptr<const Layout> find_layout(std::uint64_t id) const;

  const std::vector<std::unique_ptr<RowGroup>>& groups() const { return groups_; }
  // Retires groups that are neither live nor hold rows; their series leave them.
  std::int64_t drop_empty_groups(index::Epochs& epochs);

 private:
  struct Cohort {
    std::string origin;
    RowGroup* group = nullptr;
    std::deque<std::shared_ptr<Layout>> layouts;  // newest last
  };

  RowGroup& group_for(Cohort& cohort, const std::vector<Series*>& series);
  void end_group(Cohort& cohort);
  void place(Layout& layout, RowGroup& group, const std::vector<Series*>& series,
             const NewestTime& newest);

  std::unordered_map<std::uint64_t, Cohort> cohorts_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Layout>> layouts_;
  std::deque<std::shared_ptr<Layout>> loose_layouts_;  // of no cohort
  std::vector<std::unique_ptr<RowGroup>> groups_;
  std::uint64_t next_id_ = 1;  // of cohorts, layouts and groups
};

}  // namespace narthex::storage::head
