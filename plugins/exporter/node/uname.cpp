// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/uname.hpp"

#include <array>
#include <cerrno>
#include <cstring>

namespace narthex::exporter_node {
namespace {

sdk::SeriesList table_of(const utsname& name) {
  sdk::SeriesList table;
  table.add("node_uname_info", {{"sysname", name.sysname},
                                {"release", name.release},
                                {"version", name.version},
                                {"machine", name.machine},
                                {"nodename", name.nodename},
                                {"domainname", name.domainname}});
  table.describe("node_uname_info", NX_TYPE_GAUGE,
                 "Labeled system information as provided by the uname system call.");
  return table;
}

}  // namespace

Status UnameCollector::collect(const sdk::Collection& out, const Round&) {
  utsname name{};
  if (uname(&name) != 0) return io_error(std::string("uname failed: ") + std::strerror(errno));
  if (!set_ || std::memcmp(&name, &shown_, sizeof name) != 0) {
    if (set_) set_->drop(out);
    set_.emplace(table_of(name));
    shown_ = name;
  }
  set_->push(out, std::array<double, 1>{1});
  return Status();
}

}  // namespace narthex::exporter_node
