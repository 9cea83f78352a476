// SPDX-License-Identifier: Apache-2.0
// narthex import
#include "cli/cli.hpp"
#include "cli/local_store.hpp"
#include "cli/progress_line.hpp"
#include "cli/server_call.hpp"
#include "cli/time_option.hpp"
#include "cli/tool.hpp"
#include "host/plugin_host.hpp"
#include "net/client.hpp"
#include "transfer/remote_target.hpp"
#include "transfer/selectors.hpp"
#include "transfer/sources.hpp"
#include "transfer/store_target.hpp"

#include <narthex/protocol.h>

#include <cstdio>

namespace narthex::cli {

namespace {

constexpr std::uint64_t kDamageShown = 20;
constexpr std::int64_t kRetentionDefaultMs = store::RetentionOptions{}.max_age_ms;

int refuse_import(int code, const Status& status) {
  std::fprintf(stderr, "narthex: %s\n", status.message().c_str());
  return code;
}

Result<transfer::LoadOptions> load_options(const ImportOptions& options) {
  transfer::LoadOptions out;
  Result<Pick> pick = parse_pick(options.pick);
  if (!pick.ok()) return pick.status();
  out.range = pick->range;
  out.selectors = std::move(pick->selectors);
  for (const std::string& label : options.labels) {
    const std::size_t equals = label.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == label.size()) {
      return invalid_argument("--label: name=value is wanted, not \"" + label + '"');
    }
    out.added.set(label.substr(0, equals), label.substr(equals + 1));
  }
  return out;
}

const char* reason_text(std::size_t code) {
  switch (code) {
    case NX_ROW_OUT_OF_ORDER:
      return "out of order";
    case NX_ROW_OUT_OF_BOUNDS:
      return "too far in the future";
    case NX_ROW_TOO_OLD:
      return "older than the retention";
    case NX_ROW_DUPLICATE:
      return "another value at the newest time of its series";
    case NX_ROW_BAD_LABELS:
      return "bad labels";
    case NX_ROW_BAD_HISTOGRAM:
      return "bad histogram";
    case NX_ROW_SERIES_LIMIT:
      return "limit of series";
    case NX_ROW_UNSUPPORTED:
      return "not supported by the storage";
    default:
      return "refused by the storage";
  }
}

// Where samples go, with what it stands on.
struct Destination {
  std::unique_ptr<LocalStore> local;
  std::unique_ptr<ToolHost> host;  // without a local store
  std::unique_ptr<transfer::BatchTarget> target;
  ToolHost& tools() { return local != nullptr ? local->host() : *host; }
};

Result<Destination> open_destination(const ImportOptions& options) {
  Destination out;
  if (options.server.url.empty() && !options.dry_run) {
    Result<std::unique_ptr<LocalStore>> local = LocalStore::open(options.data, true);
    if (!local.ok()) return local.status();
    out.local = *std::move(local);
    out.target = std::make_unique<transfer::StoreTarget>(out.local->store(), out.tools().clock());
    return out;
  }
  out.host = std::make_unique<ToolHost>(options.data.plugin_dirs);
  if (options.dry_run) {
    out.target = std::make_unique<transfer::DryTarget>();
    return out;
  }
  const Result<net::ClientOptions> how = client_options(options.server);
  if (!how.ok()) return how.status();
  Result<std::shared_ptr<net::Client>> client = out.host->clients().make(*how);
  if (!client.ok()) return client.status();
  out.target = std::make_unique<transfer::RemoteTarget>(*std::move(client), options.server.url);
  return out;
}

class Import {
 public:
  Import(const ImportOptions& options, std::vector<transfer::Source> sources,
         transfer::LoadOptions load, Destination& to)
      : options_(options),
        sources_(std::move(sources)),
        range_(load.range),
        now_ms_(to.tools().clock().now_ms()),
        progress_(to.tools().clock(), total(sources_)),
        texts_(has_text(sources_) ? to.tools().plugins().start_all(NX_PARSER_ID, "protocol")
                                  : std::vector<std::shared_ptr<host::Instance>>()),
        loader_(std::move(load), *to.target, [this](const transfer::LoadCounts& counts) {
          progress_.show(counts.written.accepted, counts.bytes);
        }) {}

