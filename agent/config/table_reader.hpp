// SPDX-License-Identifier: Apache-2.0
// table_reader.hpp - reads one table of the configuration, key by key.
//
// A table may stand in several files (conf.d): its arrays append, its tables merge, a scalar set
// twice is an error naming both places. Every key that is asked for counts as known; done() reports
// the others with the nearest known name. Absent and null keys leave the output as it is. A value
// of the wrong type is an error, never a default.
#pragma once

#include "config/diagnostics.hpp"
#include "net/options.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::config {

class TableReader {
 public:
  // `name` is what messages call the table: "global", "scrape config".
  TableReader(Diagnostics& diagnostics, std::vector<Part> parts, std::string name);

  bool present() const { return !parts_.empty(); }
  const Part& part() const { return parts_.front(); }  // REQUIRES: present()
  const std::vector<Part>& parts() const { return parts_; }
  Diagnostics& diagnostics() { return diagnostics_; }

  // All places that set the key to something; also makes the key known.
  std::vector<Part> all(std::string_view key);
  bool has(std::string_view key) { return !all(key).empty(); }

  // Each says whether the key gave a good value.
  bool read(std::string_view key, std::string& out);
  bool read(std::string_view key, net::Secret& out);
  bool read(std::string_view key, bool& out);
  bool read(std::string_view key, std::uint64_t& out);
  bool read(std::string_view key, std::int64_t& out);
  bool read(std::string_view key, double& out);
  bool read(std::string_view key, std::vector<std::string>& out);
  bool read(std::string_view key, std::vector<net::Secret>& out);
  bool read(std::string_view key, std::map<std::string, std::string>& out);
  bool read_duration(std::string_view key, std::int64_t& out_ms);
  bool read_bytes(std::string_view key, std::uint64_t& out);

  TableReader table(std::string_view key);
  // The elements of a list of tables; null elements are errors (`null_text`).
  std::vector<TableReader> tables(std::string_view key, std::string_view null_text);
  // The elements of a list.
  std::vector<Part> items(std::string_view key);

  // An error at the key's value, or at the table when the key is absent.
  void error(std::string_view key, std::string text, std::string hint = {});
  // Reports the keys that nobody asked for.
  void done();
  // The entries that nobody asked for so far, for families of keys such as *_sd_configs.
  std::vector<Part> others() const;
  void know(std::string_view key) { known_.push_back(key); }

 private:
  const Part* scalar(std::string_view key);
  bool wrong_type(const Part& part, std::string_view key, std::string_view wanted);
  bool text_of(const Part& part, std::string_view key, std::string& out);

  Diagnostics& diagnostics_;
  std::vector<Part> parts_;
  std::string name_;
  std::vector<std::string_view> known_;
  Part found_;  // what scalar() points to
};

}  // namespace narthex::config
