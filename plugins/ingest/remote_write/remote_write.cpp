// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/remote_write.hpp"

#include "plugins/ingest/remote_write/content.hpp"
#include "plugins/ingest/remote_write/snappy_body.hpp"

#include <algorithm>
#include <utility>

namespace narthex::ingest::remote_write {
namespace {

constexpr std::size_t kIdleWritersMax = 8;
constexpr int kPayloadTooLarge = 413;

std::vector<std::string> messages_of(std::vector<std::string> messages) {
  if (messages.empty()) return {std::string(kMessageV1), std::string(kMessageV2)};
  return messages;
}

}  // namespace

Status RemoteWrite::validate(sdk::Host, const Options& options, sdk::Value) {
  for (const std::string& message : options.accepted_protobuf_messages) {
    if (message == kMessageV1 || message == kMessageV2) continue;
    return {NX_ERR_INVALID_CONFIG,
            "accepted_protobuf_messages: unknown remote write protobuf message " + message +
                ", supported: " + std::string(kMessageV1) + ", " + std::string(kMessageV2)};
  }
  return Status();
}

RemoteWrite::RemoteWrite(sdk::Host host, Options options)
    : append_(*host.service<nx_ext_append>(NX_EXT_APPEND)),
      limits_{static_cast<std::size_t>(options.labels_max),
              static_cast<std::size_t>(options.label_value_max_bytes)},
      accepted_(messages_of(std::move(options.accepted_protobuf_messages))),
      describe_(options.type_and_unit_labels),
      cache_(static_cast<std::size_t>(options.known_series_max)),
      invalid_labels_(host, NX_TYPE_COUNTER,
                      "prometheus_api_remote_write_invalid_labels_samples_total",
                      "The total number of received remote write samples and histogram samples "
                      "which were rejected due to invalid labels.") {}

Status RemoteWrite::handle(const nx_ingest_request& request, sdk::IngestReply reply) {
  const Result<Version> version =
      check_content(sdk::header_of(request, "content-type"),
                    sdk::header_of(request, "content-encoding"), accepted_);
  if (!version.ok()) return version.status();
  std::unique_ptr<RequestWriter> writer = take_writer();
  Status status = decode_snappy(view(*request.body), request.body_max_bytes, writer->body());
  if (status.code() == NX_ERR_EXHAUSTED) {
    reply.status(kPayloadTooLarge);
    return invalid_data(status.message());
  }
  if (!status.ok()) return status;
  status = writer->write(sdk::RequestAppender(append_, request.appender), *version, writer->body());
  if (*version == Version::kV2 && writer->written()) tell_written(reply, *writer->written());
  if (writer->invalid_label_samples() != 0) {
    invalid_labels_.add(static_cast<double>(writer->invalid_label_samples()));
  }
  give_back(std::move(writer));
  return status;
}

void RemoteWrite::tell_written(const sdk::IngestReply& reply, const WrittenCounts& written) {
  const auto tell = [&](std::string_view what, std::uint64_t count) {
    reply.header("X-Prometheus-Remote-Write-" + std::string(what) + "-Written",
                 std::to_string(count));
  };
  tell("Samples", written.samples);
  tell("Histograms", written.histograms);
  tell("Exemplars", written.exemplars);
}

std::unique_ptr<RequestWriter> RemoteWrite::take_writer() {
  const std::lock_guard lock(mutex_);
  if (writers_.empty()) return std::make_unique<RequestWriter>(cache_, limits_, describe_);
  std::unique_ptr<RequestWriter> writer = std::move(writers_.back());
  writers_.pop_back();
  return writer;
}

void RemoteWrite::give_back(std::unique_ptr<RequestWriter> writer) {
  writer->shrink();
  const std::lock_guard lock(mutex_);
  if (writers_.size() < kIdleWritersMax) writers_.push_back(std::move(writer));
}

}  // namespace narthex::ingest::remote_write
