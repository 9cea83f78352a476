// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/table_name.hpp"

#include <charconv>

namespace narthex::storage::partition {
namespace {

constexpr std::string_view kTableSuffix = ".table";
constexpr std::string_view kTombstoneSuffix = ".deleted";
// So that a name from elsewhere cannot make the next sequence number overflow.
constexpr std::uint64_t kSequenceMax = INT64_MAX;

std::string stem(const TableName& name) {
  return std::to_string(name.partition) + "-" + std::to_string(name.first) + "-" +
         std::to_string(name.last) + "-" + std::to_string(name.revision);
}

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_dash(std::string_view& text) {
  if (!text.starts_with('-')) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::int64_t partition_of(std::int64_t t) {
  const std::int64_t rest = t % kPartitionMs;
  const std::int64_t start = t - rest;
  if (rest >= 0) return start;
  // The earliest partition is cut short by the range of int64: it starts where a day begins.
  return start < INT64_MIN + kPartitionMs ? start : start - kPartitionMs;
}

std::string TableName::file() const { return stem(*this).append(kTableSuffix); }

std::string TableName::tombstone_file() const { return stem(*this).append(kTombstoneSuffix); }

std::optional<TableName> TableName::parse(std::string_view file) {
  TableName name;
  std::string_view left = file;
  const bool whole = take_number(left, name.partition) && take_dash(left) &&
                     take_number(left, name.first) && take_dash(left) &&
                     take_number(left, name.last) && take_dash(left) &&
                     take_number(left, name.revision) && left == kTableSuffix;
  if (!whole || name.first > name.last || name.last > kSequenceMax) return std::nullopt;
  if (name.partition % kPartitionMs != 0) return std::nullopt;
  // One name, one spelling: no leading zeros.
  if (name.file() != file) return std::nullopt;
  return name;
}

std::optional<TableName> TableName::parse_tombstones(std::string_view file) {
  if (!file.ends_with(kTombstoneSuffix)) return std::nullopt;
  file.remove_suffix(kTombstoneSuffix.size());
  return parse(std::string(file).append(kTableSuffix));
}

bool TableName::replaces(const TableName& other) const {
  if (partition != other.partition || first > other.first || last < other.last) return false;
  const bool same_flushes = first == other.first && last == other.last;
  return !same_flushes || revision > other.revision;
}

}  // namespace narthex::storage::partition
