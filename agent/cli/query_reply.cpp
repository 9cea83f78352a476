// SPDX-License-Identifier: Apache-2.0
#include "cli/query_reply.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <vector>

namespace narthex::cli {

namespace {

using document::Document;
using document::Finding;
using sdk::Value;

Reply fail(const std::string& text) {
  std::fprintf(stderr, "narthex: %s\n", text.c_str());
  return {kFailure, nullptr, Value()};
}

void print_notes(Value root) {
  for (const std::string_view kind : {"warnings", "infos"}) {
    for (const nx_value& note : root[kind].items()) {
      std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(kind.size()) - 1, kind.data(),
                   Value(&note).get<std::string>().c_str());
    }
  }
}

// Unix seconds of "1700000000.5"; of other spellings nothing.
double seconds_of(const std::string& text, double otherwise) {
  double seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool good = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return good ? seconds : otherwise;
}

}  // namespace

Reply ask(const QueryOptions& options, const std::string& method, const std::string& path,
          const net::Params& params) {
  const ServerAnswer answer = call_server(options.server, method, path, params);
  if (answer.exit_code != kGood) return {answer.exit_code, nullptr, Value()};
  if (answer.body.size() > (std::size_t{16} << 20) && options.output != "json") {
    return fail("the answer is larger than 16 MiB: ask for less, or use --output json");
  }
  std::vector<Finding> findings;
  Reply reply;
  if (options.output == "json" && answer.status == 200) {
    std::fwrite(answer.body.data(), 1, answer.body.size(), stdout);
    std::fputc('\n', stdout);
    return reply;
  }
  reply.document = Document::parse(document::Format::kJson, "answer", answer.body, findings);
  if (!reply.document) {
    return fail("HTTP status " + std::to_string(answer.status) +
                ", not an answer of the API: " + answer.body.substr(0, 200));
  }
  const Value root(&reply.document->root());
  if (root["status"].get<std::string_view>() != "success") {
    return fail(root["errorType"].get<std::string>() + ": " + root["error"].get<std::string>());
  }
  print_notes(root);
  reply.data = root["data"];
  return reply;
}

void add(net::Params& params, const char* name, const std::string& value) {
  if (!value.empty()) params.emplace_back(name, value);
}

net::Params range_parameters(const QueryOptions& options) {
  constexpr double kSpan = 300;   // seconds shown when no start is given, as promtool does
  constexpr double kSteps = 250;  // when no step is given
  const auto now = static_cast<double>(std::time(nullptr));
  const double end = seconds_of(options.end, now);
  const double start = seconds_of(options.start, end - kSpan);
  const auto step = std::max(1.0, (end - start) / kSteps);
  const auto or_else = [](const std::string& given, double otherwise) {
    return given.empty() ? std::to_string(static_cast<std::int64_t>(otherwise)) : given;
  };
  return {{"query", options.expression},
          {"start", or_else(options.start, start)},
          {"end", or_else(options.end, end)},
          {"step", or_else(options.step, step)}};
}

}  // namespace narthex::cli
