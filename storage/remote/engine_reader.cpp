// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/engine_reader.hpp"

#include "storage/remote/api_answers.hpp"
#include "storage/remote/read_messages.hpp"
#include "storage/remote/selector_text.hpp"

#include <narthex/sdk/shown_url.hpp>

#include <snappy.h>

#include <algorithm>

namespace narthex::storage::remote {
namespace {

// Long series come in lines of so many samples: each line is a tree in memory while it is read.
constexpr std::string_view kRowsPerLine = "100000";

void require(const Status& status, const std::string& url) {
  if (!status.ok()) throw sdk::Error(status.with_prefix(sdk::shown_url(url)));
}

}  // namespace

HttpAnswer EngineReader::post(HttpCall call, const std::shared_ptr<Interrupt>& interrupt) const {
  call.answer_max_bytes = max_bytes_;
  Result<HttpAnswer> answer = door_.call(call, interrupt);
  if (!answer.ok()) throw sdk::Error(answer.status());
  // What this agent asks wrongly is no mistake of who asked this agent.
  if (answer->status / 100 != 2) {
    throw sdk::Error(unavailable(answer->failure(sdk::shown_url(call.url)).message()));
  }
  return *std::move(answer);
}

void EngineReader::read(sdk::Matchers matchers, const nx_scan_opts& options,
                        const std::shared_ptr<Interrupt>& interrupt, Found& found) const {
  HttpCall call;
  call.url = places_.read;
  call.headers = {{"Content-Type", "application/x-protobuf"},
                  {"Content-Encoding", "snappy"},
                  {"X-Prometheus-Remote-Read-Version", "0.1.0"}};
  const std::string request = read_request(matchers, options);
  snappy::Compress(request.data(), request.size(), &call.body);
  const HttpAnswer answer = post(std::move(call), interrupt);
  const Result<std::string> message = unpack(answer.body.text(), max_bytes_);
  require(message.status(), places_.read);
  require(read_response(*message, found), places_.read);
}

void EngineReader::read_export(sdk::Matchers matchers, const nx_scan_opts& options,
                               const std::shared_ptr<Interrupt>& interrupt, Found& found) const {
  HttpCall call;
  call.url = places_.export_;
  call.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  add_param(call.body, "match[]", selector_text(matchers));
  add_range(call.body, options.mint, options.maxt);
  add_param(call.body, "max_rows_per_line", kRowsPerLine);
  const HttpAnswer answer = post(std::move(call), interrupt);
  std::string_view lines = answer.body.text();
  while (!lines.empty() && !interrupt->raised()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    Status read;
    const Status parsed =
        sdk::parse_text(host_, NX_TEXT_JSON, places_.export_, lines.substr(0, end),
                        [&](sdk::Value line) { read = read_export_line(line, found); });
    require(parsed, places_.export_);
    require(read, places_.export_);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

std::unique_ptr<Found> EngineReader::select(sdk::Matchers matchers, const nx_scan_opts& options,
                                            const std::shared_ptr<Interrupt>& interrupt) const {
  auto found = std::make_unique<Found>();
  const bool labels_only = (options.flags & NX_SCAN_NO_SAMPLES) != 0;
  if (labels_only && has_api()) {
    std::string form;
    add_param(form, "match[]", selector_text(matchers));
    add_range(form, options.mint, options.maxt);
    ask("/series", form, interrupt,
        [&](sdk::Value answer) { require(read_label_sets(answer, *found), places_.api); });
  } else if (!places_.export_.empty()) {
    read_export(matchers, options, interrupt, *found);
  } else {
    read(matchers, options, interrupt, *found);
  }
  found->settle(options);
  return found;
}

void EngineReader::ask(const std::string& path, const std::string& form,
                       const std::shared_ptr<Interrupt>& interrupt,
                       const std::function<void(sdk::Value)>& use) const {
  // Some of these endpoints take no POST.
  HttpCall call;
  call.method = "GET";
  const std::string url = places_.api + path;
  call.url = url + '?' + form;
  const HttpAnswer answer = post(std::move(call), interrupt);
  require(sdk::parse_text(host_, NX_TEXT_JSON, sdk::shown_url(url), answer.body.text(), use), url);
}

std::vector<std::string> EngineReader::texts(const std::string& path, const std::string& form,
                                             const std::shared_ptr<Interrupt>& interrupt) const {
  std::vector<std::string> all;
  if (!has_api()) return all;
  ask(path, form, interrupt, [&](sdk::Value answer) {
    Result<std::vector<std::string>> read = read_texts(answer);
    require(read.status(), places_.api + path);
    all = *std::move(read);
  });
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace narthex::storage::remote
