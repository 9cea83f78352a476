// SPDX-License-Identifier: Apache-2.0
// remote_target.hpp - pushes batches to a running server by remote write 1.0: requests of at most
// some thousand samples, each sent again while the server says that it is busy.
#pragma once

#include "net/client.hpp"
#include "transfer/batch.hpp"

#include <memory>
#include <string>
#include <vector>

namespace narthex::transfer {

class RemoteTarget final : public BatchTarget {
 public:
  // `url` is that of the server ("http://127.0.0.1:9090") or of its endpoint (".../api/v1/write").
  RemoteTarget(std::shared_ptr<net::Client> client, std::string url);

  Status write(std::vector<LoadSeries>& series, const Batch& batch, WriteCounts& counts) override;
  Status write_metadata(std::span<const FamilyFacts> families) override;
  Status finish() override { return Status(); }

 private:
  // A refusal of the data is counted, everything else is a failure.
  Status send(std::string message, std::uint64_t rows, std::uint64_t exemplars,
              WriteCounts& counts);

  std::shared_ptr<net::Client> client_;
  std::string url_;
};

}  // namespace narthex::transfer
