// SPDX-License-Identifier: Apache-2.0
#include "scrape/http_source.hpp"

#include "net/status_text.hpp"
#include "telemetry/log.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <exception>
#include <limits>
#include <utility>

namespace narthex::scrape {
namespace {

// Small enough for the columns of a batch to stay in the nearest caches.
constexpr std::uint32_t kBatchRows = 1024;

// Seconds as Go writes them: "0.9", "10".
std::string seconds_text(std::int64_t ms) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(),
                                 static_cast<double>(ms) / 1000, std::chars_format::fixed);
  return {text.data(), end.ptr};
}

// Runs f at the border to a plugin, where nothing may be thrown.
template <class F>
nx_status contained(Status& failure, F&& f) noexcept {
  try {
    failure = f();
  } catch (const std::exception& e) {
    failure = Status(NX_ERR_INTERNAL, e.what());
  }
  return failure.ok() ? NX_OK : failure.code();
}

// One parse, as the parser's sinks see it.
struct Feed {
  const BodyParser& parser;
  void* scratch;
  SampleWriter& writer;
  Status failure;  // of ours, inside a sink

  Status labels(std::span<const nx_str> keys,
                const std::function<void(const nx_series_table&)>& use) {
    struct Use {
      const std::function<void(const nx_series_table&)>& use;
      Status failure;
    } context{use, {}};
    const nx_series_sink sink = [](void* at, const nx_series_table* table) {
      auto& c = *static_cast<Use*>(at);
      (void)contained(c.failure, [&] {
        c.use(*table);
        return Status();
      });
    };
    Status read = parser.instance().call(parser.labels_site(), [&](void* self, nx_error* err) {
      return parser.table().labels(self, scratch, keys.data(), keys.size(), sink, &context, err);
    });
    return read.ok() ? context.failure : read;
  }
};

}  // namespace

Status feed_body(const BodyParser& parser, nx_buffer& body, std::string_view content_type,
                 std::uint32_t flags, std::int64_t t_ms, SampleWriter& writer,
                 Workbench& workbench) {
  Feed feed{parser, workbench.scratch(parser), writer, {}};
  nx_parse_opts options{};
  options.struct_size = sizeof options;
  options.flags = flags;
  options.content_type = to_nx(content_type);
  options.default_t = t_ms;
  options.max_rows = kBatchRows;
  const nx_parsed_sink sink = [](void* at, const nx_parsed* parsed) {
    auto& f = *static_cast<Feed*>(at);
    return contained(f.failure, [&] {
      return f.writer.add(*parsed, [&](std::span<const nx_str> keys,
                                       const std::function<void(const nx_series_table&)>& use) {
        return f.labels(keys, use);
      });
    });
  };
  const Status parsed = parser.instance().call(parser.parse_site(), [&](void* self, nx_error* err) {
    return parser.table().parse(self, feed.scratch, &body, &options, sink, &feed, err);
  });
  return feed.failure.ok() ? parsed : feed.failure;
}

net::FetchRequest HttpSource::request() const {
  net::FetchRequest request;
  request.url = url_;
  request.headers = {{"Accept", options_->accept},
                     {"X-Prometheus-Scrape-Timeout-Seconds", seconds_text(timeout_ms_)}};
  request.timeout_ms = timeout_ms_;
  request.body_max_bytes = options_->body_max_bytes != 0
                               ? options_->body_max_bytes
                               : std::numeric_limits<std::uint64_t>::max();
  request.accept_gzip = options_->gzip;
  return request;
}

std::shared_ptr<net::Fetch> HttpSource::gather(GatherDone done) {
  // The metrics outlive all loops; this source may be replaced while the fetch is on its way.
  return options_->client->fetch(request(),
                                 [options = options_, &metrics = metrics_,
                                  done = std::move(done)](Result<net::FetchResponse> fetched) {
                                   done(receive(options, metrics, std::move(fetched)));
                                 });
}

Gathered HttpSource::receive(const std::shared_ptr<const HttpOptions>& options,
                             ScrapeMetrics& metrics, Result<net::FetchResponse> fetched) {
  Gathered out;
  if (!fetched.ok()) {
    out.failure = fetched.status();
    if (out.failure.code() == NX_ERR_EXHAUSTED) {
      metrics.over_body_size_limit.add();
      out.failure = Status(NX_ERR_EXHAUSTED, "body size limit exceeded");
      out.body_bytes = -1;
    }
    return out;
  }
  if (fetched->status != 200) {
    out.failure = unavailable("server returned HTTP status " + std::to_string(fetched->status) +
                              " " + std::string(net::status_text(fetched->status)));
    return out;
  }
  const std::string_view body = fetched->body.text();
  out.body_bytes = static_cast<std::int64_t>(body.size());
  if (body.empty()) return out;  // a good scrape of nothing, whatever type it claims to be
  std::string content_type(fetched->header("content-type"));
  auto choice = options->parsers->choose(content_type, options->fallback_protocol);
  if (!choice.ok()) {
    out.failure = choice.status();
    return out;
  }
  if (!choice->warning.empty()) {
    telemetry::Log("scrape").debug("Invalid content type on scrape, using fallback setting.",
                                   {{"err", choice->warning}});
  }
  out.waits = choice->parser->instance().apart();
  out.feed = [options, parser = choice->parser, buffer = std::move(fetched->body),
              content_type = std::move(content_type)](SampleWriter& writer, Workbench& workbench,
                                                      std::int64_t t_ms) {
    return feed_body(*parser, *buffer.get(), content_type, options->parse_flags, t_ms, writer,
                     workbench);
  };
  return out;
}

}  // namespace narthex::scrape
