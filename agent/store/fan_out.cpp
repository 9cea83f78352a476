// SPDX-License-Identifier: Apache-2.0
#include "store/fan_out.hpp"

#include "store/merged_cursor.hpp"

#include <algorithm>

namespace narthex::store {

namespace {

bool has_matcher(std::span<const Matcher> matchers, const std::string& name) {
  return std::any_of(matchers.begin(), matchers.end(),
                     [&](const Matcher& m) { return m.name() == name; });
}

// Whether every required matcher is there, literally.
bool meets_requirements(std::span<const Matcher> matchers, const RemoteReadOptions& options) {
  return std::all_of(
      options.required_matchers.begin(), options.required_matchers.end(), [&](const auto& wanted) {
        return std::any_of(matchers.begin(), matchers.end(), [&](const Matcher& m) {
          return m.op() == NX_MATCH_EQ && m.name() == wanted.first && m.value() == wanted.second;
        });
      });
}

}  // namespace

Result<RemoteQuestion> question_for(const RemoteRead& read, std::span<const Matcher> matchers,
                                    const nx_scan_opts& opts, std::int64_t local_from) {
  RemoteQuestion question;
  question.opts = opts;
  if (!read.options.read_recent && local_from != INT64_MAX) {
    if (opts.mint >= local_from) return question;
    question.opts.maxt = std::min(opts.maxt, local_from - 1);
  }
  if (!meets_requirements(matchers, read.options)) return question;
  question.asked = true;
  question.matchers.assign(matchers.begin(), matchers.end());
  if (!read.options.filter_external_labels) return question;
  for (const auto& [name, value] : read.external_labels) {
    if (has_matcher(matchers, name)) continue;
    Result<Matcher> added = Matcher::make(NX_MATCH_EQ, name, value);
    if (!added.ok()) return added.status();
    question.matchers.push_back(*std::move(added));
    question.added.push_back(name);
  }
  return question;
}

Result<Cursor> Querier::select_everywhere(std::span<const Matcher> matchers,
                                          const nx_scan_opts& opts) {
  Impl& impl = *impl_;
  nx_scan_opts sorted = opts;
  sorted.flags |= NX_SCAN_SORTED;
  // Series are told apart by their labels; which of them a limit keeps shows when all are there.
  sorted.flags &= ~std::uint32_t{NX_SCAN_NO_LABELS};
  sorted.project = nullptr;
  sorted.project_count = 0;
  const auto warn = [kept = impl_](const Status& failed) {
    const std::lock_guard lock(kept->mutex);
    kept->warnings.push_back("remote_read " + failed.message());
  };
  std::vector<LabelledSource> sources;
  Result<std::unique_ptr<CursorSource>> local =
      BackendQuerier::select(impl.local, matchers, sorted);
  if (!local.ok()) return local.status();
  sources.push_back({*std::move(local), {}, {}});
  for (const RemoteView& remote : impl.remotes) {
    const RemoteRead& read = remote.endpoint->read;
    Result<RemoteQuestion> question = question_for(read, matchers, sorted, impl.local_from);
    if (!question.ok()) return question.status();
    if (!question->asked) continue;
    Result<std::unique_ptr<CursorSource>> answer =
        BackendQuerier::select(remote.querier, question->matchers, question->opts);
    if (answer.ok()) {
      sources.push_back({*std::move(answer), std::move(question->added), warn});
    } else if (answer.status().code() == NX_ERR_CANCELLED) {
      return answer.status();
    } else {
      warn(answer.status());
    }
  }
  if (sources.size() == 1) return Cursor(std::move(sources.front().source));
  return Cursor(std::make_unique<MergedCursor>(std::move(sources), sorted));
}

}  // namespace narthex::store
