// SPDX-License-Identifier: Apache-2.0
// leveldb_files.hpp - files of storage/fs as LevelDB's tables take them.
#pragma once

#include "storage/bytes/bytes.hpp"
#include "storage/fs/file_system.hpp"

#include <leveldb/env.h>

#include <memory>
#include <string>

namespace narthex::storage::partition {

// Gathers small writes. The first failure is kept as it was, and nothing is written after it. One
// thread.
class TableSink final : public leveldb::WritableFile {
 public:
  explicit TableSink(std::unique_ptr<fs::AppendFile> file) : file_(std::move(file)) {}
  ~TableSink() override;

  leveldb::Status Append(const leveldb::Slice& data) override;
  leveldb::Status Flush() override;  // does nothing: the end of a block is no reason to write
  leveldb::Status Sync() override;
  leveldb::Status Close() override;

  // Writes what was gathered, and makes it durable.
  fs::Status sync();
  const fs::Status& status() const { return status_; }

 private:
  void write_out();

  std::unique_ptr<fs::AppendFile> file_;
  Bytes pending_;
  fs::Status status_;
};

// Reads blocks. Thread-safe.
class TableSource final : public leveldb::RandomAccessFile {
 public:
  TableSource(std::unique_ptr<fs::ReadableFile> file, std::uint64_t footer)
      : file_(std::move(file)), footer_(footer) {}
  ~TableSource() override;

  // A block that is not stored as it is (its type, the fifth byte from its end, is not 0) is
  // refused here: we write none, and LevelDB would unpack what a damaged byte calls compressed.
  leveldb::Status Read(std::uint64_t offset, std::size_t n, leveldb::Slice* result,
                       char* scratch) const override;

 private:
  const std::unique_ptr<fs::ReadableFile> file_;
  const std::uint64_t footer_;  // where it begins: all before it are blocks
};

}  // namespace narthex::storage::partition
