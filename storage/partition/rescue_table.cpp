// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/rescue_table.hpp"

#include "storage/partition/label_sets.hpp"
#include "storage/partition/leftovers.hpp"
#include "storage/partition/merge_input.hpp"
#include "storage/partition/tombstones.hpp"

#include <array>

namespace narthex::storage::partition {
namespace {

// The first revision whose name is free.
TableName stand_in_for(TableName name, fs::FileSystem& files, const std::string& folder) {
  do {
    ++name.revision;
  } while (files.open_read(folder + "/" + name.file()).ok());
  return name;
}

// Copies series by series, and says what was written: nothing where there was nothing to read.
fs::Result<std::optional<TableFigures>> copy_readable(fs::FileSystem& files,
                                                      const std::string& path, MergeInput& input) {
  LabelSets sets;
  // Damage ends the label sets: series behind it have no name any more.
  const fs::Status named = sets.load(input.table(), input.sets);
  if (!named.ok() && named.error() != EBADMSG) return named;
  std::unique_ptr<TableWriter> writer;
  std::vector<Label> labels;
  MergedSamples samples;
  while (!input.at_end()) {
    sets.labels(input.set(), labels);
    samples.clear();
    if (fs::Status read = input.read_next(samples); !read.ok()) return read;
    const SeriesSamples series = samples.view(labels);
    if (series.empty()) continue;
    if (writer == nullptr) {
      auto created = TableWriter::create(files, path, TableOptions());
      if (!created.ok()) return created.status();
      writer = *std::move(created);
    }
    if (fs::Status added = writer->add(series); !added.ok()) return added;
  }
  if (writer == nullptr) return std::optional<TableFigures>();
  auto figures = writer->finish();
  if (!figures.ok()) return figures.status();
  return std::optional<TableFigures>(*figures);
}

}  // namespace

fs::Result<Rescue> rescue_table(fs::FileSystem& files, const std::string& folder,
                                const TableName& name) {
  Rescue rescue;
  const std::array<std::string, 2> names{name.file(), name.tombstone_file()};
  auto table = Table::open(files, folder + "/" + name.file());
  if (!table.ok()) {
    if (table.status().error() != EBADMSG) return table.status();
    if (fs::Status moved = move_aside(files, folder, names); !moved.ok()) return moved;
    return rescue;
  }
  rescue.series_before = (*table)->figures().series;
  rescue.samples_before = (*table)->figures().samples;
  auto tombstones = Tombstones::load(files, folder + "/" + name.tombstone_file());
  if (!tombstones.ok() && tombstones.status().error() != EBADMSG) return tombstones.status();
  MergeInput input(
      *table,
      tombstones.ok() ? std::make_shared<const Tombstones>(*std::move(tombstones)) : nullptr,
      MergeInput::OnDamage::kLeaveOut);
  if (fs::Status kept = keep_aside(files, folder, names); !kept.ok()) return kept;
  const TableName fresh = stand_in_for(name, files, folder);
  auto figures = copy_readable(files, folder + "/" + fresh.file(), input);
  if (!figures.ok()) return figures.status();
  if (figures->has_value()) {
    rescue.table = fresh;
    rescue.figures = **figures;
  }
  remove_tables(files, folder, std::array{name});
  if (fs::Status synced = files.sync_directory(folder); !synced.ok()) return synced;
  return rescue;
}

}  // namespace narthex::storage::partition
