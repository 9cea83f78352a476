// SPDX-License-Identifier: Apache-2.0
// data_rules.hpp - whether labels, tables and batches that a plugin hands over are what data.h
// says. Each answers with what is wrong, or with nothing. Pure, thread-safe.
#pragma once

#include <narthex/data.h>

#include <cstdint>
#include <string>

namespace narthex::check {

// Names not empty, names and values UTF-8. `sorted`: also sorted by name, unique, no empty values.
std::string bad_labels(const nx_label* labels, std::uint64_t count, bool sorted);
// `empty_values`: they are allowed, as in what a parser says of a page.
std::string bad_table(const nx_series_table& table, bool empty_values = false);
// `series`: the rows must name series (by table or reference), as for appending.
std::string bad_batch(const nx_sample_batch& batch, bool series);
std::string bad_histogram(const nx_histogram& histogram);
// {a="1", b="2"}, for messages and comparisons. REQUIRES: a sound table.
std::string series_text(const nx_series_table& table, std::uint32_t series);

}  // namespace narthex::check
