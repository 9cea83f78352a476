// SPDX-License-Identifier: Apache-2.0
// selected_series.hpp - walks the series that a selection finds, in label order, one piece after
// the other. A series of millions of samples comes in several pieces. One thread at a time.
#pragma once

#include "remote_read/selection.hpp"
#include "runtime/cancel.hpp"
#include "store/store.hpp"

#include <narthex/sdk/result.hpp>

#include <memory>
#include <span>
#include <vector>

namespace narthex::remote_read {

class SelectedSeries {
 public:
  // The store outlives it. `selection` and `external` outlive it, too. Cancelling ends it early.
  static Result<std::unique_ptr<SelectedSeries>> open(
      store::Store& store, const Selection& selection, std::uint32_t scan_flags,
      const ExternalLabels& external, std::shared_ptr<runtime::Cancellation> cancellation);
  SelectedSeries(store::Querier querier, const ExternalLabels& external,
                 std::shared_ptr<runtime::Cancellation> cancellation);
  SelectedSeries(const SelectedSeries&) = delete;
  SelectedSeries& operator=(const SelectedSeries&) = delete;

  // False at the end and after a failure: ask status(). Views live until the next next().
  bool next();
  std::span<const nx_label> labels() const { return labels_; }  // external ones included
  blocks::SampleView samples() const;
  bool continues() const { return continues_; }  // the series of the piece before goes on
  const Status& status() const;

 private:
  bool fetch();

  const ExternalLabels& external_;
  const std::shared_ptr<runtime::Cancellation> cancellation_;
  store::Querier querier_;
  std::unique_ptr<store::Cursor> cursor_;
  runtime::Cancellation::Hook hook_;  // dies before the querier that it cancels
  std::vector<nx_label> labels_;
  std::uint32_t series_ = 0;  // of the block, the current one
  bool have_block_ = false;
  bool continues_ = false;
};

}  // namespace narthex::remote_read
