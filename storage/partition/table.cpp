// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/table.hpp"

#include "storage/partition/directory.hpp"
#include "storage/partition/identity_block.hpp"
#include "storage/partition/leveldb_files.hpp"
#include "storage/partition/table_format.hpp"
#include "storage/partition/table_frame.hpp"

#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/table.h>

#include <algorithm>

namespace narthex::storage::partition {
namespace {

ByteView view_of(const leveldb::Slice& slice) {
  return {reinterpret_cast<const std::uint8_t*>(slice.data()), slice.size()};
}

class LeveldbTable final : public Table {
 public:
  LeveldbTable(std::string path, std::unique_ptr<TableSource> source,
               std::unique_ptr<leveldb::Table> blocks)
      : path_(std::move(path)), source_(std::move(source)), blocks_(std::move(blocks)) {}

  fs::Status read_directory(std::uint64_t file_size);

  const std::string& path() const override { return path_; }
  const TableFigures& figures() const override { return directory_.figures; }
  std::span<const TableGroup> groups() const override { return directory_.groups; }
  std::span<const TableChunk> chunks() const override { return directory_.chunks; }
  std::uint32_t group_of(std::uint32_t ordinal) const override {
    const auto behind =
        std::ranges::upper_bound(directory_.groups, ordinal, {}, &TableGroup::first_series);
    return static_cast<std::uint32_t>(behind - directory_.groups.begin()) - 1;
  }
  fs::Status identities(const IdentitySink& sink) const override;
  fs::Result<std::shared_ptr<const TablePage>> page(std::uint32_t group,
                                                    std::uint32_t chunk) const override;

 private:
  using Cursor = std::unique_ptr<leveldb::Iterator>;

  // At the first entry that is not before the key; OK only if it is the key's.
  fs::Status seek(std::uint32_t group, std::uint32_t index, Cursor& cursor) const;
  fs::Status damage(const std::string& what) const { return {EBADMSG, "read " + what, path_}; }
  fs::Status failure(const leveldb::Status& status, const std::string& what) const {
    return {status.IsIOError() ? EIO : EBADMSG, "read " + what + " (" + status.ToString() + ") of",
            path_};
  }

  const std::string path_;
  const std::unique_ptr<TableSource> source_;  // outlives blocks_
  const std::unique_ptr<leveldb::Table> blocks_;
  Directory directory_;
};

std::string place_of(std::uint32_t group, std::uint32_t index) {
  if (group == kDirectoryGroup) return "directory";
  if (group == kIdentityGroup) return "label sets from " + std::to_string(index);
  return "page " + std::to_string(index) + " of group " + std::to_string(group);
}

fs::Status LeveldbTable::seek(std::uint32_t group, std::uint32_t index, Cursor& cursor) const {
  const TableKey key(group, index);
  const leveldb::Slice text(key.text().data(), key.text().size());
  if (cursor == nullptr) {
    cursor.reset(blocks_->NewIterator(leveldb::ReadOptions()));
    cursor->Seek(text);
  } else {
    cursor->Next();
  }
  if (!cursor->status().ok()) return failure(cursor->status(), place_of(group, index));
  if (!cursor->Valid() || cursor->key() != text) return damage(place_of(group, index));
  return {};
}

fs::Status LeveldbTable::read_directory(std::uint64_t file_size) {
  Cursor cursor;
  if (fs::Status status = seek(kDirectoryGroup, 0, cursor); !status.ok()) return status;
  auto directory = decode_directory(view_of(cursor->value()));
  if (!directory) return damage(place_of(kDirectoryGroup, 0));
  directory_ = *std::move(directory);
  directory_.figures.bytes = file_size;
  return {};
}

fs::Status LeveldbTable::identities(const IdentitySink& sink) const {
  Cursor cursor;
  IdentityReader reader;
  std::uint32_t next = 0;
  while (next < figures().series) {
    if (fs::Status status = seek(kIdentityGroup, next, cursor); !status.ok()) return status;
    const bool whole = reader.read(view_of(cursor->value())) &&
                       reader.table().series_count <= figures().series - next;
    if (!whole) return damage(place_of(kIdentityGroup, next));
    sink(next, reader.table());
    next += reader.table().series_count;
  }
  return {};
}

fs::Result<std::shared_ptr<const TablePage>> LeveldbTable::page(std::uint32_t group,
                                                                std::uint32_t chunk) const {
  Cursor cursor;
  if (fs::Status status = seek(group, chunk, cursor); !status.ok()) return status;
  auto page = std::make_shared<TablePage>();
  const ByteView value = view_of(cursor->value());
  page->bytes.assign(value.begin(), value.end());
  if (const auto status = page->view.open(page->bytes); !status.ok()) {
    return damage(place_of(group, chunk) + " (" + std::string(status.message()) + ") of");
  }
  const auto entries = page->view.entries();
  const std::uint32_t slots = directory_.groups[group].series_count;
  if (!entries.empty() && entries.back().slot >= slots) return damage(place_of(group, chunk));
  return std::shared_ptr<const TablePage>(std::move(page));
}

}  // namespace

fs::Result<std::shared_ptr<const Table>> Table::open(fs::FileSystem& files,
                                                     const std::string& path) {
  auto file = files.open_read(path);
  if (!file.ok()) return file.status();
  if (fs::Status status = check_frame(**file, path); !status.ok()) return status;
  const auto size = (*file)->size();
  if (!size.ok()) return size.status();
  auto source = std::make_unique<TableSource>(*std::move(file), *size - kFooterSize);
  leveldb::Options options;
  options.paranoid_checks = true;  // the checksum of the index
  leveldb::Table* opened = nullptr;
  const leveldb::Status status = leveldb::Table::Open(options, source.get(), *size, &opened);
  std::unique_ptr<leveldb::Table> blocks(opened);
  if (!status.ok()) {
    return fs::Status(status.IsIOError() ? EIO : EBADMSG,
                      "read the index (" + status.ToString() + ") of table", path);
  }
  auto table = std::make_shared<LeveldbTable>(path, std::move(source), std::move(blocks));
  if (fs::Status read = table->read_directory(*size); !read.ok()) return read;
  return std::shared_ptr<const Table>(std::move(table));
}

}  // namespace narthex::storage::partition
