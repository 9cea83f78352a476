// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/segment_writer.hpp"

namespace narthex::storage::wal {

fs::Status SegmentWriter::append(ByteView frames) {
  fs::Status status = file_->append(frames);
  if (status.ok()) size_ += frames.size();
  return status;
}

fs::Result<std::shared_ptr<SegmentWriter>> SegmentWriter::create(fs::FileSystem& files,
                                                                 const std::string& folder,
                                                                 const SegmentHeader& header,
                                                                 const Start& start) {
  const std::string path = folder + "/" + segment_name(header.segment, header.salt);
  const std::string temporary = path + ".tmp";
  auto file = files.open_append(temporary, fs::OpenMode::kTruncate);
  if (!file.ok()) return file.status();
  std::shared_ptr<SegmentWriter> segment(new SegmentWriter(header, *std::move(file)));
  fs::Status status = segment->file_->allocate(start.allocate_bytes);
  if (status.ok()) status = segment->append(encode_header(header));
  if (status.ok() && !start.content.empty()) status = segment->append(start.content);
  if (status.ok() && start.sync) status = segment->sync();
  if (!status.ok()) {
    (void)files.unlink(temporary);
    return status;
  }
  status = files.rename(temporary, path);
  if (status.ok() && start.sync) status = files.sync_directory(folder);
  if (status.ok()) return segment;
  // Where even this fails, the next segment's header says that this one is to be ignored.
  (void)files.unlink(temporary);
  (void)files.unlink(path);
  return status;
}

}  // namespace narthex::storage::wal
