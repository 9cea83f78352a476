// SPDX-License-Identifier: Apache-2.0
// How fast a block is written and read: 20,000 series of 480 samples, a counter, a gauge with
// decimals and a constant in turn.
#include "blocks/block_reader.hpp"
#include "blocks/block_writer.hpp"
#include "support/temporary_folder.hpp"

#include <narthex/sdk/labels.hpp>

#include <chrono>
#include <cstdio>
#include <random>

namespace narthex::blocks {
namespace {

class CountSink final : public SampleSink {
 public:
  std::uint64_t series(std::span<const nx_label>) override { return 1; }
  Status samples(std::uint64_t, const SampleView& samples) override {
    rows += samples.size();
    return Status();
  }
  Status exemplar(std::uint64_t, const nx_exemplar&) override { return Status(); }
  Status metadata(std::uint64_t, const SeriesMetadata&) override { return Status(); }
  Status release() override { return Status(); }
  void progress(std::uint64_t bytes) override { bytes_read += bytes; }
  std::uint64_t rows = 0, bytes_read = 0;
};

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

int run_bench() {
  test::TemporaryFolder folder;
  std::mt19937_64 random(1);
  BlockWriter writer = BlockWriter::make(folder.path(), make_ulid(1, 2, 3), 0, 7'200'000);
  const Stopwatch writing;
  for (int s = 0; s < 20'000; ++s) {
    char instance[16];
    std::snprintf(instance, sizeof instance, "i%05d", s);
    const Labels labels{{"__name__", "metric"}, {"instance", instance}, {"job", "bench"}};
    std::vector<nx_label> views;
    labels.append_to(views);
    Samples samples;
    double value = 0;
    for (std::int64_t i = 0; i < 480; ++i) {
      if (s % 3 == 0) value += static_cast<double>(random() % 100);
      if (s % 3 == 1) value = static_cast<double>(random() % 10'000) / 100;
      samples.add(i * 15'000 + static_cast<std::int64_t>(random() % 3), value);
    }
    if (!writer.add(views, samples.view()).ok()) return 1;
  }
  const Result<BlockMeta> meta = writer.finish();
  if (!meta.ok()) return 1;
  const double millions = static_cast<double>(meta->samples) / 1e6;
  std::printf("write  %.2f M samples/s (making them up included)\n", millions / writing.seconds());
  for (int round = 0; round < 3; ++round) {
    CountSink sink;
    bool failed = false;
    const Stopwatch reading;
    const Status read = read_block(
        folder.file(meta->ulid), {}, sink, [](const Damage&) {}, &failed);
    if (!read.ok() || sink.rows != meta->samples) return 1;
    std::printf("read   %.2f M samples/s, %.2f bytes a sample\n", millions / reading.seconds(),
                static_cast<double>(sink.bytes_read) / static_cast<double>(sink.rows));
  }
  return 0;
}

}  // namespace
}  // namespace narthex::blocks

int main() { return narthex::blocks::run_bench(); }
