// SPDX-License-Identifier: Apache-2.0
// mountinfo.hpp - the text of /proc/PID/mountinfo (proc(5)). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace narthex::exporter_node {

struct Mount {
  std::string device;
  std::string mount_point;  // unescaped
  std::string type;
  std::string major;
  std::string minor;
  bool read_only = false;
};

// The mounts in file order. Lines that are not understood are left out.
std::vector<Mount> parse_mountinfo(std::string_view text);

}  // namespace narthex::exporter_node
