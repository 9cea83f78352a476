// SPDX-License-Identifier: Apache-2.0
// series_shapes.hpp - series of the kinds that monitoring is made of, from a seed; and those of a
// file of "labels,row,value" lines.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace narthex::storage::column {

struct Shape {
  std::string name;
  std::vector<std::vector<double>> series;  // of equal length
  bool neighbours = false;                  // each resembles the one before (`le` buckets)
};

std::vector<Shape> made_shapes(std::size_t rows);

// One shape, the series in the order of the file; without series when it cannot be read.
Shape shape_of_file(const std::string& path, std::size_t rows_max);

}  // namespace narthex::storage::column
