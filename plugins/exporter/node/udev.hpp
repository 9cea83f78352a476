// SPDX-License-Identifier: Apache-2.0
// udev.hpp - what udev knows about a block device. Pure but for read_udev().
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace narthex::exporter_node {

// The properties of a device's record: its lines "E:NAME=value".
class UdevProperties {
 public:
  static UdevProperties parse(std::string_view text);

  // Empty when the device does not have it.
  std::string_view get(std::string_view name) const;
  // The first of the two that is there.
  std::string_view get(std::string_view name, std::string_view otherwise) const;

 private:
  std::map<std::string, std::string, std::less<>> properties_;
};

}  // namespace narthex::exporter_node
