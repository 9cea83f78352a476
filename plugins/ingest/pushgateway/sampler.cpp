// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/sampler.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <string>

namespace narthex::ingest::pushgateway {

Sampler::Sampler(sdk::Host host, const Groups& groups)
    : host_(host),
      service_(*host.service<nx_ext_append>(NX_EXT_APPEND)),
      groups_(groups),
      refused_(host, NX_TYPE_COUNTER, "narthex_ingest_pushgateway_refused_samples_total",
               "Samples of pushed metrics that the storage refused.") {}

Status Sampler::sample(std::int64_t now_ms) {
  const std::uint64_t generation = groups_.generation();
  const bool fresh = !has_columns_ || generation != generation_;
  if (fresh) {
    columns_ = SampleColumns(groups_.all());
    refs_.clear();
    has_columns_ = true;
    generation_ = generation;
  }
  if (columns_.rows() == 0 && stored_.empty()) return {};
  nx_appender* appender = nullptr;
  sdk::ErrorSlot err;
  Status status = err.status(service_.begin(host_.raw(), &appender, &err));
  if (!status.ok()) return status;
  status = append_all(appender, now_ms);
  if (!status.ok()) {
    service_.rollback(appender);
    return status;
  }
  status = err.status(service_.commit(appender, nullptr, &err));
  if (!status.ok()) return status;
  stored_ = refs_;
  std::sort(stored_.begin(), stored_.end());
  stored_.erase(std::unique(stored_.begin(), stored_.end()), stored_.end());
  std::erase(stored_, 0u);
  return {};
}

Status Sampler::append_all(nx_appender* appender, std::int64_t now_ms) {
  const bool resolved_now = refs_.size() != columns_.rows();
  std::vector<nx_metadata> metadata;
  for (int attempt = 0; attempt < 2 && columns_.rows() != 0; ++attempt) {
    if (refs_.size() != columns_.rows()) {
      const Status status = resolve(appender);
      if (!status.ok()) return status;
      metadata = columns_.metadata();
    }
    nx_sample_batch batch = columns_.batch(&now_ms, refs_.data());
    batch.meta = metadata.data();
    batch.meta_count = static_cast<std::uint32_t>(metadata.size());
    bool forgotten = false;
    const Status status = append(appender, batch, forgotten);
    if (!status.ok()) return status;
    if (!forgotten || resolved_now) break;
    refs_.clear();  // once more, with what the storage calls them now
  }
  if (columns_.rows() == 0) refs_.clear();
  return append_stale(appender, now_ms);
}

Status Sampler::resolve(nx_appender* appender) {
  const nx_series_table table = columns_.table();
  refs_.assign(columns_.rows(), 0);
  std::vector<std::uint8_t> codes(columns_.rows(), NX_ROW_OK);
  sdk::ErrorSlot err;
  return err.status(service_.resolve(appender, &table, refs_.data(), codes.data(), &err));
}

Status Sampler::append(nx_appender* appender, nx_sample_batch batch, bool& forgotten) {
  std::vector<std::uint8_t> codes(batch.rows, NX_ROW_OK);
  nx_append_result result{};
  result.struct_size = sizeof result;
  result.row_code = codes.data();
  sdk::ErrorSlot err;
  const Status status = err.status(service_.append(appender, &batch, &result, &err));
  if (!status.ok()) return status;
  for (std::size_t r = 0; r < codes.size(); ++r) {
    forgotten = forgotten || (codes[r] == NX_ROW_UNKNOWN_REF && batch.ref[r] != 0);
  }
  if (result.refused == 0 || forgotten) return {};
  refused_.add(static_cast<double>(result.refused));
  if (!told_) {
    told_ = true;
    host_.warn("the storage refuses samples of pushed metrics, which are counted from here on",
               {{"refused", std::to_string(result.refused)}, {"of", std::to_string(batch.rows)}});
  }
  return {};
}

// Series that had a sample the time before and have none now.
Status Sampler::append_stale(nx_appender* appender, std::int64_t now_ms) {
  std::vector<std::uint64_t> now(refs_);
  std::sort(now.begin(), now.end());
  std::vector<std::uint64_t> gone;
  std::set_difference(stored_.begin(), stored_.end(), now.begin(), now.end(),
                      std::back_inserter(gone));
  if (gone.empty()) return {};
  const std::vector<double> markers(gone.size(), std::bit_cast<double>(NX_STALE_NAN_BITS));
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.flags = NX_BATCH_ONE_T;
  batch.rows = gone.size();
  batch.ref = gone.data();
  batch.t = &now_ms;
  batch.v = markers.data();
  bool forgotten = false;  // then nobody asks for them either
  return append(appender, batch, forgotten);
}

}  // namespace narthex::ingest::pushgateway
