// SPDX-License-Identifier: Apache-2.0
#include "remote_write/destination.hpp"

#include <algorithm>
#include <utility>

namespace narthex::remote_write {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kReckonIntervalNs = std::int64_t{10} * 1'000'000'000;
constexpr std::int64_t kSaveIntervalNs = 1'000'000'000;

}  // namespace

Destination::Destination(DestinationServices services, DestinationOptions options,
                         SeriesMapper mapper, std::shared_ptr<net::Client> client,
                         std::string place_file)
    : services_(std::move(services)),
      options_(std::move(options)),
      mapper_(std::move(mapper)),
      client_(std::move(client)),
      metrics_(services_.registry, options_),
      place_file_(std::move(place_file)),
      strand_(services_.executor, runtime::Pool::kWorker) {}

Destination::~Destination() { stop(); }

Status Destination::start() {
  Result<std::vector<ShardPlace>> found = place_file_.open();
  if (!found.ok()) return found.status();
  Place from = services_.log.end();
  const auto is_ahead = [&](const ShardPlace& place) { return from < place.acked; };
  if (std::any_of(found->begin(), found->end(), is_ahead)) {
    log_lines_.warn("the log that was being sent is gone: sending begins anew",
                    {{"remote_name", options_.name}});
    found->clear();
  }
  if (found->empty()) {
    found->assign(options_.queue.min_shards, {from, {}});
  } else {
    from = found->front().acked;
    for (const ShardPlace& place : *found) from = std::min(from, place.acked);
  }
  for (const ShardPlace& place : *found) shards_.emplace_back(place);
  sendings_.resize(shards_.size());
  shards_wanted_ =
      std::clamp<std::size_t>(shards_.size(), options_.queue.min_shards, options_.queue.max_shards);
  reader_.emplace(services_.log, from);
  metrics_.shards_desired.set(static_cast<double>(shards_wanted_));
  came_in_ = services_.counts.samples + services_.counts.histograms;
  reckoned_ns_ = now_ns();
  metadata_.next_ns = reckoned_ns_ + options_.metadata.send_interval_ms * kNsPerMs;
  save();
  wake();
  return Status();
}

void Destination::stop() {
  if (stopped_.exchange(true)) return;
  strand_.close();
  deadline_.cancel();
  for (Sending& sending : sendings_) {
    sending.retry.cancel();
    if (sending.fetch != nullptr) sending.fetch->cancel();
  }
  metadata_.retry.cancel();
  if (metadata_.fetch != nullptr) metadata_.fetch->cancel();
}

void Destination::on_strand(std::function<void(Destination&)> task) {
  strand_.post([weak = weak_from_this(), task = std::move(task)] {
    const std::shared_ptr<Destination> self = weak.lock();
    if (self != nullptr && !self->stopped_) task(*self);
  });
}

void Destination::wake() {
  if (woken_.exchange(true)) return;
  on_strand([](Destination& self) { self.pump(); });
}

void Destination::drain(std::function<void()> done) {
  on_strand([done = std::move(done)](Destination& self) {
    self.drained_ = done;
    self.pump();
  });
}

void Destination::tell_when_drained() {
  if (drained_ == nullptr || !is_idle() || reader_->place() < services_.log.end()) return;
  std::exchange(drained_, nullptr)();
}

void Destination::tick() {
  on_strand([](Destination& self) {
    self.reckon_shards();
    self.begin_metadata();
    self.pump();
  });
}

void Destination::pump() {
  woken_ = false;
  read_ahead();
  send_due();
  reshard_when_empty();
  tell_when_drained();
  arm_deadline();
  if (now_ns() - saved_ns_ >= kSaveIntervalNs) save();
  show_figures();
}

bool Destination::any_shard_full() const {
  return std::any_of(shards_.begin(), shards_.end(),
                     [&](const Shard& shard) { return shard.size() >= options_.queue.capacity; });
}

// Nothing of what was read is still to be sent.
bool Destination::is_idle() const {
  return std::all_of(shards_.begin(), shards_.end(),
                     [&](const Shard& shard) { return shard.is_empty(reader_->place()); });
}

void Destination::read_ahead() {
  const auto knows_past = [&] {
    return std::all_of(shards_.begin(), shards_.end(),
                       [&](const Shard& shard) { return shard.knows_past(reader_->place()); });
  };
  // Shards that are to change run empty; after a restart, not before they are where they were.
  while (shards_wanted_ == shards_.size() || !knows_past()) {
    if (any_shard_full()) {
      metrics_.enqueue_retries.add();
      return;
    }
    const LogReader::Step step = reader_->next();
    const std::uint64_t lost = reader_->take_lost_rows();
    if (lost != 0) {
      metrics_.dropped("gone_from_log", "samples").add(static_cast<double>(lost));
      log_lines_.error("rows were gone from the log before they were sent",
                       {{"remote_name", options_.name}, {"rows", lost}});
    }
    if (step.frame == nullptr) return;
    distribute(step);
  }
}

void Destination::add_series(const Frame& frame) {
  for (const Frame::Series& series : frame.series) {
    if (series.id >= series_.size()) series_.resize(series.id + std::size_t{1});
    series_[series.id] = {true, mapper_.map(series.labels)};
  }
}

