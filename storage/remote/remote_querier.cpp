// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/remote_querier.hpp"

#include "storage/remote/selector_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace narthex::storage::remote {
namespace {

constexpr std::array<std::string_view, 8> kTypes = {
    "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"};

std::uint32_t type_of(std::string_view word) {
  const auto at = std::find(kTypes.begin(), kTypes.end(), word);
  return at == kTypes.end() ? 0 : static_cast<std::uint32_t>(at - kTypes.begin());
}

// A label name as a part of a path.
std::string path_name(std::string_view name) {
  std::string form;
  add_param(form, "", name);
  return form.substr(1);  // what follows the =
}

}  // namespace

void RemoteQuerier::texts(const std::string& path, sdk::Matchers matchers, std::uint64_t limit,
                          sdk::StrSink sink) const {
  std::string form;
  if (!matchers.empty()) add_param(form, "match[]", selector_text(matchers));
  add_range(form, min_t_, max_t_);
  if (limit != 0) add_param(form, "limit", std::to_string(limit));
  const std::vector<std::string> all = reader_.texts(path, form, interrupt_);
  std::vector<nx_str> views;
  for (const std::string& text : all) {
    if (limit != 0 && views.size() == limit) break;
    views.push_back(to_nx(text));
  }
  if (!views.empty()) sink(views);
}

void RemoteQuerier::label_names(sdk::Matchers matchers, std::uint64_t limit, sdk::StrSink sink) {
  texts("/labels", matchers, limit, sink);
}

void RemoteQuerier::label_values(std::string_view name, sdk::Matchers matchers, std::uint64_t limit,
                                 sdk::StrSink sink) {
  texts("/label/" + path_name(name) + "/values", matchers, limit, sink);
}

std::unique_ptr<sdk::StorageCursor> RemoteQuerier::select(sdk::Matchers matchers,
                                                          const nx_scan_opts& opts) {
  nx_scan_opts options = opts;
  options.mint = std::max(opts.mint, min_t_);
  options.maxt = std::min(opts.maxt, max_t_);
  return std::make_unique<FoundCursor>(reader_.select(matchers, options, interrupt_), options, ids_,
                                       interrupt_);
}

void RemoteQuerier::metadata(std::string_view family, std::uint64_t limit, nx_metadata_sink sink,
                             void* context) {
  if (!reader_.has_api()) return;
  std::string form;
  if (!family.empty()) add_param(form, "metric", family);
  if (limit != 0) add_param(form, "limit", std::to_string(limit));
  reader_.ask("/metadata", form, interrupt_, [&](sdk::Value answer) {
    for (const nx_kv& entry : answer["data"].entries()) {
      std::vector<nx_metadata> facts;
      for (const nx_value& item : sdk::Value(&entry.value).items()) {
        const sdk::Value fact(&item);
        nx_metadata m{};
        m.series = NX_NONE;
        m.family = entry.key;
        m.type = type_of(fact["type"].get<std::string_view>());
        m.help = to_nx(fact["help"].get<std::string_view>());
        m.unit = to_nx(fact["unit"].get<std::string_view>());
        facts.push_back(m);
      }
      if (!facts.empty()) sink(context, facts.data(), facts.size());
    }
  });
}

}  // namespace narthex::storage::remote
