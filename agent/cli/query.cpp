// SPDX-License-Identifier: Apache-2.0
// narthex query instant | range | series | labels | label-values
#include "cli/cli.hpp"
#include "cli/server_call.hpp"
#include "cli/text_table.hpp"
#include "cli/tool.hpp"
#include "document/document.hpp"

#include <charconv>
#include <cstdio>
#include <ctime>
#include <map>

namespace narthex::cli {

namespace {

using document::Document;
using document::Finding;
using sdk::Value;

// An answer of the API, read.
struct Reply {
  int exit_code = kGood;
  std::shared_ptr<const Document> document;
  Value data;
};

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

// Prints the body as it is when JSON is wanted; the caller then has nothing left to do.
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

// metric{a="b"} as promtool prints it.
std::string series_text(Value labels) {
  std::map<std::string_view, std::string_view> sorted;
  for (const nx_kv& label : labels.entries()) {
    sorted[view(label.key)] = Value(&label.value).get<std::string_view>();
  }
  std::string out(sorted["__name__"]);
  std::string pairs;
  for (const auto& [name, value] : sorted) {
    if (name == "__name__") continue;
    pairs += (pairs.empty() ? "" : ", ") + std::string(name) + "=\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') pairs += '\\';
      pairs += c == '\n' ? ' ' : c;
    }
    pairs += '"';
  }
  if (!pairs.empty() || out.empty()) out += '{' + pairs + '}';
  return out;
}

std::string sample_text(Value pair, const Document& document) {
  const auto items = pair.items();
  if (items.size() != 2) return "";
  return Value(&items[1]).get<std::string>() + " @[" + std::string(document.text(&items[0])) + ']';
}

std::string histogram_text(Value pair, const Document& document) {
  const auto items = pair.items();
  if (items.size() != 2) return "";
  const Value histogram(&items[1]);
  return "{count:" + histogram["count"].get<std::string>() +
         ", sum:" + histogram["sum"].get<std::string>() + "} @[" +
         std::string(document.text(&items[0])) + ']';
}

void print_vector(Value result, const Document& document) {
  for (const nx_value& item : result.items()) {
    const Value series(&item);
    const std::string sample = series["value"] ? sample_text(series["value"], document)
                                               : histogram_text(series["histogram"], document);
    std::printf("%s => %s\n", series_text(series["metric"]).c_str(), sample.c_str());
  }
}

void print_matrix(Value result, const Document& document) {
  for (const nx_value& item : result.items()) {
    const Value series(&item);
    std::printf("%s =>\n", series_text(series["metric"]).c_str());
    for (const nx_value& value : series["values"].items()) {
      std::printf("%s\n", sample_text(Value(&value), document).c_str());
    }
    for (const nx_value& value : series["histograms"].items()) {
      std::printf("%s\n", histogram_text(Value(&value), document).c_str());
    }
  }
}

int print_result(const Reply& reply) {
  if (reply.exit_code != kGood || !reply.document) return reply.exit_code;
  const auto type = reply.data["resultType"].get<std::string_view>();
  const Value result = reply.data["result"];
  if (type == "vector") {
    print_vector(result, *reply.document);
  } else if (type == "matrix") {
    print_matrix(result, *reply.document);
  } else if (type == "scalar") {
    std::printf("scalar: %s\n", sample_text(result, *reply.document).c_str());
  } else {
    std::printf("string: %s\n", sample_text(result, *reply.document).c_str());
  }
  return kGood;
}

int print_lines(const Reply& reply) {
  if (reply.exit_code != kGood || !reply.document) return reply.exit_code;
  for (const nx_value& item : reply.data.items()) {
    const std::string line =
        item.type == NX_TABLE ? series_text(Value(&item)) : Value(&item).get<std::string>();
    std::printf("%s\n", line.c_str());
  }
  return kGood;
}

void add(net::Params& params, const char* name, const std::string& value) {
  if (!value.empty()) params.emplace_back(name, value);
}

net::Params selection(const QueryOptions& options) {
  net::Params params;
  for (const std::string& matcher : options.matchers) params.emplace_back("match[]", matcher);
  add(params, "start", options.start);
  add(params, "end", options.end);
  return params;
}

// Unix seconds of "1700000000.5"; of other spellings nothing.
double seconds_of(const std::string& text, double otherwise) {
  double seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool good = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return good ? seconds : otherwise;
}

}  // namespace

int query_instant(const QueryOptions& options) {
  net::Params params = {{"query", options.expression}};
  add(params, "time", options.time);
  return print_result(ask(options, "POST", "/api/v1/query", params));
}

int query_range(const QueryOptions& options) {
  constexpr double kSpan = 300;   // seconds shown when no start is given, as promtool does
  constexpr double kSteps = 250;  // when no step is given
  const auto now = static_cast<double>(std::time(nullptr));
  const double end = seconds_of(options.end, now);
  const double start = seconds_of(options.start, end - kSpan);
  const auto step = std::max(1.0, (end - start) / kSteps);
  net::Params params = {{"query", options.expression}};
  add(params, "start",
      options.start.empty() ? std::to_string(static_cast<std::int64_t>(start)) : options.start);
  add(params, "end",
      options.end.empty() ? std::to_string(static_cast<std::int64_t>(end)) : options.end);
  add(params, "step",
      options.step.empty() ? std::to_string(static_cast<std::int64_t>(step)) : options.step);
  return print_result(ask(options, "POST", "/api/v1/query_range", params));
}

int query_series(const QueryOptions& options) {
  return print_lines(ask(options, "POST", "/api/v1/series", selection(options)));
}

int query_labels(const QueryOptions& options) {
  return print_lines(ask(options, "POST", "/api/v1/labels", selection(options)));
}

int query_label_values(const QueryOptions& options) {
  const std::string name = encode_form({{options.label, ""}});
  return print_lines(ask(options, "GET",
                         "/api/v1/label/" + name.substr(0, name.size() - 1) + "/values",
                         selection(options)));
}

}  // namespace narthex::cli
