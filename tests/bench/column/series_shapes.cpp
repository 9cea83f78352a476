// SPDX-License-Identifier: Apache-2.0
#include "series_shapes.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>

namespace narthex::storage::column {
namespace {

constexpr std::size_t kSeries = 64;

using Step = std::function<double(std::mt19937_64&, double before)>;

Shape walk(std::string name, std::size_t rows, double first, const Step& step) {
  Shape shape{std::move(name), {}, false};
  std::mt19937_64 random(7);
  for (std::size_t s = 0; s < kSeries; ++s) {
    std::vector<double> values(rows);
    double value = first * static_cast<double>(s + 1);
    for (double& v : values) v = value = step(random, value);
    shape.series.push_back(std::move(values));
  }
  return shape;
}

double uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }
double bell(std::mt19937_64& random) {
  return uniform(random) + uniform(random) + uniform(random) + uniform(random) - 2;
}

Shape buckets(std::size_t rows) {
  Shape shape{"histogram buckets", {}, true};
  std::mt19937_64 random(8);
  constexpr std::size_t kBuckets = 12;
  for (std::size_t h = 0; h < kSeries / kBuckets; ++h) {
    std::vector<std::vector<double>> bucket(kBuckets, std::vector<double>(rows));
    std::vector<double> count(kBuckets, 0);
    for (std::size_t row = 0; row < rows; ++row) {
      for (int events = static_cast<int>(40 + 20 * bell(random)); events > 0; --events) {
        const auto least = static_cast<std::size_t>(std::fabs(4 + 2 * bell(random)));
        for (std::size_t b = least; b < kBuckets; ++b) ++count[b];
      }
      for (std::size_t b = 0; b < kBuckets; ++b) bucket[b][row] = count[b];
    }
    for (auto& values : bucket) shape.series.push_back(std::move(values));
  }
  return shape;
}

}  // namespace

std::vector<Shape> made_shapes(std::size_t rows) {
  std::vector<Shape> shapes;
  shapes.push_back(walk("constants", rows, 17, [](auto&, double v) { return v; }));
  shapes.push_back(walk("counters, bytes", rows, 1e6, [](auto& random, double v) {
    return v + std::floor(150000 + 30000 * bell(random));
  }));
  shapes.push_back(walk("counters, packets", rows, 1e3, [](auto& random, double v) {
    return v + std::floor(std::fabs(120 + 40 * bell(random)));
  }));
  shapes.push_back(walk("counters, CPU s/100", rows, 1e2, [](auto& random, double v) {
    return std::round((v + 1.2 + 0.2 * bell(random)) * 100) / 100;
  }));
  shapes.push_back(walk("counters, idle", rows, 3,
                        [](auto& random, double v) { return v + (random() % 100 == 0 ? 1 : 0); }));
  shapes.push_back(walk("gauges, small", rows, 5, [](auto& random, double v) {
    return random() % 3 == 0 ? std::fabs(v + std::round(2 * bell(random))) : v;
  }));
  shapes.push_back(walk("gauges, pages", rows, 4096e4, [](auto& random, double v) {
    return v + 4096 * std::round(60 * bell(random));
  }));
  shapes.push_back(walk("gauges, load x.xx", rows, 1, [](auto& random, double v) {
    return std::round(std::fabs(v + 0.1 * bell(random)) * 100) / 100;
  }));
  shapes.push_back(buckets(rows));
  shapes.push_back(walk("float sums", rows, 10, [](auto& random, double v) {
    return v + 0.03 * static_cast<double>(random() % 40) * uniform(random);
  }));
  shapes.push_back(
      walk("random floats", rows, 1, [](auto& random, double) { return uniform(random); }));
  return shapes;
}

Shape shape_of_file(const std::string& path, std::size_t rows_max) {
  Shape shape{"file: " + path.substr(path.rfind('/') + 1), {}, true};
  std::ifstream file(path);
  std::string line;
  std::string labels;
  while (std::getline(file, line)) {
    const std::size_t value = line.rfind(',');
    const std::size_t row = value == std::string::npos ? value : line.rfind(',', value - 1);
    if (row == std::string::npos) continue;
    if (shape.series.empty() || line.compare(0, row, labels) != 0) {
      labels = line.substr(0, row);
      shape.series.emplace_back();
    }
    if (shape.series.back().size() < rows_max) {
      shape.series.back().push_back(std::strtod(line.c_str() + value + 1, nullptr));
    }
  }
  return shape;
}

}  // namespace narthex::storage::column
