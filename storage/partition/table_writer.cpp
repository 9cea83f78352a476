// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/table_writer.hpp"

#include "storage/fs/replace_file.hpp"
#include "storage/partition/directory.hpp"
#include "storage/partition/group_writer.hpp"
#include "storage/partition/identity_writer.hpp"
#include "storage/partition/leveldb_files.hpp"
#include "storage/partition/table_format.hpp"

#include <leveldb/options.h>
#include <leveldb/table_builder.h>

#include <algorithm>
#include <optional>

namespace narthex::storage::partition {
namespace {

leveldb::Options builder_options() {
  leveldb::Options options;
  options.compression = leveldb::kNoCompression;
  options.block_size = 1;  // so that every entry is a block
  return options;
}

std::string_view value_of_label(Labels labels, std::string_view name) {
  const auto at = std::ranges::find(labels, name, &Label::name);
  return at == labels.end() ? std::string_view() : at->value;
}

bool is_same_target(Labels a, Labels b) {
  return value_of_label(a, "instance") == value_of_label(b, "instance") &&
         value_of_label(a, "job") == value_of_label(b, "job");
}

class LeveldbTableWriter final : public TableWriter {
 public:
  LeveldbTableWriter(fs::FileSystem& files, std::string path, const TableOptions& options,
                     std::unique_ptr<fs::AppendFile> file)
      : files_(files),
        path_(std::move(path)),
        temporary_(path_ + ".tmp"),
        group_(options),
        sink_(std::in_place, std::move(file)),
        builder_(std::in_place, builder_options(), &*sink_) {}

  ~LeveldbTableWriter() override {
    if (finished_) return;
    close();
    (void)files_.unlink(temporary_);
  }

  fs::Status add(const SeriesSamples& series) override;
  fs::Result<TableFigures> finish() override;

 private:
  fs::Status put(const TableKey& key, ByteView value);
  fs::Status finish_group();
  fs::Status finish_content();
  fs::Status name_it();
  void close();

  fs::FileSystem& files_;
  const std::string path_;
  const std::string temporary_;
  bool finished_ = false;
  fs::Status status_;  // the first failure; nothing works after it
  Directory directory_;
  IdentityWriter identities_;
  GroupWriter group_;
  std::optional<TableSink> sink_;
  std::optional<leveldb::TableBuilder> builder_;
};

fs::Status LeveldbTableWriter::put(const TableKey& key, ByteView value) {
  const std::string_view text = key.text();
  builder_->Add({text.data(), text.size()},
                {reinterpret_cast<const char*>(value.data()), value.size()});
  if (!sink_->status().ok()) return sink_->status();
  return builder_->status().ok() ? fs::Status() : fs::Status(EIO, "write table", temporary_);
}

fs::Status LeveldbTableWriter::finish_group() {
  const auto group = static_cast<std::uint32_t>(directory_.groups.size());
  if (group == kGroupsMax) return {EFBIG, "write table (too many groups)", temporary_};
  const auto first_chunk = static_cast<std::uint32_t>(directory_.chunks.size());
  const std::uint32_t series = group_.series_count();
  std::uint32_t index = 0;
  const auto sink = [&](const TableChunk& chunk, ByteView page) {
    directory_.chunks.push_back(chunk);
    directory_.figures.min_t = std::min(directory_.figures.min_t, chunk.min_t);
    directory_.figures.max_t = std::max(directory_.figures.max_t, chunk.max_t);
    return put(TableKey(group, index++), page);
  };
  if (fs::Status status = group_.finish(sink); !status.ok()) return status;
  directory_.groups.push_back({identities_.count() - series, series, first_chunk, index});
  return {};
}

fs::Status LeveldbTableWriter::add(const SeriesSamples& series) {
  if (!status_.ok()) return status_;
  const Labels last = identities_.last();
  if (identities_.count() != 0 && placement_order(last, series.labels) >= 0) {
    return status_ = {EINVAL, "write table (series out of order)", temporary_};
  }
  const bool ends =
      !group_.empty() &&
      (group_.full() || (group_.nearly_full() && !is_same_target(last, series.labels)));
  if (ends) status_ = finish_group();
  if (!status_.ok()) return status_;
  if (!identities_.add(series.labels) || !group_.add(series)) {
    return status_ = {EMSGSIZE, "write table (label set or histogram too large)", temporary_};
  }
  ++directory_.figures.series;
  directory_.figures.samples += series.times.size() + series.histogram_times.size();
  return {};
}

fs::Status LeveldbTableWriter::finish_content() {
  if (!group_.empty()) {
    if (fs::Status status = finish_group(); !status.ok()) return status;
  }
  for (const IdentityBlock& block : identities_.take()) {
    if (fs::Status status = put(TableKey(kIdentityGroup, block.first_ordinal), block.bytes);
        !status.ok()) {
      return status;
    }
  }
  if (fs::Status status = put(TableKey(kDirectoryGroup, 0), encode_directory(directory_));
      !status.ok()) {
    return status;
  }
  const bool built = builder_->Finish().ok();
  directory_.figures.bytes = builder_->FileSize();
  builder_.reset();  // abandoning a finished one is refused
  if (fs::Status status = sink_->sync(); !status.ok()) return status;
  return built ? fs::Status() : fs::Status(EIO, "write table", temporary_);
}

void LeveldbTableWriter::close() {
  if (builder_) builder_->Abandon();
  builder_.reset();
  sink_.reset();
}

// A table whose name may not outlive a power cut has none.
fs::Status LeveldbTableWriter::name_it() {
  if (fs::Status status = files_.rename(temporary_, path_); !status.ok()) return status;
  finished_ = true;
  fs::Status status = files_.sync_directory(fs::folder_of(path_));
  if (!status.ok()) (void)files_.unlink(path_);
  return status;
}

fs::Result<TableFigures> LeveldbTableWriter::finish() {
  if (!status_.ok()) return status_;
  status_ = finish_content();
  if (!status_.ok()) return status_;
  close();
  status_ = name_it();
  if (!status_.ok()) return status_;
  return directory_.figures;
}

}  // namespace

fs::Result<std::unique_ptr<TableWriter>> TableWriter::create(fs::FileSystem& files,
                                                             const std::string& path,
                                                             const TableOptions& options) {
  auto file = files.open_append(path + ".tmp", fs::OpenMode::kTruncate);
  if (!file.ok()) return file.status();
  return std::unique_ptr<TableWriter>(
      std::make_unique<LeveldbTableWriter>(files, path, options, *std::move(file)));
}

}  // namespace narthex::storage::partition
