// SPDX-License-Identifier: Apache-2.0
// transport.hpp - bytes in and out of a non-blocking socket. The seam where TLS goes: a transport
// may need the socket readable in order to write, and says so. Lives on the strand of its owner.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>

namespace narthex::net {

struct IoResult {
  enum class State { kDone, kNeedsReadable, kNeedsWritable, kClosed, kFailed };
  State state = State::kDone;
  std::size_t bytes = 0;
  int error = 0;  // errno of kFailed
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual IoResult read(std::span<char> into) = 0;
  virtual IoResult write(std::span<const iovec> from) = 0;
  // Nothing more will be written.
  virtual void finish_writing() = 0;
  // Bytes can be read although the socket may have none.
  virtual bool has_pending() const { return false; }
  // The two sides have not agreed yet; nothing was read or written.
  virtual bool in_handshake() const { return false; }
  // What plain bytes may be written to besides; negative: there is no such thing.
  virtual int plain_descriptor() const { return -1; }
};

// A socket as it is. Does not own the descriptor.
class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int descriptor) : descriptor_(descriptor) {}
  IoResult read(std::span<char> into) override;
  IoResult write(std::span<const iovec> from) override;
  void finish_writing() override;
  int plain_descriptor() const override { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace narthex::net
