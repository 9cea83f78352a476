// SPDX-License-Identifier: Apache-2.0
// read_messages.hpp - remote read from the asking side: requests built field by field, answers
// decoded into text, sampled and streamed ones alike. What is no answer throws.
#pragma once

#include "blocks/chunk.hpp"
#include "blocks/crc32c.hpp"
#include "tests/support/collect_sink.hpp"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::test {

struct AskedMatcher {
  int type;
  std::string name, value;
};

inline std::string query_message(std::int64_t start, std::int64_t end,
                                 const std::vector<AskedMatcher>& matchers,
                                 const std::string* hints = nullptr) {
  std::string query, out;
  protozero::pbf_writer writer(query);
  writer.add_int64(1, start);
  writer.add_int64(2, end);
  for (const AskedMatcher& m : matchers) {
    protozero::pbf_writer matcher(writer, 3);
    matcher.add_enum(1, m.type);
    matcher.add_string(2, m.name);
    matcher.add_string(3, m.value);
  }
  if (hints != nullptr) writer.add_message(4, *hints);
  protozero::pbf_writer(out).add_message(1, query);
  return out;
}

inline std::string hints_message(std::int64_t start, std::int64_t end, const char* function = "") {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_int64(1, 15'000);
  writer.add_string(2, function);
  writer.add_int64(3, start);
  writer.add_int64(4, end);
  writer.add_string(5, "job");
  writer.add_bool(6, true);
  writer.add_int64(7, 60'000);
  return out;
}

inline std::string accepted_message(const std::vector<std::int32_t>& types, bool packed) {
  std::string out;
  protozero::pbf_writer writer(out);
  if (packed) {
    writer.add_packed_enum(2, types.begin(), types.end());
  } else {
    for (const std::int32_t type : types) writer.add_enum(2, type);
  }
  return out;
}

// Series "{a="b"}" -> time -> value, of one query. Histograms of sampled answers are their count.
using Answered = std::map<std::string, Points>;

inline std::string add_label_text(protozero::pbf_reader label) {
  std::string name, value;
  while (label.next()) (label.tag() == 1 ? name : value) = label.get_string();
  return name + "=\"" + value + '"';
}

inline std::string count_text(protozero::pbf_reader histogram, std::int64_t& t) {
  std::string count;
  while (histogram.next()) {
    switch (histogram.tag()) {
      case 1:
        count = "h" + std::to_string(histogram.get_uint64());
        break;
      case 2:
        count = "f" + std::to_string(histogram.get_double());
        break;
      case 15:
        t = histogram.get_int64();
        break;
      default:
        histogram.skip();
    }
  }
  return count;
}

// Of a decoded ReadResponse: one map a query.
inline std::vector<Answered> decode_sampled(std::string_view message) {
  std::vector<Answered> answers;
  protozero::pbf_reader response(message.data(), message.size());
  while (response.next(1)) {
    Answered& answer = answers.emplace_back();
    protozero::pbf_reader result = response.get_message();
    while (result.next(1)) {
      protozero::pbf_reader series = result.get_message();
      std::string labels = "{";
      Points points;
      while (series.next()) {
        const auto tag = series.tag();
        protozero::pbf_reader part = series.get_message();
        std::int64_t t = 0;
        if (tag == 1) {
          labels += (labels.size() > 1 ? "," : "") + add_label_text(part);
        } else if (tag == 4) {
          const std::string count = count_text(part, t);
          points[t] = count;
        } else {
          double value = 0;
          while (part.next())
            part.tag() == 1 ? void(value = part.get_double()) : void(t = part.get_int64());
          points[t] = value_text(value);
        }
      }
      answer[labels + "}"] = points;
    }
  }
  return answers;
}

struct AnsweredFrame {
  std::uint64_t query = 0;
  std::string labels;
  std::size_t chunks = 0;
  std::size_t bytes = 0;
  blocks::Samples samples;
};

// Checks checksums on the way.
inline std::vector<AnsweredFrame> decode_frames(std::string_view stream) {
  std::vector<AnsweredFrame> frames;
  while (!stream.empty()) {
    const char* at = stream.data();
    const std::uint64_t size = protozero::decode_varint(&at, stream.data() + stream.size());
    std::uint32_t crc = 0;
    for (int i = 0; i < 4; ++i) crc = crc << 8 | static_cast<unsigned char>(*at++);
    const std::string_view message(at, size);
    if (blocks::crc32c(message) != crc) throw std::runtime_error("wrong checksum");
    stream.remove_prefix(static_cast<std::size_t>(at + size - stream.data()));
    AnsweredFrame& frame = frames.emplace_back();
    frame.bytes = size;
    frame.labels = "{";
    protozero::pbf_reader response(message.data(), message.size());
    while (response.next()) {
      if (response.tag() == 2) {
        frame.query = response.get_uint64();
        continue;
      }
      protozero::pbf_reader series = response.get_message();
      while (series.next()) {
        if (series.tag() == 1) {
          frame.labels +=
              (frame.labels.size() > 1 ? "," : "") + add_label_text(series.get_message());
          continue;
        }
        protozero::pbf_reader chunk = series.get_message();
        std::uint8_t encoding = 0;
        std::string data;
        while (chunk.next()) {
          if (chunk.tag() == 3) {
            encoding = static_cast<std::uint8_t>(chunk.get_uint32());
          } else if (chunk.tag() == 4) {
            data = chunk.get_bytes();
          } else {
            chunk.skip();
          }
        }
        ++frame.chunks;
        const Status decoded = blocks::decode_chunk(encoding, data, frame.samples);
        if (!decoded.ok()) throw std::runtime_error(decoded.message());
      }
    }
    frame.labels += "}";
  }
  return frames;
}

}  // namespace narthex::test
