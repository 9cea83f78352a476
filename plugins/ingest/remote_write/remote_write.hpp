// SPDX-License-Identifier: Apache-2.0
// remote_write.hpp - the receiver of Prometheus's remote write 1.0 and 2.0. Requests are handled
// concurrently; each takes a writer from a small pool.
#pragma once

#include "plugins/ingest/remote_write/request_writer.hpp"
#include "plugins/ingest/remote_write/series_cache.hpp"

#include <narthex/sdk/ingest.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::remote_write {

class RemoteWrite {
 public:
  struct Options {
    std::int64_t label_value_max_bytes = 16 << 10;
    std::int64_t labels_max = 64;
    std::int64_t known_series_max = 4'000'000;
    std::vector<std::string> accepted_protobuf_messages;
    bool type_and_unit_labels = false;
  };
  static constexpr std::string_view kName = "remote_write";
  static constexpr std::string_view kSummary = "Receives Prometheus remote write 1.0 and 2.0";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT;
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_APPEND)};
  static constexpr nx_route kRoutes[] = {
      {NX_STR("POST"), NX_STR("/api/v1/write"), 0, NX_ROUTE_RAW_BODY}};
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"label_value_max_bytes", &Options::label_value_max_bytes, R"("16KiB")",
       "Longest label value that is taken.", "bytes"},
      {"labels_max",
       &Options::labels_max,
       "64",
       "Most labels a series may have.",
       {},
       R"("minimum": 1)"},
      {"known_series_max",
       &Options::known_series_max,
       "4000000",
       "Series remembered by the bytes of their labels, 51 to 102 bytes each.",
       {},
       R"("minimum": 0)"},
      {"accepted_protobuf_messages",
       &Options::accepted_protobuf_messages,
       R"(["prometheus.WriteRequest", "io.prometheus.write.v2.Request"])",
       "Messages that are taken: remote write 1.0 and 2.0.",
       {},
       R"("minItems": 1)"},
      {"type_and_unit_labels", &Options::type_and_unit_labels, "false",
       "Whether series get the type and the unit of their metadata as labels __type__ and __unit__ "
       "(2.0 alone has them beside each series)."},
  };

  RemoteWrite(sdk::Host host, Options options);
  static Status validate(sdk::Host host, const Options& options, sdk::Value config);
  Status handle(const nx_ingest_request& request, sdk::IngestReply reply);

 private:
  static void tell_written(const sdk::IngestReply& reply, const WrittenCounts& written);
  std::unique_ptr<RequestWriter> take_writer();
  void give_back(std::unique_ptr<RequestWriter> writer);

  const nx_ext_append& append_;
  const LabelLimits limits_;
  const std::vector<std::string> accepted_;
  const bool describe_;
  SeriesCache cache_;
  const sdk::Cell invalid_labels_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<RequestWriter>> writers_;  // idle ones; guarded by mutex_
};

}  // namespace narthex::ingest::remote_write
