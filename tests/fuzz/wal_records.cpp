// SPDX-License-Identifier: Apache-2.0
// wal_records.cpp - the first byte says what the rest is: payloads of any record, told whole or not
// at all; or values to encode as rows and samples, of which some records are lost: what is told
// then was written.
#include "storage/wal/record_reader.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

namespace narthex::storage::wal {
namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

struct Input {
  const std::uint8_t* data;
  std::size_t left;
  std::uint64_t take(std::size_t bytes) {
    std::uint64_t value = 0;
    for (; bytes > 0 && left > 0; --bytes, --left) value = value << 8 | *data++;
    return value;
  }
};

using Values = std::vector<std::uint64_t>;

// Touches all that it is told, and knows the rows and samples that were written by their times.
class Checker final : public ReplayVisitor {
 public:
  void segment(std::uint64_t, bool) override {}
  void series(std::uint32_t, std::span<const LabelView> labels) override {
    for (std::size_t i = 1; i < labels.size(); ++i) must(labels[i - 1].name < labels[i].name);
  }
  void layout(std::uint64_t, std::span<const std::uint32_t> refs) override {
    must(refs.size() <= kRefsMax);
  }
  void row(std::uint64_t, std::int64_t t, std::span<const std::uint64_t> bits,
           const std::uint64_t* present) override {
    if (check) must(present == nullptr && std::ranges::equal(rows.at(t), bits));
    for (const std::uint64_t b : bits) sum += b;
  }
  void samples(std::span<const LoggedRun> runs) override {
    for (const LoggedRun& run : runs) {
      must(!run.t.empty() && run.t.size() == run.bits.size());
      for (std::size_t i = 0; i < run.t.size(); ++i) {
        if (check) must(rows.at(run.t[i]).at(run.ref) == run.bits[i]);
        sum += run.bits[i];
      }
    }
  }
  void histogram(std::uint32_t, std::int64_t, const nx_histogram& h) override {
    for (std::uint32_t i = 0; i < h.pos_span_count; ++i) sum += h.pos_spans[i].length;
    for (std::uint32_t i = 0; i < h.neg_span_count; ++i) sum += h.neg_spans[i].length;
    for (std::uint32_t i = 0; h.is_float == 0 && i < h.pos_bucket_count; ++i) {
      sum += static_cast<std::uint64_t>(h.pos.deltas[i]);
    }
    for (std::uint32_t i = 0; h.is_float != 0 && i < h.neg_bucket_count; ++i) {
      sum += std::bit_cast<std::uint64_t>(h.neg.counts[i]);
    }
  }
  void start(std::uint32_t, std::int64_t, std::int64_t) override {}
  void exemplar(const LoggedExemplar& e) override {
    for (const LabelView& label : e.labels) sum += label.name.size() + label.value.size();
  }
  void metadata(const LoggedMetadata& m) override { sum += m.family.size() + m.help.size(); }
  void erase(std::span<const std::uint32_t> refs, std::int64_t, std::int64_t) override {
    sum += refs.size();
  }

  bool check = false;
  std::map<std::int64_t, Values> rows;
  std::uint64_t sum = 0;
};

using BySeries = std::map<std::uint32_t, std::vector<std::pair<std::int64_t, std::uint64_t>>>;

// Writes samples down, as they are told or gathered.
class Lister final : public ReplayVisitor {
 public:
  explicit Lister(bool gathers) : gathers_(gathers) {}
  void segment(std::uint64_t, bool) override {
    decode();
    if (gathers_) window_.forget();
  }
  void series(std::uint32_t, std::span<const LabelView>) override {}
  void layout(std::uint64_t, std::span<const std::uint32_t>) override {}
  void row(std::uint64_t, std::int64_t, std::span<const std::uint64_t>,
           const std::uint64_t*) override {}
  void samples(std::span<const LoggedRun> runs) override {
    must(!gathers_);
    for (const LoggedRun& run : runs) list(run.ref, run.t, run.bits);
  }
  void histogram(std::uint32_t, std::int64_t, const nx_histogram&) override {}
  void start(std::uint32_t, std::int64_t, std::int64_t) override {}
  void exemplar(const LoggedExemplar&) override {}
  void metadata(const LoggedMetadata&) override {}
  void erase(std::span<const std::uint32_t>, std::int64_t, std::int64_t) override {}
  SampleWindow* window() override { return gathers_ ? &window_ : nullptr; }

