// SPDX-License-Identifier: Apache-2.0
#include "net/compression.hpp"

#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace narthex::net {
namespace {

constexpr int kLevel = 1;  // metrics and JSON shrink nearly as much as at 6, in a third of the time

// Both are made once a thread: an allocation of 32 KiB and more each.
libdeflate_decompressor* decompressor() {
  struct Deleter {
    void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
  };
  thread_local const std::unique_ptr<libdeflate_decompressor, Deleter> one(
      libdeflate_alloc_decompressor());
  return one.get();
}

libdeflate_compressor* compressor() {
  struct Deleter {
    void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  };
  thread_local const std::unique_ptr<libdeflate_compressor, Deleter> one(
      libdeflate_alloc_compressor(kLevel));
  return one.get();
}

Status too_large(std::uint64_t max_bytes) {
  return {NX_ERR_EXHAUSTED,
          "decompressed body is larger than " + std::to_string(max_bytes) + " bytes"};
}

using MemberFunction = libdeflate_result (*)(libdeflate_decompressor*, const void*, std::size_t,
                                             void*, std::size_t, std::size_t*, std::size_t*);

// Inflates one member to the end of out, which doubles until it fits or max_bytes is reached.
Status inflate_member(MemberFunction inflate, std::string_view& body, std::uint64_t max_bytes,
                      std::string& out) {
  const std::size_t begin = out.size();
  std::size_t room = std::max<std::size_t>(4096, body.size() * 8);
  for (;;) {
    room = std::min<std::uint64_t>(room, max_bytes - begin);
    out.resize(begin + room);
    std::size_t taken = 0;
    std::size_t made = 0;
    const libdeflate_result result =
        inflate(decompressor(), body.data(), body.size(), out.data() + begin, room, &taken, &made);
    if (result == LIBDEFLATE_SUCCESS) {
      out.resize(begin + made);
      body.remove_prefix(taken);
      return {};
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE) return invalid_data("compressed body is damaged");
    if (room == max_bytes - begin) return too_large(max_bytes);
    room *= 2;
  }
}

// A gzip body is one or more members.
Result<std::string> inflate_gzip(std::string_view body, std::uint64_t max_bytes) {
  std::string out;
  do {
    if (out.size() == max_bytes) return too_large(max_bytes);
    const Status status = inflate_member(libdeflate_gzip_decompress_ex, body, max_bytes, out);
    if (!status.ok()) return status;
  } while (!body.empty());
  return out;
}

// "deflate" means zlib's format, but some send bare deflate: take both, as browsers do.
Result<std::string> inflate_deflate(std::string_view body, std::uint64_t max_bytes) {
  std::string out;
  std::string_view rest = body;
  Status status = inflate_member(libdeflate_zlib_decompress_ex, rest, max_bytes, out);
  if (status.code() == NX_ERR_INVALID_DATA) {
    out.clear();
    rest = body;
    status = inflate_member(libdeflate_deflate_decompress_ex, rest, max_bytes, out);
  }
  if (!status.ok()) return status;
  return out;
}

Result<std::string> inflate_zstd(std::string_view body, std::uint64_t max_bytes) {
  struct Deleter {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  const std::unique_ptr<ZSTD_DCtx, Deleter> context(ZSTD_createDCtx());
  // The window is what a frame can make us allocate: 8 MiB, as RFC 8878 suggests to support.
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 23);
  std::string out;
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::string piece(ZSTD_DStreamOutSize(), '\0');
  for (std::size_t more = 1;;) {
    ZSTD_outBuffer step{piece.data(), piece.size(), 0};
    more = ZSTD_decompressStream(context.get(), &step, &in);
    if (ZSTD_isError(more) != 0) return invalid_data("zstd body is damaged");
    if (step.pos > max_bytes - out.size()) return too_large(max_bytes);
    out.append(piece.data(), step.pos);
    if (in.pos == in.size && step.pos < step.size) {
      if (more != 0) return invalid_data("zstd body is cut short");
      return out;
    }
  }
}

}  // namespace

Result<std::string> decompress(std::string_view encoding, std::string_view body,
                               std::uint64_t max_bytes) {
  if (encoding.empty() || encoding == "identity") {
    if (body.size() > max_bytes) return too_large(max_bytes);
    return std::string(body);
  }
  if (encoding == "gzip" || encoding == "x-gzip") return inflate_gzip(body, max_bytes);
  if (encoding == "deflate") return inflate_deflate(body, max_bytes);
  if (encoding == "zstd") return inflate_zstd(body, max_bytes);
  return Status(NX_ERR_UNSUPPORTED, "unsupported content encoding");
}

std::string gzip(std::string_view body) {
  std::string out;
  out.resize(libdeflate_gzip_compress_bound(compressor(), body.size()));
  out.resize(
      libdeflate_gzip_compress(compressor(), body.data(), body.size(), out.data(), out.size()));
  return out;
}

struct GzipWriter::State {
  z_stream stream{};
};

GzipWriter::GzipWriter() : state_(std::make_unique<State>()) {
  constexpr int kGzipWindow = 15 + 16;
  deflateInit2(&state_->stream, kLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
}

GzipWriter::~GzipWriter() { deflateEnd(&state_->stream); }

std::string GzipWriter::write(std::string_view piece, bool last) {
  z_stream& stream = state_->stream;
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(piece.data()));
  stream.avail_in = static_cast<uInt>(piece.size());
  std::string out;
  char step[16 << 10];
  do {
    stream.next_out = reinterpret_cast<Bytef*>(step);
    stream.avail_out = sizeof(step);
    deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
    out.append(step, sizeof(step) - stream.avail_out);
  } while (stream.avail_out == 0);
  return out;
}

}  // namespace narthex::net
