// SPDX-License-Identifier: Apache-2.0
#include "net/answer.hpp"

#include "net/status_text.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace narthex::net {
namespace {

constexpr std::size_t kCompressFrom = 256;

// "Tue, 24 Nov 2026 10:01:36 GMT"
void append_date(std::string& head, std::int64_t now_ms) {
  const auto seconds = static_cast<std::time_t>(now_ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  // The C locale is never changed, so names of days and months are English.
  const std::size_t size = std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  head.append("Date: ").append(text, size).append("\r\n");
}

// Headers that only the server sets.
bool reserved(std::string_view lower_name) {
  return lower_name == "content-length" || lower_name == "transfer-encoding" ||
         lower_name == "connection" || lower_name == "date" || lower_name == "keep-alive";
}

// A handler's header that could break the framing is left out.
bool sane(std::string_view name, std::string_view value) {
  return is_token(name) && std::none_of(value.begin(), value.end(),
                                        [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void append_header(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

void append_cors(std::string& head, const AnswerContext& context) {
  if (!context.cors) return;
  if (!context.allow_origin.empty()) {
    append_header(head, "Access-Control-Allow-Headers",
                  "Accept, Authorization, Content-Type, Origin");
    append_header(head, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    append_header(head, "Access-Control-Allow-Origin", context.allow_origin);
    append_header(head, "Access-Control-Expose-Headers", "Date");
  }
  append_header(head, "Vary", "Origin");
}

// Everything but the framing of the body and the blank line.
std::string begin_head(const AnswerContext& context, int status, const Params& headers) {
  std::string head;
  head.reserve(384);
  head.append(context.http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ");
  head.append(std::to_string(status)).append(" ").append(status_text(status)).append("\r\n");
  const Params none;
  const Params& configured = context.configured != nullptr ? *context.configured : none;
  for (const auto& [name, value] : headers) {
    const std::string key = lower(name);
    if (sane(name, value) && !reserved(key) && !has_header(configured, key)) {
      append_header(head, name, value);
    }
  }
  for (const auto& [name, value] : configured) append_header(head, name, value);
  append_cors(head, context);
  if (!has_header(configured, "x-content-type-options")) {
    head.append("X-Content-Type-Options: nosniff\r\n");
  }
  append_date(head, context.now_ms);
  if (context.close) {
    head.append("Connection: close\r\n");
  } else if (context.http_1_0) {
    head.append("Connection: keep-alive\r\n");
  }
  return head;
}

bool compressible(const Params& headers) {
  for (const auto& [name, value] : headers) {
    const std::string key = lower(name);
    if (key == "content-encoding") return false;
    if (key != "content-type") continue;
    return value.starts_with("text/") || value.starts_with("application/json") ||
           value.starts_with("application/openmetrics-text") ||
           value.starts_with("application/javascript") || value.starts_with("image/svg") ||
           value.starts_with("application/x-ndjson") || value.starts_with("application/xml");
  }
  return false;
}

bool bodiless(int status) { return status < 200 || status == 204 || status == 304; }

// Whether Accept-Encoding takes gzip: named (or *) and not with q=0.
bool accepts_gzip(std::string_view header) {
  while (!header.empty()) {
    const std::size_t comma = header.find(',');
    std::string_view coding = header.substr(0, comma);
    const std::size_t semicolon = coding.find(';');
    const std::string name = lower(trim_blanks(coding.substr(0, semicolon)));
    if (name == "gzip" || name == "x-gzip" || name == "*") {
      if (semicolon == std::string_view::npos) return true;
      const std::string_view weight = trim_blanks(coding.substr(semicolon + 1));
      const bool zero =
          weight.starts_with("q=0") && weight.find_first_not_of("0.", 2) == std::string_view::npos;
      return !zero;
    }
    if (comma == std::string_view::npos) break;
    header.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

AnswerContext answer_context(const RequestHead& head, bool cors, std::int64_t now_ms) {
  AnswerContext context;
  context.head_only = head.method == "HEAD";
  context.http_1_0 = head.http_1_0;
  context.close = !head.keep_alive;
  context.gzip = accepts_gzip(head.header("accept-encoding"));
  context.cors = cors;
  context.now_ms = now_ms;
  return context;
}

Answer make_answer(const AnswerContext& context, Response response) {
  Answer answer;
  answer.status = response.status;
  answer.close = context.close;
  if (context.gzip && response.body.size() > kCompressFrom && compressible(response.headers)) {
    response.body = gzip(response.body);
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
  answer.head = begin_head(context, response.status, response.headers);
  if (!bodiless(response.status)) {
    if (!response.body.empty() && !has_header(response.headers, "content-type")) {
      append_header(answer.head, "Content-Type", "text/plain; charset=utf-8");
    }
    append_header(answer.head, "Content-Length", std::to_string(response.body.size()));
    if (!context.head_only) answer.body = std::move(response.body);
  }
  answer.head.append("\r\n");
  return answer;
}

Answer make_text_answer(const AnswerContext& context, int status, std::string_view text) {
  return make_answer(context, Response::text(status, std::string(text) + "\n"));
}

BodyEncoder::BodyEncoder(const AnswerContext& context, const Response& response, Answer& answer) {
  AnswerContext shaped = context;
  chunked_ = !context.http_1_0;
  shaped.close = context.close || context.http_1_0;
  answer.status = response.status;
  answer.close = shaped.close;
  answer.head = begin_head(shaped, response.status, response.headers);
  if (context.gzip && compressible(response.headers)) {
    gzip_ = std::make_unique<GzipWriter>();
    append_header(answer.head, "Content-Encoding", "gzip");
  }
  if (chunked_) append_header(answer.head, "Transfer-Encoding", "chunked");
  answer.head.append("\r\n");
}

std::string BodyEncoder::frame(std::string_view bytes, bool last) const {
  if (!chunked_) return std::string(bytes);
  std::string framed;
  if (!bytes.empty()) {
    char size[17];
    const auto end = std::to_chars(size, size + sizeof(size), bytes.size(), 16).ptr;
    framed.reserve(bytes.size() + 32);
    framed.append(size, end).append("\r\n").append(bytes).append("\r\n");
  }
  if (last) framed.append("0\r\n\r\n");
  return framed;
}

std::string BodyEncoder::encode(std::string_view piece) {
  if (piece.empty()) return {};
  return gzip_ != nullptr ? frame(gzip_->write(piece, false), false) : frame(piece, false);
}

std::string BodyEncoder::finish() {
  return frame(gzip_ != nullptr ? gzip_->write({}, true) : std::string(), true);
}

}  // namespace narthex::net
