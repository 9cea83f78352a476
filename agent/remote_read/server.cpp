// SPDX-License-Identifier: Apache-2.0
#include "remote_read/server.hpp"

#include "blocks/snappy_text.hpp"
#include "remote_read/sampled_answer.hpp"
#include "remote_read/streamed_answer.hpp"

#include <stdexcept>
#include <utility>

namespace narthex::remote_read {

namespace {

constexpr std::size_t kRequestBytesMax = 32 << 20;
// Streams that are being read, however slowly: each holds a block and a view of the store.
constexpr std::uint32_t kOpenAnswersMax = 64;
constexpr int kBadRequest = 400;
constexpr int kInternalError = 500;
constexpr int kUnavailable = 503;

net::Response refusal(int status, const std::string& text) {
  return net::Response::text(status, text + "\n");
}

net::Response refusal(const Status& status) {
  switch (status.code()) {
    case NX_ERR_INVALID_ARGUMENT:
    case NX_ERR_INVALID_DATA:
    case NX_ERR_EXHAUSTED:  // the sample limit: Prometheus says 400, too
      return refusal(kBadRequest, status.message());
    case NX_ERR_UNAVAILABLE:
      return refusal(kUnavailable, status.message());
    case NX_ERR_UNSUPPORTED:  // agent mode: the storage keeps nothing
      return refusal(kInternalError, "unsupported operation with WAL-only storage");
    default:
      return refusal(kInternalError, status.message());
  }
}

Result<ReadRequest> decode(std::string_view body) {
  std::string message;
  const Status decoded = blocks::snappy_decompress(body, kRequestBytesMax, message);
  if (decoded.code() == NX_ERR_EXHAUSTED) {
    return invalid_data("snappy: decoded block is too large, the limit is 32 MiB");
  }
  if (!decoded.ok()) return invalid_data("snappy: corrupt input");
  return ReadRequest::parse(message);
}

Result<std::vector<Selection>> select(const ReadRequest& request, const ExternalLabels& external) {
  std::vector<Selection> selections;
  for (const RequestQuery& query : request.queries) {
    Result<Selection> selection = Selection::make(query, external);
    if (!selection.ok()) return selection.status();
    selections.push_back(*std::move(selection));
  }
  return selections;
}

}  // namespace

// A stream between its first and its last frame, and its share of the counts.
struct Server::OpenAnswer {
  OpenAnswer(Server& the_server, std::vector<Selection> selections, const ExternalLabels& external,
             std::shared_ptr<runtime::Cancellation> cancellation)
      : server(the_server),
        answer(server.store_, std::move(selections), external, server.limits_.frame_bytes_max,
               std::move(cancellation)) {
    server.queries_.add(1);
  }
  ~OpenAnswer() {
    server.queries_.add(-1);
    --server.open_answers_;
  }
  OpenAnswer(const OpenAnswer&) = delete;
  OpenAnswer& operator=(const OpenAnswer&) = delete;

  Server& server;
  StreamedAnswer answer;
};

Server::Server(store::Store& store, telemetry::Registry& registry, const ReadLimits& limits)
    : store_(store),
      limits_(limits),
      gate_(limits.concurrent_max),
      queries_(registry.gauge("prometheus_remote_read_handler_queries",
                              "The current number of remote read queries that are either in "
                              "execution or queued on the handler.")) {}

net::Response Server::handle(const net::Request& request, const ExternalLabels& external) {
  const Gate::Pass pass(gate_);
  const Result<ReadRequest> asked = decode(request.body.text());
  if (!asked.ok()) return refusal(asked.status());
  const Result<ResponseType> type = asked->response_type();
  if (!type.ok()) return refusal(type.status());
  Result<std::vector<Selection>> selections = select(*asked, external);
  if (!selections.ok()) return refusal(selections.status());
  return *type == ResponseType::kSamples ? sampled(request, *selections, external)
                                         : streamed(request, *std::move(selections), external);
}

net::Response Server::sampled(const net::Request& request, std::span<const Selection> selections,
                              const ExternalLabels& external) {
  queries_.add(1);
  const Result<std::string> message =
      sampled_answer(store_, selections, external, limits_.samples_max, request.cancellation);
  queries_.add(-1);
  if (!message.ok()) return refusal(message.status());
  net::Response response;
  response.headers = {{"Content-Type", "application/x-protobuf"}, {"Content-Encoding", "snappy"}};
  response.body = blocks::snappy_compress(*message);
  return response;
}

net::Response Server::streamed(const net::Request& request, std::vector<Selection> selections,
                               const ExternalLabels& external) {
  if (++open_answers_ > kOpenAnswersMax) {
    --open_answers_;
    return refusal(kUnavailable, "too many streamed remote reads are open");
  }
  const auto open =
      std::make_shared<OpenAnswer>(*this, std::move(selections), external, request.cancellation);
  // The first piece is made here, where a failure can still be told by a status.
  auto first = std::make_shared<std::string>();
  const Result<bool> more = open->answer.produce(*first);
  if (!more.ok()) return refusal(more.status());
  net::Response response;
  response.headers = {
      {"Content-Type", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"}};
  if (!*more) {
    response.body = std::move(*first);
    return response;
  }
  response.produce = [open, first](std::string& out) {
    if (!first->empty()) {
      out = std::exchange(*first, {});
      return true;
    }
    const Gate::Pass pass(open->server.gate_);
    const Result<bool> further = open->answer.produce(out);
    if (!further.ok()) throw std::runtime_error(further.status().message());  // cuts it off
    return *further;
  };
  return response;
}

}  // namespace narthex::remote_read
