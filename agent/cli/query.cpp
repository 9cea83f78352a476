// SPDX-License-Identifier: Apache-2.0
// narthex query instant | range | series | labels | label-values
#include "cli/cli.hpp"
#include "cli/query_reply.hpp"
#include "cli/text_table.hpp"
#include "cli/tool.hpp"
#include "document/document.hpp"

#include <cstdio>
#include <map>

namespace narthex::cli {

namespace {

using document::Document;
using document::Finding;
using sdk::Value;

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

net::Params selection(const QueryOptions& options) {
  net::Params params;
  for (const std::string& matcher : options.matchers) params.emplace_back("match[]", matcher);
  add(params, "start", options.start);
  add(params, "end", options.end);
  return params;
}

}  // namespace

int query_instant(const QueryOptions& options) {
  net::Params params = {{"query", options.expression}};
  add(params, "time", options.time);
  return print_result(ask(options, "POST", "/api/v1/query", params));
}

int query_range(const QueryOptions& options) {
  return print_result(ask(options, "POST", "/api/v1/query_range", range_parameters(options)));
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
