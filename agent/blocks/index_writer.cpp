// SPDX-License-Identifier: Apache-2.0
#include "blocks/index_writer.hpp"

#include "blocks/bytes.hpp"
#include "blocks/crc32c.hpp"
#include "blocks/index_format.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace narthex::blocks {

namespace {

void pad_to(std::string& out, std::size_t alignment) {
  while (out.size() % alignment != 0) out += '\0';
}

// A section: its length in front, its checksum behind.
void put_section(std::string& out, std::string_view body) {
  put_be32(out, static_cast<std::uint32_t>(body.size()));
  out += body;
  put_be32(out, crc32c(body));
}

void put_table(std::string& out, std::uint32_t entries, std::string_view table) {
  std::string body;
  put_be32(body, entries);
  body += table;
  put_section(out, body);
}

}  // namespace

std::uint32_t IndexWriter::intern(std::string_view text) {
  const auto next = static_cast<std::uint32_t>(texts_.size());
  const auto [at, is_new] = interned_.try_emplace(std::string(text), next);
  if (is_new) texts_.push_back(&at->first);
  return at->second;
}

void IndexWriter::add(std::span<const nx_label> labels, std::span<const ChunkPlace> chunks) {
  series_.push_back({labels_.size(), labels.size(), chunks_.size(), chunks.size()});
  for (const nx_label& label : labels) {
    labels_.emplace_back(intern({label.name.ptr, label.name.len}),
                         intern({label.value.ptr, label.value.len}));
  }
  chunks_.insert(chunks_.end(), chunks.begin(), chunks.end());
}

void IndexWriter::sort_symbols() {
  by_rank_.resize(texts_.size());
  std::iota(by_rank_.begin(), by_rank_.end(), 0);
  std::sort(by_rank_.begin(), by_rank_.end(),
            [this](std::uint32_t a, std::uint32_t b) { return *texts_[a] < *texts_[b]; });
  rank_.resize(texts_.size());
  for (std::uint32_t i = 0; i < by_rank_.size(); ++i) rank_[by_rank_[i]] = i;
}

void IndexWriter::write_symbols(std::string& out) const {
  std::string table;
  for (const std::uint32_t number : by_rank_) put_text(table, *texts_[number]);
  put_table(out, static_cast<std::uint32_t>(texts_.size()), table);
}

void IndexWriter::write_series(std::string& out) {
  std::string entry;
  for (const Series& series : series_) {
    pad_to(out, kSeriesAlignment);
    refs_.push_back(static_cast<std::uint32_t>(out.size() / kSeriesAlignment));
    entry.clear();
    put_uvarint(entry, series.label_count);
    for (std::size_t i = 0; i < series.label_count; ++i) {
      const auto& [name, value] = labels_[series.first_label + i];
      put_uvarint(entry, rank_[name]);
      put_uvarint(entry, rank_[value]);
    }
    put_uvarint(entry, series.chunk_count);
    for (std::size_t i = 0; i < series.chunk_count; ++i) {
      const ChunkPlace& chunk = chunks_[series.first_chunk + i];
      if (i == 0) {
        put_varint(entry, chunk.min_t);
        put_uvarint(entry, static_cast<std::uint64_t>(chunk.max_t - chunk.min_t));
        put_uvarint(entry, chunk.ref);
        continue;
      }
      const ChunkPlace& before = chunks_[series.first_chunk + i - 1];
      put_uvarint(entry, static_cast<std::uint64_t>(chunk.min_t - before.max_t));
      put_uvarint(entry, static_cast<std::uint64_t>(chunk.max_t - chunk.min_t));
      put_varint(entry, static_cast<std::int64_t>(chunk.ref - before.ref));
    }
    put_uvarint(out, entry.size());
    out += entry;
    put_be32(out, crc32c(entry));
  }
}

// For each label name the sorted numbers of its values. Prometheus has no use for them any more,
// but its older versions and the tools of others look.
void IndexWriter::write_label_indices(std::string& out) {
  std::map<std::uint32_t, std::vector<std::uint32_t>> values;  // by rank of the name
  for (const auto& [name, value] : labels_) values[rank_[name]].push_back(rank_[value]);
  for (auto& [name, list] : values) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    pad_to(out, 4);
    label_table_ += '\1';
    put_text(label_table_, *texts_[by_rank_[name]]);
    put_uvarint(label_table_, out.size());
    ++label_entries_;
    std::string body;
    put_be32(body, 1);
    put_be32(body, static_cast<std::uint32_t>(list.size()));
    for (const std::uint32_t value : list) put_be32(body, value);
    put_section(out, body);
  }
}

void IndexWriter::write_postings(std::string& out) {
  const auto put = [&](std::string_view name, std::string_view value, auto begin, auto end) {
    pad_to(out, 4);
    postings_table_ += '\2';
    put_text(postings_table_, name);
    put_text(postings_table_, value);
    put_uvarint(postings_table_, out.size());
    ++postings_entries_;
    std::string body;
    put_be32(body, static_cast<std::uint32_t>(end - begin));
    for (auto at = begin; at != end; ++at) put_be32(body, refs_[*at]);
    put_section(out, body);
  };
  std::vector<std::uint32_t> all(series_.size());
  std::iota(all.begin(), all.end(), 0);
  put("", "", all.begin(), all.end());
  // Which series have a pair: sorted by rank of name, then of value, then by series.
  struct Owner {
    std::uint32_t name, value, series;
    auto operator<=>(const Owner&) const = default;
  };
  std::vector<Owner> owners;
  owners.reserve(labels_.size());
  for (std::uint32_t s = 0; s < series_.size(); ++s) {
    for (std::size_t i = 0; i < series_[s].label_count; ++i) {
      const auto& [name, value] = labels_[series_[s].first_label + i];
      owners.push_back({rank_[name], rank_[value], s});
    }
  }
  std::sort(owners.begin(), owners.end());
  std::vector<std::uint32_t> list;
  for (std::size_t i = 0; i < owners.size();) {
    const Owner& first = owners[i];
    list.clear();
    for (; i < owners.size() && owners[i].name == first.name && owners[i].value == first.value;
         ++i) {
      list.push_back(owners[i].series);
    }
    put(*texts_[by_rank_[first.name]], *texts_[by_rank_[first.value]], list.begin(), list.end());
  }
}

Result<std::string> IndexWriter::finish() {
  sort_symbols();
  std::string out;
  put_be32(out, kIndexMagic);
  out += '\2';
  std::array<std::uint64_t, 6> contents{};
  contents[0] = out.size();
  write_symbols(out);
  pad_to(out, kSeriesAlignment);
  contents[1] = out.size();
  write_series(out);
  pad_to(out, 4);
  contents[2] = out.size();
  write_label_indices(out);
  pad_to(out, 4);
  contents[4] = out.size();
  write_postings(out);
  contents[3] = out.size();
  put_table(out, label_entries_, label_table_);
  contents[5] = out.size();
  put_table(out, postings_entries_, postings_table_);
  if (out.size() / kSeriesAlignment > UINT32_MAX) {
    return Status(NX_ERR_EXHAUSTED, "the index would be larger than 64 GiB");
  }
  std::string tail;
  for (const std::uint64_t offset : contents) put_be64(tail, offset);
  put_be32(tail, crc32c(tail));
  return out + tail;
}

}  // namespace narthex::blocks
