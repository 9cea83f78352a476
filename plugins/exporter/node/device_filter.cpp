// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/device_filter.hpp"

#include <re2/re2.h>

#include <utility>

namespace narthex::exporter_node {

DeviceFilter::DeviceFilter(std::unique_ptr<re2::RE2> expression, bool wanted)
    : expression_(std::move(expression)), wanted_(wanted) {}
DeviceFilter::DeviceFilter(DeviceFilter&&) noexcept = default;
DeviceFilter& DeviceFilter::operator=(DeviceFilter&&) noexcept = default;
DeviceFilter::~DeviceFilter() = default;

Result<DeviceFilter> DeviceFilter::make(const std::string& exclude, const std::string& include) {
  const std::string& text = include.empty() ? exclude : include;
  if (text.empty()) return DeviceFilter(nullptr, true);
  RE2::Options options;
  options.set_log_errors(false);
  auto expression = std::make_unique<RE2>(text, options);
  if (!expression->ok()) {
    return invalid_config("not a regular expression: '" + text + "': " + expression->error());
  }
  return DeviceFilter(std::move(expression), !include.empty());
}

bool DeviceFilter::passes(std::string_view name) const {
  if (expression_ == nullptr) return true;
  return RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), *expression_) == wanted_;
}

}  // namespace narthex::exporter_node
