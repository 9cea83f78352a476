// SPDX-License-Identifier: Apache-2.0
// output_file.hpp - a file that is written from its beginning to its end. Move-only.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::blocks {

class OutputFile {
 public:
  // Makes the file; an old one of that name is emptied. "-" is the standard output.
  static Result<OutputFile> create(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  // Goes through a buffer of 1 MiB.
  Status write(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  // Flushes, makes it durable where that is possible, and closes.
  Status close();

 private:
  OutputFile(std::string path, int file) : path_(std::move(path)), file_(file) {}
  Status flush();
  std::string path_;
  int file_ = -1;
  std::string buffer_;
  std::uint64_t size_ = 0;
};

}  // namespace narthex::blocks
