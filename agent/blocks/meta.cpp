// SPDX-License-Identifier: Apache-2.0
#include "blocks/meta.hpp"

#include "document/document.hpp"

#include <narthex/sdk/json.hpp>
#include <narthex/sdk/value.hpp>

#include <algorithm>

namespace narthex::blocks {

namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kUlidSize = 26;
constexpr std::string_view kOutOfOrder = "from-out-of-order";

std::vector<std::string> texts(sdk::Value list) {
  std::vector<std::string> out;
  for (const nx_value& item : list.items()) out.push_back(sdk::Value(&item).get<std::string>());
  return out;
}

void append_list(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ", ";
    sdk::append_json_text(out, texts[i]);
  }
  out += ']';
}

}  // namespace

bool BlockMeta::out_of_order() const {
  return std::find(hints.begin(), hints.end(), kOutOfOrder) != hints.end();
}

Result<BlockMeta> parse_meta(std::string_view name, std::string_view json) {
  std::vector<document::Finding> findings;
  const auto read = document::Document::parse(document::Format::kJson, name, json, findings);
  if (read == nullptr) return invalid_data(findings.front().text + " in " + std::string(name));
  const sdk::Value root(&read->root());
  if (root["version"].get<std::int64_t>() != 1) {
    return invalid_data(std::string(name) + " is not of version 1");
  }
  BlockMeta meta;
  meta.ulid = root["ulid"].get<std::string>();
  meta.min_t = root["minTime"].get<std::int64_t>();
  meta.max_t = root["maxTime"].get<std::int64_t>();
  const sdk::Value stats = root["stats"];
  const auto number = [&](std::string_view key) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, stats[key].get<std::int64_t>()));
  };
  meta.samples = number("numSamples");
  meta.float_samples = number("numFloatSamples");
  meta.histogram_samples = number("numHistogramSamples");
  meta.series = number("numSeries");
  meta.chunks = number("numChunks");
  meta.tombstones = number("numTombstones");
  const sdk::Value compaction = root["compaction"];
  meta.level = static_cast<int>(compaction["level"].get<std::int64_t>());
  meta.sources = texts(compaction["sources"]);
  meta.hints = texts(compaction["hints"]);
  return meta;
}

std::string to_json(const BlockMeta& meta) {
  std::string out = "{\n\t\"ulid\": ";
  sdk::append_json_text(out, meta.ulid);
  const auto number = [&](const char* indent, const char* key, auto value) {
    ((((out += indent) += '"') += key) += "\": ") += std::to_string(value);
  };
  number(",\n\t", "minTime", meta.min_t);
  number(",\n\t", "maxTime", meta.max_t);
  out += ",\n\t\"stats\": {\n";
  number("\t\t", "numSamples", meta.samples);
  number(",\n\t\t", "numFloatSamples", meta.float_samples);
  number(",\n\t\t", "numHistogramSamples", meta.histogram_samples);
  number(",\n\t\t", "numSeries", meta.series);
  number(",\n\t\t", "numChunks", meta.chunks);
  out += "\n\t},\n\t\"compaction\": {\n";
  number("\t\t", "level", meta.level);
  out += ",\n\t\t\"sources\": ";
  append_list(out, meta.sources);
  out += "\n\t},\n\t\"version\": 1\n}\n";
  return out;
}

std::string make_ulid(std::int64_t now_ms, std::uint64_t random_high, std::uint64_t random_low) {
  // 128 bits as 26 digits of 5 bits; the first digit has 3.
  const std::uint64_t high = static_cast<std::uint64_t>(now_ms) << 16 | (random_high & 0xFFFF);
  std::string out(kUlidSize, '0');
  std::uint64_t top = high, bottom = random_low;
  for (std::size_t i = kUlidSize; i-- > 0;) {
    out[i] = kCrockford[bottom & 31];
    bottom = bottom >> 5 | top << 59;
    top >>= 5;
  }
  return out;
}

bool is_ulid(std::string_view text) {
  return text.size() == kUlidSize && text[0] <= '7' &&
         text.find_first_not_of(kCrockford) == std::string_view::npos;
}

}  // namespace narthex::blocks
