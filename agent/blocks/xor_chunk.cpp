// SPDX-License-Identifier: Apache-2.0
// Chunks of floats (encoding 1).
#include "blocks/bits.hpp"
#include "blocks/chunk.hpp"
#include "blocks/xor_value.hpp"

namespace narthex::blocks {

namespace {

// Bits of a change of the step between times, after so many ones.
constexpr unsigned kTimeWidths[] = {0, 14, 17, 20, 64};

std::int64_t read_step_change(BitReader& in) {
  const unsigned step = in.ones(4);
  return step == 0 ? 0 : in.leaning(kTimeWidths[step]);
}

void write_step_change(BitWriter& out, std::int64_t change) {
  unsigned step = 0;
  while (!BitWriter::fits_leaning(change, kTimeWidths[step])) ++step;
  out.prefix(step, 4);
  out.bits(static_cast<std::uint64_t>(change), kTimeWidths[step]);
}

// Times may be any bits in a damaged chunk: sums wrap instead of overflowing.
std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t wrapping_subtract(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace

Status decode_xor(std::string_view data, Samples& out) {
  if (data.size() < 2) return invalid_data("a chunk of less than 2 bytes");
  const std::size_t count = static_cast<std::size_t>(static_cast<unsigned char>(data[0])) << 8 |
                            static_cast<unsigned char>(data[1]);
  if (count == 0) return Status();
  if (count > data.size() * 4) return invalid_data("the chunk is too short for its samples");
  BitReader in(data.substr(2));
  const std::size_t first = out.size();
  out.resize(first + count);
  std::int64_t* const t = out.t_data() + first;
  double* const v = out.v_data() + first;
  std::int64_t time = in.varint();
  XorValue value(in.float64());
  std::int64_t step = 0;
  std::size_t good = 0;
  for (; good < count; ++good) {
    if (good > 0) {
      step = good == 1 ? static_cast<std::int64_t>(in.uvarint())
                       : wrapping_add(step, read_step_change(in));
      time = wrapping_add(time, step);
      value.read(in);
      if (time <= t[good - 1]) break;
    }
    if (in.failed() || value.broken()) break;
    t[good] = time;
    v[good] = value.value();
  }
  out.resize(first + good);
  if (good == count) return Status();
  return invalid_data("sample " + std::to_string(good) + " of " + std::to_string(count) +
                      (in.failed() ? " is cut off" : " makes no sense"));
}

std::string encode_xor(std::span<const std::int64_t> t, std::span<const double> v) {
  BitWriter out;
  out.bits(t.size(), 16);
  XorValue value;
  std::int64_t step = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (i == 0) {
      out.varint(t[0]);
      out.float64(v[0]);
      value = XorValue(v[0]);
      continue;
    }
    const std::int64_t new_step = wrapping_subtract(t[i], t[i - 1]);
    if (i == 1) {
      out.uvarint(static_cast<std::uint64_t>(new_step));
    } else {
      write_step_change(out, wrapping_subtract(new_step, step));
    }
    step = new_step;
    value.write(out, v[i]);
  }
  return out.take();
}

}  // namespace narthex::blocks
