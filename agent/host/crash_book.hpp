// SPDX-License-Identifier: Apache-2.0
// crash_book.hpp - what the agent knows about crashes while it runs: the journal as it was read
// last, and who is in quarantine by it. Thread-safe.
#pragma once

#include "host/crash_journal.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {

class CrashBook {
 public:
  // Reads the journal of the data directory; no directory, no journal: an empty book.
  CrashBook(const std::string& data_dir, QuarantinePolicy policy);

  const std::string& path() const { return path_; }
  // A life of the agent begins. REQUIRES: a data directory.
  Status begin(std::int64_t now_ms);
  // Another policy; the journal is read again.
  void configure(QuarantinePolicy policy);
  void read_again();
  // Writes down the end of a plugin's own process that left no record itself.
  void note(const Crash& crash);

  // Why the build of a plugin is left out; empty: it is not.
  std::string quarantine_of(std::string_view plugin, std::string_view build_id) const;
  std::vector<Quarantined> quarantined() const;
  std::vector<Crash> all() const;
  // Those since the life before this one began.
  std::vector<Crash> fresh() const;
  std::map<std::string, std::uint64_t> counts() const;  // by plugin id
  std::uint64_t count(std::string_view plugin) const;

 private:
  const std::string path_;  // empty: none
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  QuarantinePolicy policy_;
  CrashHistory history_;
  std::vector<Quarantined> quarantined_;
};

}  // namespace narthex::host