// Null: the row goes nowhere, and has been counted.
const TargetSeriesRef* Destination::series_of(std::uint32_t id, const char* kind) {
  const bool named = id < series_.size() && series_[id].named;
  if (named && series_[id].series != nullptr) return &series_[id].series;
  metrics_.dropped(named ? "dropped_series" : "unintentionally_dropped_series", kind).add();
  shard_count_.dropped(1);
  return nullptr;
}

void Destination::distribute(const LogReader::Step& step) {
  if (step.new_segment) series_.clear();
  const Frame& frame = *step.frame;
  add_series(frame);
  distributed_ns_ = now_ns();
  Place place = step.first;
  std::uint32_t row = 0;
  const auto is_wanted = [&] {
    place.row = step.first.row + row;
    return row++ >= step.skip;
  };
  for (std::size_t i = 0; i < frame.id.size(); ++i) {
    if (!is_wanted()) continue;
    const TargetSeriesRef* series = series_of(frame.id[i], "samples");
    if (series == nullptr) continue;
    put({*series, frame.t[i], frame.st.empty() ? 0 : frame.st[i], frame.v[i], nullptr, nullptr,
         nullptr},
        place);
  }
  for (const Frame::HistogramRow& h : frame.histograms) {
    if (!is_wanted() || !(options_.send_native_histograms || counts_told())) continue;
    const TargetSeriesRef* series = series_of(h.id, "histograms");
    if (series != nullptr) put({*series, h.t, h.start, 0, &h, nullptr, step.frame}, place);
  }
  for (const Frame::ExemplarRow& e : frame.exemplars) {
    if (!is_wanted() || !options_.send_exemplars) continue;
    const TargetSeriesRef* series = series_of(e.id, "exemplars");
    if (series != nullptr) put({*series, e.t, 0, e.value, nullptr, &e, step.frame}, place);
  }
}

void Destination::put(OutRow row, Place place) {
  const std::size_t shard = row.series->hash % shards_.size();
  shards_[shard].put(std::move(row), place, distributed_ns_);
}

void Destination::arm_deadline() {
  std::int64_t at_ns = INT64_MAX;
  for (const Shard& shard : shards_) {
    at_ns = std::min(at_ns, shard.due_at_ns(options_.queue.batch_send_deadline_ms * kNsPerMs));
  }
  deadline_.cancel();
  if (at_ns == INT64_MAX) return;
  deadline_ = services_.executor.at(at_ns, runtime::Pool::kWorker, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  });
}

// Cheap, and done around every request: a kill in between costs nothing that was acknowledged.
void Destination::save() {
  std::vector<ShardPlace> places;
  std::uint32_t needed = UINT32_MAX;
  for (const Shard& shard : shards_) {
    places.push_back(shard.place(reader_->place()));
    needed = std::min(needed, places.back().acked.segment);
  }
  needed_segment_ = needed;
  saved_ns_ = now_ns();
  if (places == saved_) return;
  const Status done = place_file_.save(places);
  if (!done.ok()) {
    log_lines_.error("what was sent is not remembered", {{"err", done.message()}});
    return;
  }
  saved_ = std::move(places);
}

void Destination::show_figures() {
  RowCounts pending;
  for (const Shard& shard : shards_) pending += shard.counts();
  metrics_.pending.set(pending);
  metrics_.shards.set(static_cast<double>(shards_.size()));
  metrics_.highest_sent_s.set(static_cast<double>(highest_sent_ms_) / 1'000);
}

void Destination::reckon_shards() {
  const std::int64_t elapsed_ns = now_ns() - reckoned_ns_;
  if (elapsed_ns < kReckonIntervalNs) return;
  reckoned_ns_ += elapsed_ns;
  const std::uint64_t came_in = services_.counts.samples + services_.counts.histograms;
  shard_count_.came_in(static_cast<double>(came_in - came_in_));
  came_in_ = came_in;
  const std::int64_t newest_ms = services_.counts.highest_t_ms;
  const double behind_s =
      highest_sent_ms_ == 0 ? 0 : static_cast<double>(newest_ms - highest_sent_ms_) / 1'000;
  const std::uint64_t wanted =
      shard_count_.reckon(static_cast<double>(elapsed_ns) / 1e9, behind_s, shards_wanted_,
                          {options_.queue.min_shards, options_.queue.max_shards});
  metrics_.shards_desired.set(shard_count_.desired());
  // While nothing gets through, more of it is no help.
  const std::int64_t recent_ns = 2 * options_.queue.batch_send_deadline_ms * kNsPerMs;
  if (wanted == shards_wanted_ || now_ns() - sent_ns_ > recent_ns) return;
  log_lines_.info("shards change",
                  {{"remote_name", options_.name}, {"from", shards_wanted_}, {"to", wanted}});
  shards_wanted_ = wanted;
}

// Rows of a series must not overtake each other: shards change when nothing is in them.
void Destination::reshard_when_empty() {
  if (shards_wanted_ == shards_.size() || !is_idle()) return;
  shards_.assign(shards_wanted_, Shard({reader_->place(), {}}));
  sendings_.clear();
  sendings_.resize(shards_wanted_);
  save();
  wake();
}

}  // namespace narthex::remote_write
