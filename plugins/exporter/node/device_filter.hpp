// SPDX-License-Identifier: Apache-2.0
// device_filter.hpp - which devices, mount points or types a collector shows. Expressions match
// anywhere in the name, as in node_exporter. Immutable.
#pragma once

#include <narthex/sdk/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace narthex::exporter_node {

class DeviceFilter {
 public:
  // Where include is set, exclude is not used. Both empty: everything passes.
  static Result<DeviceFilter> make(const std::string& exclude, const std::string& include);
  DeviceFilter(DeviceFilter&&) noexcept;
  DeviceFilter& operator=(DeviceFilter&&) noexcept;
  ~DeviceFilter();

  bool passes(std::string_view name) const;

 private:
  DeviceFilter(std::unique_ptr<re2::RE2> expression, bool wanted);

  std::unique_ptr<re2::RE2> expression_;  // none: everything passes
  bool wanted_;                           // whether a match lets the name pass
};

}  // namespace narthex::exporter_node
