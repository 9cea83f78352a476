// SPDX-License-Identifier: Apache-2.0
// sampled_answer.hpp - prometheus.ReadResponse: all series of all queries as samples, in one
// message. Thread: one at a time.
#pragma once

#include "remote_read/selected_series.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace narthex::remote_read {

// The whole message, not compressed. More than samples_max (0: no limit) in one query, or more than
// a gigabyte in all: NX_ERR_EXHAUSTED.
Result<std::string> sampled_answer(store::Store& store, std::span<const Selection> selections,
                                   const ExternalLabels& external, std::uint64_t samples_max,
                                   const std::shared_ptr<runtime::Cancellation>& cancellation);

}  // namespace narthex::remote_read
