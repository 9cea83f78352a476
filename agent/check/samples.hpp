// SPDX-License-Identifier: Apache-2.0
// samples.hpp - makes configurations from a schema: one to work with, and random ones at the edges
// of what it allows. Deterministic for a seed. One thread.
#pragma once

#include "host/schema_node.hpp"

#include <narthex/sdk/value.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace narthex::check {

// What stands in secret options, so that it is recognised wherever it turns up.
inline constexpr std::string_view kSecret = "kit-secret-5f0c1a";

class Samples {
 public:
  // `folder`: where made-up paths lie. The schema must outlive this, the values live as long.
  Samples(const host::SchemaNode& root, std::string folder, std::uint64_t seed)
      : root_(root), folder_(std::move(folder)), random_(seed) {}

  // The required options and those with examples; the examples where there are some.
  nx_value plain();
  // Any options, values at and between the limits, texts up to 64 KiB.
  nx_value wild();

 private:
  nx_value make(const host::SchemaNode& node, int depth);
  nx_value table(const host::SchemaNode& node, int depth);
  void add_properties(const host::SchemaNode& node, int depth, std::vector<nx_kv>& entries,
                      std::string_view but);
  nx_value list(const host::SchemaNode& node, int depth);
  nx_value number(const host::SchemaNode& node, bool whole);
  nx_value text(const host::SchemaNode& node);
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  const host::SchemaNode& root_;
  const std::string folder_;
  std::mt19937_64 random_;
  bool wild_ = false;
  sdk::TreeArena arena_;
};

}  // namespace narthex::check
