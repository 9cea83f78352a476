// SPDX-License-Identifier: Apache-2.0
// text_reader.hpp - files of OpenMetrics or Prometheus text with a timestamp on every sample,
// parsed by the protocol plugins in pieces of half a MiB, so that their size does not matter.
// Thread: one.
#pragma once

#include "host/instance.hpp"
#include "transfer/loader.hpp"

#include <narthex/sdk/result.hpp>

#include <memory>
#include <string>
#include <vector>

namespace narthex::transfer {

class TextReader {
 public:
  // Of all protocol plugins: those that read the two text formats are used.
  explicit TextReader(std::vector<std::shared_ptr<host::Instance>> parsers);

  // A file that ends with "# EOF" is OpenMetrics (times in seconds), any other Prometheus text
  // (times in milliseconds). The message of a failure has file and line; what stood before it has
  // been given to the loader then.
  Status read(const std::string& path, Loader& loader);

  // Bytes a piece, for tests.
  void set_piece_bytes(std::size_t bytes) { piece_bytes_ = bytes; }

 private:
  std::vector<std::shared_ptr<host::Instance>> parsers_;
  // Small enough for the allocator to use the same memory again.
  std::size_t piece_bytes_ = std::size_t{512} << 10;
};

}  // namespace narthex::transfer
