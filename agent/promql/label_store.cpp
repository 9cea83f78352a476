// SPDX-License-Identifier: Apache-2.0
#include "promql/label_store.hpp"

#include "promql/characters.hpp"
#include "promql/quoting.hpp"

#include <algorithm>

namespace narthex::promql {

namespace {

// Of few labels little is taken.
constexpr std::size_t kFirstPairs = 512;
constexpr std::size_t kFirstText = 4 << 10;
constexpr std::size_t kBlockPairs = 8192;
constexpr std::size_t kBlockText = 64 << 10;

}  // namespace

Symbol LabelSet::get(Symbol name) const {
  for (const LabelPair& pair : *this) {
    if (pair.name == name) return pair.value;
  }
  return LabelStore::kEmpty;
}

bool operator==(const LabelSet& a, const LabelSet& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

std::size_t LabelSet::hash() const {
  std::uint64_t h = 0x9E3779B97F4A7C15u ^ size_;
  for (const LabelPair& pair : *this) {
    h ^= (std::uint64_t{pair.name} << 32) | pair.value;
    h *= 0xFF51AFD7ED558CCDu;
    h ^= h >> 32;
  }
  return h;
}

LabelStore::LabelStore() {
  intern("");
  metric_name_ = intern(kMetricName);
  type_name_ = intern("__type__");
  unit_name_ = intern("__unit__");
}

Symbol LabelStore::intern(std::string_view text) {
  if (const Symbol* known = symbols_.find(text)) return *known;
  const auto symbol = static_cast<Symbol>(symbol_count_);
  const std::string_view kept = keep(text);
  if (symbol % kTextsOfBlock == 0) {
    texts_.emplace_back();
    if (symbol > 0) texts_.back().reserve(kTextsOfBlock);  // many queries have few
  }
  texts_.back().push_back(kept);
  symbols_.try_emplace(kept, symbol);
  ++symbol_count_;
  return symbol;
}

std::string_view LabelStore::keep(std::string_view text) {
  if (text.size() > text_left_) {
    const std::size_t size = std::max(text.size(), text_blocks_.empty() ? kFirstText : kBlockText);
    text_blocks_.emplace_back(size);
    text_next_ = text_blocks_.back().data();
    text_left_ = size;
  }
  char* const kept = text_next_;
  std::copy(text.begin(), text.end(), kept);
  text_next_ += text.size();
  text_left_ -= text.size();
  return {kept, text.size()};
}

// The same texts come with every block: their ids are known without hashing them again.
Symbol LabelStore::intern(const nx_series_table& table, std::uint32_t index) {
  if (table.symbol_id == nullptr) return intern(view(table.symbols[index]));
  const std::uint32_t id = table.symbol_id[index];
  if (const Symbol* known = by_id_.find(id)) return *known;
  return *by_id_.try_emplace(id, intern(view(table.symbols[index]))).first;
}

LabelPair* LabelStore::allocate(std::size_t count) {
  if (count > block_left_) {
    const std::size_t size = std::max(count, blocks_.empty() ? kFirstPairs : kBlockPairs);
    blocks_.emplace_back(size);
    block_next_ = blocks_.back().data();
    block_left_ = size;
  }
  LabelPair* out = block_next_;
  block_next_ += count;
  block_left_ -= count;
  return out;
}

LabelSet LabelStore::add(std::span<const LabelPair> pairs) {
  LabelPair* out = allocate(pairs.size());
  std::copy(pairs.begin(), pairs.end(), out);
  return {out, static_cast<std::uint32_t>(pairs.size())};
}

LabelSet LabelStore::add_unsorted(std::vector<LabelPair> pairs) {
  std::stable_sort(pairs.begin(), pairs.end(), [this](const LabelPair& a, const LabelPair& b) {
    return a.name != b.name && text(a.name) < text(b.name);
  });
  std::vector<LabelPair> kept;
  for (const LabelPair& pair : pairs) {
    if (!kept.empty() && kept.back().name == pair.name) kept.pop_back();
    kept.push_back(pair);
  }
  std::erase_if(kept, [](const LabelPair& pair) { return pair.value == kEmpty; });
  return add(kept);
}

LabelSet LabelStore::add(const nx_series_table& table, std::uint32_t index,
                         std::span<const Symbol> symbols) {
  const std::uint32_t first = table.label_off[index];
  const std::uint32_t last = table.label_off[index + 1];
  LabelPair* out = allocate(last - first);
  for (std::uint32_t p = first; p < last; ++p) {
    out[p - first] = {symbols[table.label_ref[2 * p]], symbols[table.label_ref[2 * p + 1]]};
  }
  return {out, last - first};
}

int LabelStore::compare(const LabelSet& a, const LabelSet& b) const {
  const std::uint32_t common = std::min(a.size(), b.size());
  for (std::uint32_t i = 0; i < common; ++i) {
    const LabelPair& x = a.begin()[i];
    const LabelPair& y = b.begin()[i];
    if (x.name != y.name) return text(x.name) < text(y.name) ? -1 : 1;
    if (x.value != y.value) return text(x.value) < text(y.value) ? -1 : 1;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

std::string LabelStore::print(const LabelSet& set) const {
  std::string out = "{";
  for (const LabelPair& pair : set) {
    if (out.size() > 1) out += ", ";
    if (is_plain_label_name(text(pair.name))) {
      out += text(pair.name);
    } else {
      append_quoted(out, text(pair.name));
    }
    out += '=';
    append_quoted(out, text(pair.value));
  }
  return out + "}";
}

Labels LabelStore::copy(const LabelSet& set) const {
  Labels out;
  for (const LabelPair& pair : set) out.set(text(pair.name), text(pair.value));
  return out;
}

}  // namespace narthex::promql
