// SPDX-License-Identifier: Apache-2.0
#include "config/table_reader.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace narthex::config {

namespace {

bool is_scalar(const nx_value& value) { return value.type != NX_ARRAY && value.type != NX_TABLE; }

std::string kind_of(const Part& part) {
  switch (part.value->type) {
    case NX_ARRAY:
      return "a list";
    case NX_TABLE:
      return "a table";
    default:
      return '"' + std::string(part.document->text(part.value)) + '"';
  }
}

// Go's yaml takes these for a bool too, when a bool is wanted.
int as_bool(const Part& part) {
  const nx_value& value = *part.value;
  if (value.type == NX_BOOL) return value.u.i != 0 ? 1 : 0;
  if (value.type != NX_STRING || part.document->quoted(part.value)) return -1;
  const std::string_view text = part.document->text(part.value);
  for (const std::string_view word : {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"}) {
    if (text == word) return 1;
  }
  for (const std::string_view word : {"n", "N", "no", "No", "NO", "off", "Off", "OFF"}) {
    if (text == word) return 0;
  }
  return -1;
}

}  // namespace

TableReader::TableReader(Diagnostics& diagnostics, std::vector<Part> parts, std::string name)
    : diagnostics_(diagnostics), name_(std::move(name)) {
  for (Part& part : parts) {
    if (part.value->type == NX_TABLE) {
      parts_.push_back(std::move(part));
    } else if (part.value->type != NX_NULL) {
      diagnostics_.error(part, name_ + " must be a table of keys, not " + kind_of(part));
    }
  }
}

std::vector<Part> TableReader::all(std::string_view key) {
  know(key);
  std::vector<Part> found;
  for (const Part& part : parts_) {
    for (const nx_kv& entry : sdk::Value(part.value).entries()) {
      if (view(entry.key) == key && entry.value.type != NX_NULL) {
        found.push_back({part.document, &entry.value, &entry});
      }
    }
  }
  return found;
}

const Part* TableReader::scalar(std::string_view key) {
  const std::vector<Part> found = all(key);
  if (found.empty()) return nullptr;
  for (std::size_t i = 1; i < found.size(); ++i) {
    diagnostics_.key_error(found[i],
                           std::string(key) + " is set twice: here and at " + place_text(found[0]));
  }
  found_ = found[0];
  return &found_;
}

bool TableReader::wrong_type(const Part& part, std::string_view key, std::string_view wanted) {
  diagnostics_.error(
      part, std::string(key) + " must be " + std::string(wanted) + ", not " + kind_of(part));
  return false;
}

bool TableReader::text_of(const Part& part, std::string_view key, std::string& out) {
  if (!is_scalar(*part.value)) return wrong_type(part, key, "text");
  out = part.document->text(part.value);
  return true;
}

bool TableReader::read(std::string_view key, std::string& out) {
  const Part* found = scalar(key);
  return found != nullptr && text_of(*found, key, out);
}

bool TableReader::read(std::string_view key, net::Secret& out) {
  std::string text;
  if (!read(key, text)) return false;
  out = net::Secret(std::move(text));
  return true;
}

bool TableReader::read(std::string_view key, bool& out) {
  const Part* found = scalar(key);
  if (found == nullptr) return false;
  const int truth = as_bool(*found);
  if (truth < 0) return wrong_type(*found, key, "true or false");
  out = truth != 0;
  return true;
}

bool TableReader::read(std::string_view key, std::uint64_t& out) {
  const Part* found = scalar(key);
  if (found == nullptr) return false;
  const nx_value& value = *found->value;
  if (value.type == NX_INT && value.u.i >= 0) {
    out = static_cast<std::uint64_t>(value.u.i);
    return true;
  }
  // 1e6 is a float to YAML and TOML, and a good count.
  if (value.type == NX_FLOAT && value.u.f >= 0 && value.u.f < 9e18) {
    out = static_cast<std::uint64_t>(value.u.f);
    return true;
  }
  return wrong_type(*found, key, "a whole number, 0 or more");
}

bool TableReader::read(std::string_view key, std::int64_t& out) {
  const Part* found = scalar(key);
  if (found == nullptr) return false;
  const nx_value& value = *found->value;
  if (value.type == NX_INT) {
    out = value.u.i;
    return true;
  }
  if (value.type == NX_FLOAT && std::abs(value.u.f) < 9e18) {
    out = static_cast<std::int64_t>(value.u.f);
    return true;
  }
  return wrong_type(*found, key, "a whole number");
}

bool TableReader::read(std::string_view key, double& out) {
  const Part* found = scalar(key);
  if (found == nullptr) return false;
  const sdk::Value value(found->value);
  if (value.type() != NX_INT && value.type() != NX_FLOAT) {
    return wrong_type(*found, key, "a number");
  }
  out = value.get<double>();
  return true;
}

bool TableReader::read(std::string_view key, std::vector<std::string>& out) {
  const std::vector<Part> found = all(key);
  if (found.empty()) return false;
  out.clear();
  bool good = true;
  for (const Part& part : items(key)) {
    std::string text;
    good &= text_of(part, key, text);
    out.push_back(std::move(text));
  }
  return good;
}

bool TableReader::read(std::string_view key, std::vector<net::Secret>& out) {
  std::vector<std::string> texts;
  if (!read(key, texts)) return false;
  for (std::string& text : texts) out.emplace_back(std::move(text));
  return true;
}

bool TableReader::read(std::string_view key, std::map<std::string, std::string>& out) {
  TableReader inner = table(key);
  if (!inner.present()) return false;
  for (const Part& part : inner.others()) {
    const std::string name(view(part.entry->key));
    std::string text;
    if (part.value->type != NX_NULL && !text_of(part, name, text)) continue;
    if (!out.emplace(name, std::move(text)).second) {
      diagnostics_.key_error(part, name + " is set twice");
    }
  }
  return true;
}

bool TableReader::read_duration(std::string_view key, std::int64_t& out_ms) {
  const Part* found = scalar(key);
  if (found == nullptr) return false;
  std::string text;
  if (!text_of(*found, key, text)) return false;
  Result<std::int64_t> parsed = document::parse_duration_ms(text);
  if (!parsed.ok()) {
    diagnostics_.error(*found, std::string(key) + ": " + parsed.status().message());
    return false;
  }
  out_ms = *parsed;
  return true;
}

bool TableReader::read_bytes(std::string_view key, std::uint64_t& out) {
  const Part* found = scalar(key);
  if (found == nullptr) return false;
  std::string text;
  if (!text_of(*found, key, text)) return false;
  Result<std::uint64_t> parsed = document::parse_bytes(text);
  if (!parsed.ok()) {
    diagnostics_.error(*found, std::string(key) + ": " + parsed.status().message());
    return false;
  }
  out = *parsed;
  return true;
}

TableReader TableReader::table(std::string_view key) {
  return TableReader(diagnostics_, all(key), std::string(key));
}

std::vector<Part> TableReader::items(std::string_view key) {
  std::vector<Part> found;
  for (const Part& part : all(key)) {
    if (part.value->type != NX_ARRAY) {
      wrong_type(part, key, "a list");
      continue;
    }
    for (const nx_value& item : sdk::Value(part.value).items()) {
      found.push_back({part.document, &item, nullptr});
    }
  }
  return found;
}

std::vector<TableReader> TableReader::tables(std::string_view key, std::string_view null_text) {
  std::vector<TableReader> found;
  for (const Part& part : items(key)) {
    if (part.value->type == NX_NULL) {
      diagnostics_.error(part, std::string(null_text));
      continue;
    }
    TableReader reader(diagnostics_, {part}, "an element of " + std::string(key));
    if (reader.present()) found.push_back(std::move(reader));
  }
  return found;
}

void TableReader::error(std::string_view key, std::string text, std::string hint) {
  const std::vector<Part> found = all(key);
  if (!found.empty()) return diagnostics_.error(found[0], std::move(text), std::move(hint));
  if (present()) diagnostics_.error(part(), std::move(text), std::move(hint));
}

std::vector<Part> TableReader::others() const {
  std::vector<Part> found;
  for (const Part& part : parts_) {
    for (const nx_kv& entry : sdk::Value(part.value).entries()) {
      if (std::find(known_.begin(), known_.end(), view(entry.key)) != known_.end()) continue;
      found.push_back({part.document, &entry.value, &entry});
    }
  }
  return found;
}

void TableReader::done() {
  for (const Part& part : others()) {
    const std::string_view key = view(part.entry->key);
    const std::string_view near = document::nearest(key, known_);
    diagnostics_.key_error(part, "unknown key \"" + std::string(key) + "\" in " + name_,
                           near.empty() ? "" : "did you mean \"" + std::string(near) + "\"?");
  }
}

}  // namespace narthex::config
