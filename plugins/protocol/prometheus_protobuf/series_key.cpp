// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/prometheus_protobuf/series_key.hpp"

#include "plugins/protocol/prometheus_protobuf/messages.hpp"

#include <cstring>
#include <string>

namespace narthex::prometheus_protobuf {
namespace {

struct Head {
  double bound;
  std::uint32_t name_size;
  std::uint16_t unit_size;
  std::uint8_t type;
  Part part;
};
static_assert(sizeof(Head) == 16);

std::string_view suffix(Part part) {
  switch (part) {
    case Part::kCount:
      return "_count";
    case Part::kSum:
      return "_sum";
    case Part::kBucket:
      return "_bucket";
    case Part::kWhole:
    case Part::kQuantile:
      break;
  }
  return "";
}

nx_label read_pair(std::string_view message, Failure& failure) {
  nx_label out = {NX_STR(""), NX_STR("")};
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number > 2 || !fields.expect(f, Wire::kBytes)) continue;
    (f.number == 1 ? out.name : out.value) = to_nx(f.bytes);
  }
  return out;
}

}  // namespace

const char* SeriesKeys::place_of(std::string_view key) {
  const char* place = nullptr;
  std::memcpy(&place, key.data() - sizeof place, sizeof place);
  return place;
}

std::string_view SeriesKeys::make(Part part, double bound, const char* place) {
  // A unit that is longer than any that is meant as one is none.
  const std::string_view unit = described_.unit.size() <= 0xFFFF ? described_.unit : "";
  const std::size_t size = sizeof(Head) + name_.size() + unit.size() + labels_.size();
  char* key = arena_.take<char>(sizeof place + size);
  std::memcpy(key, &place, sizeof place);
  key += sizeof place;
  const Head head{bound, static_cast<std::uint32_t>(name_.size()),
                  static_cast<std::uint16_t>(unit.size()),
                  static_cast<std::uint8_t>(described_.type), part};
  std::memcpy(key, &head, sizeof head);
  char* const rest = key + sizeof head;
  if (last_ != nullptr) {
    std::memcpy(rest, last_ + sizeof head, size - sizeof head);
  } else {
    std::memcpy(rest, name_.data(), name_.size());
    char* const behind = rest + name_.size();
    if (!unit.empty()) std::memcpy(behind, unit.data(), unit.size());
    if (!labels_.empty()) std::memcpy(behind + unit.size(), labels_.data(), labels_.size());
  }
  last_ = key;
  bytes_ += size;
  return {key, size};
}

Status read_labels(std::string_view encoded, std::vector<nx_label>& out) {
  Failure failure;
  FieldReader fields(encoded, failure);
  for (Field f; fields.next(f);) {
    const nx_label label = read_pair(f.bytes, failure);
    if (!failure.ok()) break;
    if (!sdk::is_utf8(view(label.name))) {
      return invalid_data("invalid label name " + sdk::quote_excerpt(view(label.name)));
    }
    if (!sdk::is_utf8(view(label.value))) {
      return invalid_data("invalid label value " + sdk::quote_excerpt(view(label.value)));
    }
    out.push_back(label);
  }
  if (!failure.ok()) return invalid_data("bad label: " + std::string(failure.text));
  return {};
}

Status read_key(std::string_view key, sdk::TextArena& texts, sdk::SeriesTable& table) {
  std::vector<nx_label>& out = table.pairs();
  Head head{};
  std::memcpy(&head, key.data(), sizeof head);
  key.remove_prefix(sizeof head);
  const std::string_view family = key.substr(0, head.name_size);
  const std::string_view ending = suffix(head.part);
  const nx_str name =
      ending.empty() ? to_nx(family) : texts.keep(std::string(family) + std::string(ending));
  out.push_back({NX_STR("__name__"), name});
  const nx_str unit = to_nx(key.substr(head.name_size, head.unit_size));
  if (Status status = read_labels(key.substr(head.name_size + head.unit_size), out); !status.ok()) {
    return status;
  }
  if (head.part == Part::kBucket) {
    out.push_back({NX_STR("le"), texts.keep(sdk::format_label_number(head.bound))});
  } else if (head.part == Part::kQuantile) {
    out.push_back({NX_STR("quantile"), texts.keep(sdk::format_label_number(head.bound))});
  }
  table.describe(head.type, unit);
  return {};
}

}  // namespace narthex::prometheus_protobuf
