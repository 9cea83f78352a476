// SPDX-License-Identifier: Apache-2.0
// log_fixture.hpp - a log in a folder of its own, and frames to put into it.
#pragma once

#include "remote_write/bytes.hpp"
#include "remote_write/log_reader.hpp"
#include "tests/support/temporary_folder.hpp"

#include <memory>
#include <string>
#include <vector>

namespace narthex::remote_write {

inline std::string encoded_labels(const std::vector<std::pair<std::string, std::string>>& labels) {
  std::string out;
  put_varint(out, labels.size());
  for (const auto& [name, value] : labels) encode_label(out, name, value);
  return out;
}

struct LogFixture {
  explicit LogFixture(QueueLogOptions wanted = {}) : options(std::move(wanted)) {
    options.folder = folder.file("log");
    reopen();
  }
  void reopen() {
    log.reset();
    log = std::make_unique<QueueLog>(options);
    const Status opened = log->open();
    if (!opened.ok()) throw std::runtime_error(opened.message());
  }
  // A frame that names series 0 and has rows of these values at times 1, 2, ...
  Status write(const std::vector<double>& values) {
    FrameBuilder frame;
    frame.series(0, encoded_labels({{"__name__", "up"}}));
    std::int64_t t = 0;
    for (const double v : values) frame.sample(0, ++t, 0, v);
    const auto rows = frame.rows();
    const std::size_t series_bytes = frame.series_bytes();
    return log->append(frame.take(), rows, series_bytes);
  }
  // Values of all rows that the reader gives.
  static std::vector<double> read(LogReader& reader) {
    std::vector<double> out;
    for (LogReader::Step step = reader.next(); step.frame != nullptr; step = reader.next()) {
      out.insert(out.end(), step.frame->v.begin() + step.skip, step.frame->v.end());
    }
    return out;
  }

  test::TemporaryFolder folder;
  QueueLogOptions options;
  std::unique_ptr<QueueLog> log;
};

}  // namespace narthex::remote_write
