// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/body_encoding.hpp"

#include "plugins/ingest/pushgateway/crc32c.hpp"

#include <narthex/sdk/decimal.hpp>

#include <snappy.h>
#include <zlib.h>

#include <algorithm>

namespace narthex::ingest::pushgateway {
namespace {

Status beyond(std::uint64_t max_bytes) {
  return {NX_ERR_EXHAUSTED,
          "the body is larger than " + std::to_string(max_bytes) + " bytes when unpacked"};
}
Status corrupt() { return invalid_data("snappy: corrupt input"); }

// ---- gzip

class Inflater {
 public:
  Inflater() {
    constexpr int kGzipWindow = 15 + 16;
    ready_ = inflateInit2(&stream_, kGzipWindow) == Z_OK;
  }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Members one after the other, as the format allows.
  Result<std::string> run(std::string_view body, std::uint64_t max_bytes) {
    if (!ready_) return Status(NX_ERR_NO_MEMORY, "no memory to unpack the body");
    std::string out;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream_.avail_in = static_cast<uInt>(body.size());
    do {
      if (inflateReset(&stream_) != Z_OK) return invalid_data("gzip: invalid header");
      const Status member = run_member(out, max_bytes);
      if (!member.ok()) return member;
    } while (stream_.avail_in != 0);
    return out;
  }

 private:
  Status run_member(std::string& out, std::uint64_t max_bytes) {
    char piece[16 << 10];
    for (;;) {
      stream_.next_out = reinterpret_cast<Bytef*>(piece);
      stream_.avail_out = sizeof piece;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      const std::size_t made = sizeof piece - stream_.avail_out;
      if (out.size() + made > max_bytes) return beyond(max_bytes);
      out.append(piece, made);
      if (code == Z_STREAM_END) return {};
      if (code == Z_BUF_ERROR || (code == Z_OK && stream_.avail_in == 0 && made == 0)) {
        return invalid_data("unexpected EOF");
      }
      if (code != Z_OK) {
        return invalid_data(std::string("gzip: ") +
                            (stream_.msg != nullptr ? stream_.msg : "invalid data"));
      }
    }
  }

  z_stream stream_{};
  bool ready_ = false;
};

// ---- snappy frames: a type byte, three bytes of length, the chunk

enum Chunk : unsigned char {
  kCompressed = 0,
  kStored = 1,
  kFirstSkippable = 0x80,
  kStreamMagic = 0xFF
};

// A chunk of data: the masked CRC32C of what it holds, then that.
Status add_data(unsigned char type, std::string_view chunk, std::uint64_t max_bytes,
                std::string& out) {
  constexpr std::size_t kDataMax = 64 << 10;
  constexpr std::size_t kCrcSize = 4;
  if (chunk.size() < kCrcSize) return corrupt();
  const std::uint32_t wanted = read_little_endian_32(chunk.data());
  chunk.remove_prefix(kCrcSize);
  std::string data(chunk);
  if (type == kCompressed) {
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(chunk.data(), chunk.size(), &size) || size > kDataMax) {
      return corrupt();
    }
    data.resize(size);
    if (!snappy::RawUncompress(chunk.data(), chunk.size(), data.data())) return corrupt();
  }
  const std::uint32_t crc = crc32c(data);
  if (data.size() > kDataMax || (crc >> 15 | crc << 17) + 0xA282EAD8u != wanted) return corrupt();
  if (out.size() + data.size() > max_bytes) return beyond(max_bytes);
  out += data;
  return {};
}

Result<std::string> undo_snappy(std::string_view body, std::uint64_t max_bytes) {
  constexpr std::size_t kHeaderSize = 4;
  std::string out;
  for (bool first = true; !body.empty(); first = false) {
    if (body.size() < kHeaderSize) return corrupt();
    const auto type = static_cast<unsigned char>(body[0]);
    const std::size_t size = read_little_endian_32(body.data()) >> 8;
    body.remove_prefix(kHeaderSize);
    if (size > body.size() || (first && type != kStreamMagic)) return corrupt();
    const std::string_view chunk = body.substr(0, size);
    body.remove_prefix(size);
    if (type == kStreamMagic) {
      if (chunk != "sNaPpY") return corrupt();
    } else if (type == kCompressed || type == kStored) {
      const Status added = add_data(type, chunk, max_bytes, out);
      if (!added.ok()) return added;
    } else if (type < kFirstSkippable) {
      return invalid_data("snappy: unsupported input");
    }
  }
  return out;
}

}  // namespace

Result<std::string> undo_encoding(std::string_view encoding, std::string_view body,
                                  std::uint64_t max_bytes) {
  if (sdk::detail::equals_ignoring_case(encoding, "gzip")) return Inflater().run(body, max_bytes);
  if (sdk::detail::equals_ignoring_case(encoding, "snappy")) return undo_snappy(body, max_bytes);
  return std::string(body);
}

}  // namespace narthex::ingest::pushgateway
