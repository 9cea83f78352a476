// SPDX-License-Identifier: Apache-2.0
#include "remote_write/target_series.hpp"

#define XXH_INLINE_ALL
#include <protozero/pbf_writer.hpp>
#include <xxhash.h>

namespace narthex::remote_write {

TargetSeriesRef SeriesMapper::map(const std::vector<LabelView>& labels) const {
  auto series = std::make_shared<TargetSeries>();
  for (const auto& [name, value] : labels) series->labels.set(name, value);
  for (const auto& [name, value] : external_) {
    if (!series->labels.has(name)) series->labels.set(name, value);
  }
  if (!rules_.apply(series->labels) || series->labels.empty()) return nullptr;
  protozero::pbf_writer fields(series->label_fields);
  for (const auto& [name, value] : series->labels) {
    protozero::pbf_writer label(fields, 1);
    label.add_string(1, name);
    label.add_string(2, value);
  }
  series->hash = XXH3_64bits(series->label_fields.data(), series->label_fields.size());
  return series;
}

}  // namespace narthex::remote_write
