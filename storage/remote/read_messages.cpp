// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/read_messages.hpp"

#include "storage/remote/histogram_message.hpp"

#include <narthex/sdk/protobuf.hpp>
#include <narthex/sdk/text.hpp>

#include <protozero/pbf_reader.hpp>
#include <snappy.h>

namespace narthex::storage::remote {
namespace {

namespace protobuf = sdk::protobuf;
using protozero::pbf_reader;

std::string hints_message(const nx_scan_opts& options) {
  std::string hints;
  protobuf::int64(hints, 1, options.step_ms);
  const bool labels_only = (options.flags & NX_SCAN_NO_SAMPLES) != 0;
  protobuf::bytes(hints, 2, labels_only ? "series" : view(options.func));
  protobuf::int64(hints, 3, options.mint);
  protobuf::int64(hints, 4, options.maxt);
  protobuf::int64(hints, 7, options.range_ms);
  return hints;
}

void read_label(pbf_reader message, Labels& labels) {
  std::string name, value;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        name = message.get_string();
        break;
      case 2:
        value = message.get_string();
        break;
      default:
        message.skip();
    }
  }
  labels.set(name, value);
}

void read_sample(pbf_reader message, FoundSeries& series) {
  double value = 0;
  std::int64_t t = 0;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        value = message.get_double();
        break;
      case 2:
        t = message.get_int64();
        break;
      default:
        message.skip();
    }
  }
  series.add(t, value);
}

void read_series(pbf_reader message, Found& found) {
  FoundSeries& series = found.series.emplace_back();
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        read_label(message.get_message(), series.labels);
        break;
      case 2:
        read_sample(message.get_message(), series);
        break;
      case 4: {
        std::int64_t t = 0;
        found.histograms.push_back(read_histogram(message.get_view(), t, found.memory()));
        series.add_histogram(t, static_cast<std::uint32_t>(found.histograms.size() - 1));
        break;
      }
      default:
        message.skip();
    }
  }
}

}  // namespace

std::string read_request(sdk::Matchers matchers, const nx_scan_opts& options) {
  std::string query, one, request;
  protobuf::int64(query, 1, options.mint);
  protobuf::int64(query, 2, options.maxt);
  for (const nx_matcher* m : matchers) {
    one.clear();
    protobuf::number(one, 1, m->op);
    protobuf::bytes(one, 2, view(m->name));
    protobuf::bytes(one, 3, view(m->value));
    protobuf::bytes(query, 3, one);
  }
  protobuf::bytes(query, 4, hints_message(options));
  protobuf::bytes(request, 1, query);
  protobuf::number(request, 2, 0);  // SAMPLES
  return request;
}

Status read_response(std::string_view message, Found& found) {
  try {
    pbf_reader response(message.data(), message.size());
    while (response.next(1)) {
      pbf_reader result = response.get_message();
      while (result.next(1)) read_series(result.get_message(), found);
    }
    return Status();
  } catch (const protozero::exception& bad) {
    return unavailable(std::string("the answer is no ReadResponse: ") + bad.what());
  }
}

Result<std::string> unpack(std::string_view body, std::uint64_t max_bytes) {
  std::size_t size = 0;
  std::string out;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &size)) {
    return unavailable("the answer is not compressed with snappy");
  }
  if (size > max_bytes) {
    return Status(NX_ERR_EXHAUSTED, "the answer has " + std::to_string(size) +
                                        " bytes, read_max_bytes allows " +
                                        std::to_string(max_bytes));
  }
  // A byte becomes some twenty at most: a larger claim is a lie.
  if (size / 32 > body.size()) return unavailable("the answer's snappy is damaged");
  out.resize(size);
  if (!snappy::RawUncompress(body.data(), body.size(), out.data())) {
    return unavailable("the answer's snappy is damaged");
  }
  return out;
}

}  // namespace narthex::storage::remote
