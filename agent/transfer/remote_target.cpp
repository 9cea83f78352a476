// SPDX-License-Identifier: Apache-2.0
#include "transfer/remote_target.hpp"

#include "blocks/snappy_text.hpp"

#include <narthex/sdk/prompb.hpp>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>

namespace narthex::transfer {

namespace {

constexpr std::string_view kEndpoint = "/api/v1/write";
constexpr std::size_t kRequestRows = 10'000;
constexpr std::size_t kRequestBytes = std::size_t{8} << 20;
constexpr int kTriesMax = 10;
constexpr std::chrono::milliseconds kFirstPause(200);
constexpr std::chrono::milliseconds kLongestPause(10'000);

// The rows of a batch, those of a series together, in their order otherwise.
std::vector<std::uint32_t> rows_by_series(const Batch& batch) {
  std::vector<std::uint32_t> order(batch.series.size());
  std::iota(order.begin(), order.end(), 0);
  if (!batch.by_series) {
    const auto t = batch.rows.times();
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      if (batch.series[a] != batch.series[b]) return batch.series[a] < batch.series[b];
      return t[a] < t[b];
    });
  }
  return order;
}

std::string one_line(std::string_view text) {
  std::string out(text.substr(0, 300));
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

}  // namespace

RemoteTarget::RemoteTarget(std::shared_ptr<net::Client> client, std::string url)
    : client_(std::move(client)), url_(std::move(url)) {
  while (url_.ends_with('/')) url_.pop_back();
  if (!url_.ends_with(kEndpoint)) url_ += kEndpoint;
}

Status RemoteTarget::write(std::vector<LoadSeries>& series, const Batch& batch,
                           WriteCounts& counts) {
  const blocks::SampleView rows = batch.rows.view();
  const std::vector<std::uint32_t> order = rows_by_series(batch);
  std::vector<nx_label> labels;
  std::string request;
  std::uint64_t in_request = 0;
  for (std::size_t i = 0; i < order.size();) {
    const std::uint32_t index = batch.series[order[i]];
    labels.clear();
    series[index].labels.append_to(labels);
    sdk::prompb::Series message(labels);
    const std::uint64_t room = kRequestRows - in_request;
    std::uint64_t taken = 0;
    for (; i < order.size() && batch.series[order[i]] == index && taken < room; ++i, ++taken) {
      const std::uint32_t row = order[i];
      if (!rows.h.empty() && rows.h[row] != NX_NONE) {
        message.add(rows.t[row], rows.hists[rows.h[row]]);
      } else {
        message.add(rows.t[row], rows.v[row]);
      }
    }
    message.append_to(request);
    in_request += taken;
    if (in_request < kRequestRows && request.size() < kRequestBytes && i < order.size()) continue;
    if (Status sent = send(std::move(request), in_request, 0, counts); !sent.ok()) return sent;
    request.clear();
    in_request = 0;
  }
  std::vector<nx_label> own;
  for (const LoadExemplar& exemplar : batch.exemplars) {
    labels.clear();
    own.clear();
    series[exemplar.series].labels.append_to(labels);
    exemplar.labels.append_to(own);
    sdk::prompb::Series message(labels);
    message.add_exemplar(exemplar.t, exemplar.value, own);
    message.append_to(request);
  }
  if (request.empty()) return Status();
  return send(std::move(request), 0, batch.exemplars.size(), counts);
}

Status RemoteTarget::write_metadata(std::span<const FamilyFacts> families) {
  std::string request;
  for (const FamilyFacts& facts : families) {
    sdk::prompb::append_metadata(request, facts.type, facts.name, facts.help, facts.unit);
  }
  WriteCounts ignored;
  return send(std::move(request), 0, 0, ignored);
}

Status RemoteTarget::send(std::string message, std::uint64_t rows, std::uint64_t exemplars,
                          WriteCounts& counts) {
  net::FetchRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers = {{"Content-Type", "application/x-protobuf"},
                     {"Content-Encoding", "snappy"},
                     {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
  request.body = blocks::snappy_compress(message);
  std::chrono::milliseconds pause = kFirstPause;
  for (int tries = 1;; ++tries) {
    const Result<net::FetchResponse> answer = client_->fetch_now(request);
    if (answer.ok() && answer->status / 100 == 2) {
      counts.accepted += rows;
      counts.exemplars_accepted += exemplars;
      return Status();
    }
    if (answer.ok() && answer->status == 400) {
      counts.refused += rows;
      counts.exemplars_refused += exemplars;
      if (counts.first_reason.empty()) counts.first_reason = one_line(answer->body.text());
      return Status();
    }
    const bool busy = !answer.ok() || answer->status == 429 || answer->status / 100 == 5;
    if (!busy || tries == kTriesMax) {
      if (!answer.ok())
        return unavailable("cannot reach " + url_ + ": " + answer.status().message());
      return io_error(url_ + " answers " + answer->status_line + ": " +
                      one_line(answer->body.text()));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace narthex::transfer
