// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/identity_writer.hpp"

#include "storage/partition/table_format.hpp"

#include <zstd.h>

#include <algorithm>

namespace narthex::storage::partition {
namespace {

constexpr int kIdentityZstdLevel = 3;

bool is_same(const Label& a, const Label& b) { return a.name == b.name && a.value == b.value; }

std::size_t text_size(Labels labels) {
  std::size_t size = 0;
  for (const Label& label : labels) size += label.name.size() + label.value.size();
  return size;
}

}  // namespace

std::uint32_t IdentityWriter::symbol(std::string_view text) {
  const auto [at, is_new] =
      symbols_.try_emplace(std::string(text), static_cast<std::uint32_t>(symbols_.size()));
  if (is_new) {
    put_varint(symbol_sizes_, text.size());
    symbol_text_.insert(symbol_text_.end(), text.begin(), text.end());
  }
  return at->second;
}

// Pairs kept at the front, pairs kept at the back, and those between them.
void IdentityWriter::put_changes(Labels labels) {
  const std::size_t before = first_ordinal_ == count_ ? 0 : last_.size();
  const std::size_t common = std::min(before, labels.size());
  std::size_t front = 0;
  while (front < common && is_same(labels[front], last_[front])) ++front;
  std::size_t back = 0;
  while (back < common - front &&
         is_same(labels[labels.size() - 1 - back], last_[before - 1 - back])) {
    ++back;
  }
  const std::size_t fresh = labels.size() - front - back;
  put_varint(changes_, front);
  put_varint(changes_, back);
  put_varint(changes_, fresh);
  pairs_now_.assign(last_pairs_.begin(), last_pairs_.begin() + static_cast<std::ptrdiff_t>(front));
  for (std::size_t i = front; i < front + fresh; ++i) {
    const Pair pair{symbol(labels[i].name), symbol(labels[i].value)};
    put_varint(changes_, pair.name);
    put_varint(changes_, pair.value);
    pairs_now_.push_back(pair);
  }
  pairs_now_.insert(pairs_now_.end(), last_pairs_.end() - static_cast<std::ptrdiff_t>(back),
                    last_pairs_.end());
  last_pairs_.swap(pairs_now_);
}

void IdentityWriter::keep(Labels labels) {
  text_.clear();
  for (const Label& label : labels) text_.append(label.name).append(label.value);
  last_.clear();
  std::string_view rest = text_;
  const auto take = [&rest](std::size_t size) {
    const std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(size);
    return taken;
  };
  for (const Label& label : labels) {
    const std::string_view name = take(label.name.size());
    last_.push_back({name, take(label.value.size())});
  }
}

bool IdentityWriter::add(Labels labels) {
  if (labels.size() > kLabelSetPairsMax || text_size(labels) > kLabelSetBytesMax) return false;
  put_changes(labels);
  keep(labels);
  ++count_;
  pairs_ += labels.size();
  if (count_ - first_ordinal_ == kIdentitySeries || pairs_ >= kIdentityPairs ||
      symbol_text_.size() >= kIdentityBytes) {
    finish_block();
  }
  return true;
}

void IdentityWriter::finish_block() {
  const std::uint32_t series = count_ - first_ordinal_;
  Bytes body;
  put_varint(body, pairs_);
  put_varint(body, symbols_.size());
  put_varint(body, symbol_text_.size());
  put_bytes(body, symbol_sizes_);
  put_bytes(body, symbol_text_);
  put_bytes(body, changes_);
  IdentityBlock& block = blocks_.emplace_back();
  block.first_ordinal = first_ordinal_;
  block.bytes.resize(kSealSize);
  block.bytes.push_back(kTableVersion);
  put_varint(block.bytes, series);
  put_varint(block.bytes, body.size());
  const std::size_t head = block.bytes.size();
  block.bytes.resize(head + ZSTD_compressBound(body.size()));
  const std::size_t size = ZSTD_compress(block.bytes.data() + head, block.bytes.size() - head,
                                         body.data(), body.size(), kIdentityZstdLevel);
  block.bytes.resize(head + size);
  block.bytes.shrink_to_fit();
  seal(block.bytes);
  first_ordinal_ = count_;
  pairs_ = 0;
  symbols_.clear();
  symbol_sizes_.clear();
  symbol_text_.clear();
  changes_.clear();
  last_pairs_.clear();
}

std::vector<IdentityBlock> IdentityWriter::take() {
  if (count_ != first_ordinal_) finish_block();
  return std::move(blocks_);
}

}  // namespace narthex::storage::partition
