// SPDX-License-Identifier: Apache-2.0
// groups.hpp - the groups of pushed families, consistent with each other at any time.
//
// A group is immutable: a change makes a new one in the place of the old, so that readers hold what
// they began with. A check costs what the pushed families have, not what all groups have: names and
// label sets in use are indexed.
//
// Thread-safe. Who changes a group also makes it durable: replace() gives back what was before, to
// be put back if that fails. Changes of one group must not overlap (push_gateway.hpp sees to it).
#pragma once

#include "plugins/ingest/pushgateway/family.hpp"
#include "plugins/ingest/pushgateway/grouping_key.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace narthex::ingest::pushgateway {

inline constexpr std::string_view kPushTime = "push_time_seconds";
inline constexpr std::string_view kPushFailureTime = "push_failure_time_seconds";

struct TimedFamily {
  std::int64_t pushed_ms = 0;
  std::shared_ptr<const Family> family;  // brought into its group
};

struct Group {
  GroupingKey key;
  std::uint64_t id = 0;  // names its file
  std::map<std::string, TimedFamily, std::less<>> families;
  // Whether the newest push was taken.
  bool last_push_worked() const;
};
using GroupRef = std::shared_ptr<const Group>;

struct PushedFamilies {
  std::vector<Family> families;
  bool replace = false;  // PUT: the group has nothing else afterwards
  std::int64_t now_ms = 0;
};

class Groups {
 public:
  explicit Groups(std::size_t groups_max) : groups_max_(groups_max) {}

  struct Change {
    GroupRef before;  // null: there was none
    GroupRef after;   // null: there is none now
  };
  // Takes a push, or says why it does not fit (NX_ERR_INVALID_DATA); NX_ERR_EXHAUSTED: no room for
  // another group.
  Result<Change> push(const GroupingKey& key, PushedFamilies pushed);
  // Notes that a push failed; makes the group if need be.
  Result<Change> note_failure(const GroupingKey& key, std::int64_t now_ms);
  // Null when there is no such group.
  GroupRef find(const GroupingKey& key) const;
  // Puts a group in the place of what has its key; `after` null: takes it away. For what was read
  // from disk, for deletes, and to undo.
  void put(const GroupingKey& key, GroupRef after);

  // In the order of their keys.
  std::vector<GroupRef> all() const;
  // Grows with every change.
  std::uint64_t generation() const;
  // Restored groups have ids already: new ones are larger.
  void ids_begin_after(std::uint64_t id);

 private:
  // Who uses a metric name.
  struct NameUse {
    std::map<const Group*, FamilyType> types;
    std::unordered_map<std::string, const Group*> label_sets;
  };
  Status check_place(const Family& family, const Group* own) const;
  Status check_suffixes(const Family& family, const Group* own, const Group& next) const;
  bool is_used(std::string_view name, const Group* own, const Group& next, bool parts_too,
               FamilyType& type) const;
  Result<std::shared_ptr<Group>> draft(const GroupingKey& key, GroupRef& before);
  void exchange(const GroupRef& before, const GroupRef& after);
  void index(const Group& group);
  void unindex(const Group& group);

  const std::size_t groups_max_;
  mutable std::mutex mutex_;
  std::map<GroupingKey, GroupRef> groups_;  // guarded by mutex_, as all below
  std::unordered_map<std::string, NameUse> names_;
  std::uint64_t generation_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace narthex::ingest::pushgateway
