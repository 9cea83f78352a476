// SPDX-License-Identifier: Apache-2.0
// http_source.hpp - fetches a target's body and gives it to the parser that its content type asks
// for.
#pragma once

#include "net/client.hpp"
#include "scrape/accept.hpp"
#include "scrape/source.hpp"

#include <memory>
#include <string>

namespace narthex::scrape {

// What the job says about fetching and parsing.
struct HttpOptions {
  std::shared_ptr<net::Client> client;
  std::shared_ptr<const ParserSet> parsers;
  std::string accept;
  std::string fallback_protocol;
  std::uint64_t body_max_bytes = 0;  // 0: no limit
  bool gzip = true;
  std::uint32_t parse_flags = 0;  // NX_PARSE_*
};

class HttpSource final : public Source {
 public:
  HttpSource(std::shared_ptr<const HttpOptions> options, std::string url, std::int64_t timeout_ms,
             ScrapeMetrics& metrics)
      : options_(std::move(options)),
        url_(std::move(url)),
        timeout_ms_(timeout_ms),
        metrics_(metrics) {}

  std::shared_ptr<net::Fetch> gather(GatherDone done) override;
  bool may_block() const override { return false; }

 private:
  net::FetchRequest request() const;
  static Gathered receive(const std::shared_ptr<const HttpOptions>& options, ScrapeMetrics& metrics,
                          Result<net::FetchResponse> fetched);

  const std::shared_ptr<const HttpOptions> options_;
  const std::string url_;
  const std::int64_t timeout_ms_;
  ScrapeMetrics& metrics_;
};

// Parses a body and gives its rows to the writer.
Status feed_body(const BodyParser& parser, nx_buffer& body, std::string_view content_type,
                 std::uint32_t flags, std::int64_t t_ms, SampleWriter& writer,
                 Workbench& workbench);

}  // namespace narthex::scrape