  int run() {
    Status status;
    for (const transfer::Source& source : sources_) {
      if (!status.ok()) break;
      status = transfer::load_source(source, range_, texts_, loader_,
                                     [this](const blocks::Damage& damage) { tell(damage); });
    }
    const Status finished = loader_.finish();
    const double seconds = progress_.seconds();
    progress_.clear();
    print_counts(seconds);
    if (!status.ok() || !finished.ok()) {
      const Status& failure = status.ok() ? finished : status;
      return refuse_import(failure.code() == NX_ERR_UNAVAILABLE ? kNoConnection : kFailure,
                           failure);
    }
    return damaged_ > 0 || loader_.counts().written.refused > 0 ? kFindings : kGood;
  }

 private:
  static std::uint64_t total(const std::vector<transfer::Source>& sources) {
    std::uint64_t sum = 0;
    for (const transfer::Source& source : sources) sum += source.bytes;
    return sum;
  }
  static bool has_text(const std::vector<transfer::Source>& sources) {
    for (const transfer::Source& source : sources) {
      if (source.kind == transfer::SourceKind::kText) return true;
    }
    return false;
  }

  void tell(const blocks::Damage& damage) {
    if (++damaged_ > kDamageShown) return;
    progress_.clear();
    std::fprintf(stderr, "damaged: %s\n", blocks::to_text(damage).c_str());
  }

  void print_counts(double seconds) const {
    const transfer::LoadCounts& counts = loader_.counts();
    const transfer::WriteCounts& written = counts.written;
    std::printf("series      %s\n", grouped(counts.series).c_str());
    std::printf("%s    %s (%s histograms) in %.1f s, %.2f M/s\n",
                options_.dry_run ? "counted " : "accepted", grouped(written.accepted).c_str(),
                grouped(counts.histograms).c_str(), seconds,
                static_cast<double>(written.accepted) / seconds / 1e6);
    if (written.exemplars_accepted > 0 || written.exemplars_refused > 0) {
      std::printf("exemplars   %s, refused %s\n", grouped(written.exemplars_accepted).c_str(),
                  grouped(written.exemplars_refused).c_str());
    }
    std::printf("refused     %s\n", grouped(written.refused).c_str());
    for (std::size_t code = 0; code < written.by_code.size(); ++code) {
      if (code == NX_ROW_OK || code == NX_ROW_EXEMPLAR_REFUSED || written.by_code[code] == 0)
        continue;
      std::printf("            %s %s\n", grouped(written.by_code[code]).c_str(), reason_text(code));
    }
    if (!written.first_reason.empty()) {
      std::printf("            first reason: %s\n", written.first_reason.c_str());
    }
    if (counts.outside > 0) {
      std::printf("outside     %s (of --min-time and --max-time)\n",
                  grouped(counts.outside).c_str());
    }
    if (damaged_ > 0) std::printf("damaged     %s places\n", grouped(damaged_).c_str());
    if (damaged_ > kDamageShown) {
      std::fprintf(stderr, "damaged: %s more places\n", grouped(damaged_ - kDamageShown).c_str());
    }
    if (!options_.dry_run && counts.oldest < now_ms_ - kRetentionDefaultMs) {
      std::fputs(
          "narthex: there are samples older than the default retention of 15 days: serve with a "
          "longer storage.tsdb.retention.time keeps them\n",
          stderr);
    }
  }

  const ImportOptions& options_;
  const std::vector<transfer::Source> sources_;
  const blocks::TimeRange range_;
  const std::int64_t now_ms_;
  ProgressLine progress_;
  transfer::TextReader texts_;
  transfer::Loader loader_;
  std::uint64_t damaged_ = 0;
};

}  // namespace

int import_samples(const ImportOptions& options) {
  Result<transfer::LoadOptions> load = load_options(options);
  if (!load.ok()) return refuse_import(kUsage, load.status());
  std::vector<transfer::Source> sources;
  for (const std::string& path : options.paths) {
    Result<transfer::Source> source = transfer::find_source(path);
    if (!source.ok()) return refuse_import(kFailure, source.status());
    sources.push_back(*std::move(source));
  }
  Result<Destination> destination = open_destination(options);
  if (!destination.ok()) return refuse_import(kFailure, destination.status());
  return Import(options, std::move(sources), *std::move(load), *destination).run();
}

}  // namespace narthex::cli