  void decode() {
    for (std::size_t i = 0; i < window_.touched(); ++i) {
      const std::uint32_t ref = window_.ref_of(i);
      window_.decode(i, columns_, [&](auto t, auto bits) { list(ref, t, bits); });
    }
    window_.clear();
  }

  BySeries found;

 private:
  void list(std::uint32_t ref, std::span<const std::int64_t> t,
            std::span<const std::uint64_t> bits) {
    must(t.size() == bits.size());
    for (std::size_t i = 0; i < t.size(); ++i) found[ref].emplace_back(t[i], bits[i]);
  }

  const bool gathers_;
  SampleWindow window_;
  SampleWindow::Columns columns_;
};

// (type, size, bytes) again and again. What is gathered and decoded later is what is told at once.
void read_payloads(Input in) {
  Checker checker;
  RecordReader reader(checker);
  Lister told(false);
  Lister gathered(true);
  RecordReader telling(told);
  RecordReader gathering(gathered);
  while (in.left > 0) {
    const auto type = static_cast<std::uint8_t>(in.take(1));
    const std::size_t size = std::min<std::size_t>(in.take(2), in.left);
    for (RecordReader* each : {&reader, &telling, &gathering}) {
      each->read(type >> 7, type & 15, {in.data, size});
    }
    in.data += size;
    in.left -= size;
  }
  gathered.decode();
  must(told.found == gathered.found);
  must(telling.figures().samples == gathering.figures().samples);
  must(telling.figures().dropped_samples == gathering.figures().dropped_samples);
  must(telling.figures().malformed_records == gathering.figures().malformed_records);
}

void follow(Input& in, std::uint64_t& bits) {
  const auto how = static_cast<unsigned>(in.take(1));
  const auto v = std::bit_cast<double>(bits);
  if (how < 64) return;
  if (how < 128) {
    bits = std::bit_cast<std::uint64_t>(v + (how - 96.0) / (how % 2 == 0 ? 1 : 100));
  } else if (how < 192) {
    bits = std::bit_cast<std::uint64_t>(static_cast<double>(in.take(3)) / (how == 150 ? 1e4 : 1));
  } else {
    bits = in.take(8);
  }
}

void write_and_lose(Input in) {
  Checker checker;
  checker.check = true;
  RecordReader reader(checker);
  const std::size_t width = 1 + in.take(1) % 100;
  Values values(width);
  RowState row_state;
  SamplesStream stream;
  SamplesEncoder encoder;
  std::vector<SampleState> states(width);
  std::uint64_t generation = 1;
  std::size_t told = 0;
  for (std::int64_t t = 0; in.left > 0 && t < 500; ++t) {
    const auto what = static_cast<unsigned>(in.take(1));
    for (std::uint64_t& bits : values) follow(in, bits);
    checker.rows[t] = values;
    Bytes payload;
    if (what % 2 == 0) {
      encode_row(3, t, values, nullptr, generation, row_state, payload);
    } else {
      encoder.begin(stream, generation);
      for (std::uint32_t ref = 0; ref < width; ++ref) {
        encoder.add(ref, t, values[ref], states[ref]);
      }
      encoder.finish(payload);
    }
    const bool lost = what >= 240;
    told += lost ? 0 : width;
    if (!lost) reader.read(generation, what % 2 == 0 ? 3 : 4, payload);
    if (what / 2 % 64 == 7) ++generation;
  }
  const RecordFigures& figures = reader.figures();
  must(figures.malformed_records == 0);
  // A row whose layout is not known yet counts as a record only.
  must(figures.samples + figures.dropped_samples <= told);
}

}  // namespace
}  // namespace narthex::storage::wal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace narthex::storage::wal;
  if (size == 0) return 0;
  if (data[0] % 2 == 0) {
    read_payloads({data + 1, size - 1});
  } else {
    write_and_lose({data + 1, size - 1});
  }
  return 0;
}
