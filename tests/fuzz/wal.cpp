// SPDX-License-Identifier: Apache-2.0
// wal.cpp - the input says which records stand in a segment and which bytes of it are damaged then.
// What is read afterwards are records that were written, in their order; undamaged, all of them.
#include "storage/wal/segment_reader.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace narthex::storage::wal {
namespace {

constexpr std::uint32_t kSalt = 0x5EED1E55;

class BytesFile final : public fs::ReadableFile {
 public:
  explicit BytesFile(const Bytes& bytes) : bytes_(bytes) {}
  fs::Result<std::size_t> read_at(std::uint64_t offset,
                                  std::span<std::uint8_t> out) const override {
    const std::size_t at = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes_.size()));
    const std::size_t size = std::min(out.size(), bytes_.size() - at);
    if (size > 0) std::memcpy(out.data(), bytes_.data() + at, size);
    return size;
  }
  fs::Result<std::uint64_t> size() const override { return std::uint64_t{bytes_.size()}; }

 private:
  const Bytes& bytes_;
};

struct Input {
  const std::uint8_t* data;
  std::size_t left;
  std::uint32_t take(std::size_t bytes) {
    std::uint32_t value = 0;
    for (; bytes > 0 && left > 0; --bytes, --left) value = value << 8 | *data++;
    return value;
  }
};

// Each record tells its number, so that none equals another.
Bytes record(std::uint32_t number, std::uint32_t size) {
  Bytes bytes(4 + size, static_cast<std::uint8_t>(number * 31));
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

void damage(Input& in, Bytes& file) {
  while (in.left >= 4) {
    const std::size_t at = kSegmentHeaderBytes + in.take(3) % (file.size() - kSegmentHeaderBytes);
    const auto change = static_cast<std::uint8_t>(in.take(1));
    if (change == 0xFF) {
      file.resize(at + 1);  // a torn tail
    } else {
      file[at] = static_cast<std::uint8_t>(file[at] ^ change);
    }
  }
}

void run(Input in) {
  SegmentHeader header;
  header.segment = 1;
  header.salt = kSalt;
  Bytes file = encode_header(header);
  std::vector<Bytes> written;
  for (std::uint32_t left = in.take(1) % 64; left > 0; --left) {
    const std::uint32_t size = in.take(2);
    written.push_back(record(static_cast<std::uint32_t>(written.size()), size));
    Bytes frames;
    append_frames(frames, file.size(), kSalt, static_cast<std::uint8_t>(1 + size % kRecordTypeMax),
                  written.back());
    file.insert(file.end(), frames.begin(), frames.end());
  }
  const Bytes whole = file;
  if (file.size() > kSegmentHeaderBytes) damage(in, file);
  const BytesFile view(file);
  SegmentReader reader(view, kSalt, file.size(), [](std::uint64_t, std::uint64_t) {});
  std::size_t next = 0;
  std::size_t read = 0;
  std::uint8_t type = 0;
  for (ByteView payload; reader.next(type, payload); ++read) {
    while (next < written.size() && !std::ranges::equal(written[next], payload)) ++next;
    if (next++ >= written.size()) std::abort();  // never written, or out of order
  }
  if (file == whole && read != written.size()) std::abort();
}

}  // namespace
}  // namespace narthex::storage::wal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  narthex::storage::wal::run({data, size});
  return 0;
}
