// SPDX-License-Identifier: Apache-2.0
// destination.hpp - sends what is in the log to one receiver: reads ahead, spreads rows over shards
// by their series, sends each shard's requests one after the other and all shards' in parallel, and
// remembers what was acknowledged.
//
// Everything happens on a strand of the worker pool; only the public members are for others.
#pragma once

#include "net/client.hpp"
#include "remote_write/destination_metrics.hpp"
#include "remote_write/log_reader.hpp"
#include "remote_write/message.hpp"
#include "remote_write/options.hpp"
#include "remote_write/place_file.hpp"
#include "remote_write/queue_tap.hpp"
#include "remote_write/shard.hpp"
#include "remote_write/shard_count.hpp"
#include "runtime/executor.hpp"
#include "telemetry/log.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace narthex::remote_write {

// Reads type, help and unit of all families.
using FamilySource = std::function<Result<FamilyTable>()>;

// What destinations share; all outlive them.
struct DestinationServices {
  runtime::Executor& executor;
  telemetry::Registry& registry;
  QueueLog& log;
  const TapCounts& counts;
  FamilySource families;
};

class Destination : public std::enable_shared_from_this<Destination> {
 public:
  Destination(DestinationServices services, DestinationOptions options, SeriesMapper mapper,
              std::shared_ptr<net::Client> client, std::string place_file);
  ~Destination();

  // Goes on where the place file says, or begins with the rows to come.
  Status start();
  // Ends soon: what is under way is given up and sent again by the next start.
  void stop();
  // There is more in the log. [any], cheap.
  void wake();
  // Sends what waits without waiting for more; calls done once nothing is left, on the strand.
  void drain(std::function<void()> done);
  // Once a second: what depends on time.
  void tick();

  // The first segment that is still needed. [any]
  std::uint32_t needed_segment() const { return needed_segment_; }
  const DestinationOptions& options() const { return options_; }

 private:
  struct Sending {  // of a shard, beside its rows
    std::string body;
    RowCounts rows;
    std::int64_t highest_t_ms = 0;
    std::int64_t backoff_ms = 0;
    std::int64_t begun_ns = 0;
    std::uint64_t attempt = 0;  // answers to others are late ones
    std::shared_ptr<net::Fetch> fetch;
    runtime::Timer retry;
  };
  struct MetadataSending {
    std::vector<std::pair<std::string, std::uint64_t>> bodies;  // packed, and their entries
    std::int64_t backoff_ms = 0;
    std::int64_t next_ns = 0;
    bool busy = false;
    std::shared_ptr<net::Fetch> fetch;
    runtime::Timer retry;
  };

  void on_strand(std::function<void(Destination&)> task);
  void pump();
  void read_ahead();
  void distribute(const LogReader::Step& step);
  void add_series(const Frame& frame);
  const TargetSeriesRef* series_of(std::uint32_t id, const char* kind);
  void put(OutRow row, Place place);
  bool any_shard_full() const;
  bool is_idle() const;

  void send_due();
  void begin_request(std::size_t shard, std::size_t count);
  void make_body(std::size_t shard);
  void attempt(std::size_t shard);
  void answered(std::size_t shard, const Result<net::FetchResponse>& answer);
  void retry_later(std::size_t shard, const SendOutcome& outcome);
  void finish(std::size_t shard, const SendOutcome& outcome);
  net::FetchRequest request(std::string body) const;

  void tell_when_drained();
  void arm_deadline();
  void save();
  void show_figures();
  void reckon_shards();
  void reshard_when_empty();

  void begin_metadata();
  void send_metadata();
  void metadata_answered(const Result<net::FetchResponse>& answer);

  std::int64_t now_ns() const { return services_.executor.clock().mono_ns(); }
  std::int64_t now_ms() const { return services_.executor.clock().now_ms(); }
  bool counts_told() const { return options_.protocol == Protocol::kV2; }

  const DestinationServices services_;
  const DestinationOptions options_;
  const SeriesMapper mapper_;
  const std::shared_ptr<net::Client> client_;
  const telemetry::Log log_lines_{"remote_write"};
  DestinationMetrics metrics_;
  std::atomic<std::uint32_t> needed_segment_{0};
  std::atomic<bool> woken_{false};
  std::atomic<bool> stopped_{false};

  // On the strand:
  PlaceFile place_file_;
  std::optional<LogReader> reader_;
  struct Known {
    bool named = false;
    TargetSeriesRef series;  // null: dropped by the rules
  };
  std::vector<Known> series_;  // by their numbers in the segment being read
  std::vector<Shard> shards_;
  std::vector<Sending> sendings_;  // [shards]
  std::size_t shards_wanted_ = 1;
  ShardCount shard_count_;
  std::uint64_t came_in_ = 0;  // rows, at the last reckoning
  std::int64_t reckoned_ns_ = 0;
  std::int64_t sent_ns_ = 0;  // of the last success
  std::int64_t highest_sent_ms_ = 0;
  std::vector<ShardPlace> saved_;
  std::int64_t saved_ns_ = 0;
  runtime::Timer deadline_;
  FamilyTable families_;
  MetadataSending metadata_;
  MessageWriter writer_;
  std::uint64_t attempts_ = 0;
  std::int64_t distributed_ns_ = 0;  // when the frame at hand was read
  std::function<void()> drained_;    // set: somebody waits for that

  runtime::Strand strand_;  // last: closed first
};

}  // namespace narthex::remote_write
