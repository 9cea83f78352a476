// SPDX-License-Identifier: Apache-2.0
// destination_requests.cpp - the requests of a destination: made, sent, sent again, ended.
#include "remote_write/destination.hpp"

#include <algorithm>
#include <utility>

namespace narthex::remote_write {
namespace {

constexpr std::int64_t kMsInNs = 1'000'000;
constexpr std::uint64_t kAnswerBytesMax = 1 << 20;

std::int64_t highest_time(std::span<const OutRow> rows) {
  std::int64_t highest = 0;
  for (const OutRow& row : rows) {
    if (row.exemplar == nullptr) highest = std::max(highest, row.t);
  }
  return highest;
}

}  // namespace

void Destination::send_due() {
  for (std::size_t s = 0; s < shards_.size(); ++s) {
    // Shards are emptied before they change, or end: then nothing waits to become a full batch.
    const bool at_once = shards_wanted_ != shards_.size() || drained_ != nullptr;
    const std::int64_t deadline_ns = at_once ? 0 : options_.queue.batch_send_deadline_ms * kMsInNs;
    const std::size_t count = shards_[s].due(reader_->place(), options_.queue.max_samples_per_send,
                                             now_ns(), deadline_ns);
    if (count != 0) begin_request(s, count);
  }
}

void Destination::begin_request(std::size_t shard, std::size_t count) {
  (void)shards_[shard].begin(count);
  sendings_[shard].backoff_ms = options_.queue.min_backoff_ms;
  save();
  make_body(shard);
  attempt(shard);
}

// Rows that have grown too old are left out, here and before each further attempt.
void Destination::make_body(std::size_t shard) {
  std::span<const OutRow> rows = shards_[shard].sending();
  std::vector<OutRow> young;
  if (options_.queue.sample_age_limit_ms != 0) {
    const std::int64_t oldest_ms = now_ms() - options_.queue.sample_age_limit_ms;
    for (const OutRow& row : rows) {
      if (row.t >= oldest_ms) young.push_back(row);
    }
    rows = young;
  }
  Sending& sending = sendings_[shard];
  sending.rows = count_rows(rows);
  sending.highest_t_ms = highest_time(rows);
  sending.body = pack(counts_told() ? writer_.version2(rows, families_) : writer_.version1(rows));
  const RowCounts all = count_rows(shards_[shard].sending());
  const auto too_old = [&](const char* kind, std::uint64_t rows_of_kind) {
    if (rows_of_kind != 0) {
      metrics_.dropped("too_old", kind).add(static_cast<double>(rows_of_kind));
    }
  };
  too_old("samples", all.samples - sending.rows.samples);
  too_old("histograms", all.histograms - sending.rows.histograms);
  too_old("exemplars", all.exemplars - sending.rows.exemplars);
}

net::FetchRequest Destination::request(std::string body) const {
  net::FetchRequest request;
  request.method = "POST";
  request.url = options_.url;
  request.timeout_ms = options_.remote_timeout_ms;
  request.body_max_bytes = kAnswerBytesMax;
  request.body = std::move(body);
  for (const auto& [name, value] : options_.headers) request.headers.emplace_back(name, value);
  request.headers.emplace_back("Content-Encoding", "snappy");
  request.headers.emplace_back(
      "Content-Type", counts_told() ? "application/x-protobuf;proto=io.prometheus.write.v2.Request"
                                    : "application/x-protobuf");
  request.headers.emplace_back("X-Prometheus-Remote-Write-Version",
                               counts_told() ? "2.0.0" : "0.1.0");
  return request;
}

void Destination::attempt(std::size_t shard) {
  Sending& sending = sendings_[shard];
  if (sending.rows.all() == 0) return finish(shard, {});
  sending.begun_ns = now_ns();
  sending.attempt = ++attempts_;
  sending.fetch = client_->fetch(request(sending.body), [weak = weak_from_this(), shard,
                                                         number = sending.attempt](
                                                            Result<net::FetchResponse> got) {
    const std::shared_ptr<Destination> self = weak.lock();
    if (self == nullptr || self->stopped_) return;
    auto answer = std::make_shared<Result<net::FetchResponse>>(std::move(got));
    self->on_strand([shard, number, answer](Destination& destination) {
      if (shard >= destination.sendings_.size() || destination.sendings_[shard].attempt != number) {
        return;
      }
      destination.answered(shard, *answer);
    });
  });
}

void Destination::answered(std::size_t shard, const Result<net::FetchResponse>& answer) {
  Sending& sending = sendings_[shard];
  sending.fetch.reset();
  metrics_.duration_s.observe(static_cast<double>(now_ns() - sending.begun_ns) / 1e9);
  const SendOutcome outcome =
      outcome_of(answer, options_.queue.retry_on_http_429, counts_told(), sending.rows, now_ms());
  if (outcome.kind == SendOutcome::Kind::kRetry) return retry_later(shard, outcome);
  finish(shard, outcome);
  pump();
}

void Destination::retry_later(std::size_t shard, const SendOutcome& outcome) {
  Sending& sending = sendings_[shard];
  metrics_.retried.add(sending.rows);
  const std::int64_t wait_ms =
      outcome.retry_after_ms != 0 ? outcome.retry_after_ms : sending.backoff_ms;
  log_lines_.warn("request is sent again", {{"remote_name", options_.name},
                                            {"url", options_.shown_url},
                                            {"err", outcome.text},
                                            {"after_ms", wait_ms}});
  sending.backoff_ms = std::min(2 * sending.backoff_ms, options_.queue.max_backoff_ms);
  sending.retry = services_.executor.after(
      wait_ms, runtime::Pool::kWorker, [weak = weak_from_this(), shard, number = sending.attempt] {
        const std::shared_ptr<Destination> self = weak.lock();
        if (self == nullptr) return;
        self->on_strand([shard, number](Destination& destination) {
          if (shard >= destination.sendings_.size() ||
              destination.sendings_[shard].attempt != number) {
            return;
          }
          if (destination.options_.queue.sample_age_limit_ms != 0) destination.make_body(shard);
          destination.attempt(shard);
        });
      });
}

void Destination::finish(std::size_t shard, const SendOutcome& outcome) {
  Sending& sending = sendings_[shard];
  const RowCounts& rows = sending.rows;
  const auto missing = [](std::uint64_t sent, std::uint64_t written) {
    return sent - std::min(sent, written);
  };
  // Prometheus counts what it sent, refused or not; failed ones besides.
  metrics_.sent.add(rows);
  metrics_.bytes.add(static_cast<double>(sending.body.size()));
  metrics_.failed.add({missing(rows.samples, outcome.written.samples),
                       missing(rows.histograms, outcome.written.histograms),
                       missing(rows.exemplars, outcome.written.exemplars)});
  if (outcome.kind == SendOutcome::Kind::kFailed) {
    log_lines_.error("rows were refused for good", {{"remote_name", options_.name},
                                                    {"url", options_.shown_url},
                                                    {"rows", rows.all()},
                                                    {"err", outcome.text}});
  } else if (rows.all() != 0) {
    sent_ns_ = now_ns();
  }
  shard_count_.went_out(static_cast<double>(rows.samples + rows.histograms),
                        static_cast<double>(now_ns() - sending.begun_ns) / 1e9);
  highest_sent_ms_ = std::max(highest_sent_ms_, sending.highest_t_ms);
  sending.attempt = 0;
  sending.body.clear();
  shards_[shard].end();
  save();
}

// ---- metadata: of 1.0 in requests of its own, of 2.0 with each series ----

void Destination::begin_metadata() {
  if (!options_.metadata.send && !counts_told()) return;
  const bool first = counts_told() && families_.empty();
  if (metadata_.busy || (now_ns() < metadata_.next_ns && !first)) return;
  metadata_.next_ns = now_ns() + options_.metadata.send_interval_ms * kMsInNs;
  Result<FamilyTable> families = services_.families();
  if (!families.ok()) {
    log_lines_.warn("metadata is not sent", {{"err", families.status().message()}});
    return;
  }
  families_ = *std::move(families);
  if (counts_told()) return;
  auto from = families_.cbegin();
  for (std::uint64_t left = families_.size(); left != 0;) {
    const std::uint64_t count = std::min(left, options_.metadata.max_samples_per_send);
    const auto to = std::next(from, static_cast<std::ptrdiff_t>(count));
    metadata_.bodies.emplace_back(pack(metadata_message(from, to)), count);
    from = to;
    left -= count;
  }
  families_.clear();
  metadata_.backoff_ms = options_.queue.min_backoff_ms;
  send_metadata();
}

void Destination::send_metadata() {
  metadata_.busy = !metadata_.bodies.empty();
  if (!metadata_.busy) return;
  metadata_.fetch =
      client_->fetch(request(metadata_.bodies.back().first),
                     [weak = weak_from_this()](Result<net::FetchResponse> got) {
                       const std::shared_ptr<Destination> self = weak.lock();
                       if (self == nullptr || self->stopped_) return;
                       auto answer = std::make_shared<Result<net::FetchResponse>>(std::move(got));
                       self->on_strand([answer](Destination& destination) {
                         destination.metadata_answered(*answer);
                       });
                     });
}

void Destination::metadata_answered(const Result<net::FetchResponse>& answer) {
  const auto& [body, entries] = metadata_.bodies.back();
  const SendOutcome outcome =
      outcome_of(answer, options_.queue.retry_on_http_429, false, {}, now_ms());
  if (outcome.kind == SendOutcome::Kind::kRetry) {
    metrics_.metadata_retried.add(static_cast<double>(entries));
    const std::int64_t wait_ms =
        outcome.retry_after_ms != 0 ? outcome.retry_after_ms : metadata_.backoff_ms;
    metadata_.backoff_ms = std::min(2 * metadata_.backoff_ms, options_.queue.max_backoff_ms);
    metadata_.retry =
        services_.executor.after(wait_ms, runtime::Pool::kWorker, [weak = weak_from_this()] {
          if (const auto self = weak.lock()) {
            self->on_strand([](Destination& destination) { destination.send_metadata(); });
          }
        });
    return;
  }
  if (outcome.kind == SendOutcome::Kind::kFailed) {
    metrics_.metadata_failed.add(static_cast<double>(entries));
    log_lines_.error("metadata was refused",
                     {{"remote_name", options_.name}, {"err", outcome.text}});
  }
  metrics_.metadata_sent.add(static_cast<double>(entries));
  metrics_.metadata_bytes.add(static_cast<double>(body.size()));
  metadata_.bodies.pop_back();
  metadata_.backoff_ms = options_.queue.min_backoff_ms;
  send_metadata();
}

}  // namespace narthex::remote_write
