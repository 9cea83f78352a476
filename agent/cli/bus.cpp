// SPDX-License-Identifier: Apache-2.0
// narthex bus tail [TOPIC...] | topics
#include "cli/cli.hpp"
#include "cli/event_stream.hpp"
#include "cli/server_call.hpp"
#include "cli/text_table.hpp"
#include "cli/tool.hpp"
#include "document/document.hpp"

#include <cstdio>
#include <ctime>

namespace narthex::cli {

namespace {

using document::Document;
using document::Finding;
using sdk::Value;

std::string time_text(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[64];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(ms % 1000));
  return std::string(text, length) + fraction;
}

// key=value, lists and tables as their JSON-ish short form.
void append_value(std::string& out, const Document& document, const nx_value& value) {
  if (value.type == NX_ARRAY) {
    out += '[';
    for (const nx_value& item : Value(&value).items()) {
      if (out.back() != '[') out += ' ';
      append_value(out, document, item);
    }
    out += ']';
  } else if (value.type == NX_TABLE) {
    out += '{';
    for (const nx_kv& entry : Value(&value).entries()) {
      if (out.back() != '{') out += ' ';
      (out += view(entry.key)) += '=';
      append_value(out, document, entry.value);
    }
    out += '}';
  } else {
    const std::string_view text = document.text(&value);
    const bool quote = text.empty() || text.find_first_of(" =\"\n") != std::string_view::npos;
    if (quote) out += '"';
    for (const char c : text) {
      if (c == '"') out += '\\';
      out += c == '\n' ? ' ' : c;
    }
    if (quote) out += '"';
  }
}

std::string event_line(const ServerEvent& event) {
  std::vector<Finding> findings;
  const auto document = Document::parse(document::Format::kJson, "event", event.data, findings);
  if (!document) return event.name + ' ' + event.data;
  const Value root(&document->root());
  std::string out = time_text(root["t"].get<std::int64_t>()) + ' ' + event.name;
  if (const auto source = root["source"].get<std::string_view>(); !source.empty()) {
    (out += " source=") += source;
  }
  for (const nx_kv& entry : root["payload"].entries()) {
    ((out += ' ') += view(entry.key)) += '=';
    append_value(out, *document, entry.value);
  }
  if (const auto dropped = root["dropped"].get<std::int64_t>(); dropped != 0) {
    out += " dropped=" + std::to_string(dropped);
  }
  return out;
}

std::string event_json(const ServerEvent& event) {
  return "{\"topic\":\"" + event.name + "\",\"event\":" + event.data + '}';
}

}  // namespace

int bus_tail(const BusOptions& options) {
  net::Params params;
  std::string topics;
  for (const std::string& topic : options.topics) topics += (topics.empty() ? "" : ",") + topic;
  if (!topics.empty()) params.emplace_back("topics", topics);
  if (options.retained) params.emplace_back("replay", "retained");
  const std::string query = encode_form(params);
  return follow_events(
      options.server.url, "/api/v1/status/events" + (query.empty() ? "" : '?' + query),
      [&](const ServerEvent& event) {
        const std::string line = options.output == "json" ? event_json(event) : event_line(event);
        std::printf("%s\n", line.c_str());
        return std::fflush(stdout) == 0;  // false when the reader has left
      });
}

int bus_topics(const BusOptions& options) {
  const ServerAnswer answer = call_server(options.server, "GET", "/api/v1/status/topics");
  if (answer.exit_code != kGood) return answer.exit_code;
  std::vector<Finding> findings;
  const auto document = Document::parse(document::Format::kJson, "answer", answer.body, findings);
  if (answer.status != 200 || !document) {
    std::fprintf(stderr, "narthex: HTTP status %d: %s\n", answer.status, answer.body.c_str());
    return kFailure;
  }
  if (options.output == "json") return std::printf("%s\n", answer.body.c_str()), kGood;
  std::vector<std::vector<std::string>> rows = {{"TOPIC", "PUBLISHED", "RETAINED"}};
  for (const nx_value& each : Value(&document->root())["data"]["topics"].items()) {
    const Value topic(&each);
    rows.push_back({topic["name"].get<std::string>(),
                    std::to_string(topic["published"].get<std::int64_t>()),
                    topic["retained"].get<bool>() ? "yes" : "no"});
  }
  std::fputs(text_table(rows).c_str(), stdout);
  return kGood;
}

}  // namespace narthex::cli
