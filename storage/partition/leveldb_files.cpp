// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/leveldb_files.hpp"

#include "storage/partition/table_frame.hpp"

namespace narthex::storage::partition {
namespace {

constexpr std::size_t kWriteSize = std::size_t{256} << 10;

leveldb::Status as_leveldb(const fs::Status& status) {
  return status.ok() ? leveldb::Status() : leveldb::Status::IOError(status.message());
}

}  // namespace

TableSink::~TableSink() = default;

void TableSink::write_out() {
  if (status_.ok() && !pending_.empty()) status_ = file_->append(pending_);
  pending_.clear();
}

leveldb::Status TableSink::Append(const leveldb::Slice& data) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(data.data());
  pending_.insert(pending_.end(), bytes, bytes + data.size());
  if (pending_.size() >= kWriteSize) write_out();
  return as_leveldb(status_);
}

leveldb::Status TableSink::Flush() { return as_leveldb(status_); }

fs::Status TableSink::sync() {
  write_out();
  if (status_.ok()) status_ = file_->sync();
  return status_;
}

leveldb::Status TableSink::Sync() { return as_leveldb(sync()); }

leveldb::Status TableSink::Close() {
  write_out();
  return as_leveldb(status_);
}

TableSource::~TableSource() = default;

leveldb::Status TableSource::Read(std::uint64_t offset, std::size_t n, leveldb::Slice* result,
                                  char* scratch) const {
  *result = leveldb::Slice();
  const auto read = file_->read_at(offset, {reinterpret_cast<std::uint8_t*>(scratch), n});
  if (!read.ok()) return leveldb::Status::IOError(read.status().message());
  if (*read != n) return leveldb::Status::Corruption("the file ends early");
  if (offset < footer_ && (n < kBlockTrailerSize || scratch[n - kBlockTrailerSize] != 0)) {
    return leveldb::Status::Corruption("a block of an unknown type");
  }
  *result = leveldb::Slice(scratch, n);
  return leveldb::Status();
}

}  // namespace narthex::storage::partition
