// SPDX-License-Identifier: Apache-2.0
// answer.hpp - makes the bytes of an answer: status line, the headers the server adds (lengths,
// date, CORS, nosniff), compression, chunk framing. Pure but for the clock it is told.
#pragma once

#include "net/compression.hpp"
#include "net/exchange.hpp"
#include "net/http.hpp"
#include "net/request_head.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace narthex::net {

// What of the request shapes its answer.
struct AnswerContext {
  bool head_only = false;
  bool http_1_0 = false;
  bool close = false;
  bool gzip = false;
  bool cors = false;
  std::string allow_origin;                  // empty: the origin is not allowed, or there was none
  std::shared_ptr<const Params> configured;  // headers that the operator wants; none: null
  std::int64_t now_ms = 0;
};
AnswerContext answer_context(const RequestHead& head, bool cors, std::int64_t now_ms);

// A whole answer. Compresses when it is worth it.
Answer make_answer(const AnswerContext& context, Response response);
// A short text answer of the server itself: errors.
Answer make_text_answer(const AnswerContext& context, int status, std::string_view text);

// Frames a streamed body: gzip and chunks, as its head said.
class BodyEncoder {
 public:
  // Fills answer.head; its connection must close afterwards when answer.close says so.
  BodyEncoder(const AnswerContext& context, const Response& response, Answer& answer);
  std::string encode(std::string_view piece);
  std::string finish();

 private:
  std::string frame(std::string_view bytes, bool last) const;
  bool chunked_ = false;
  std::unique_ptr<GzipWriter> gzip_;
};

}  // namespace narthex::net
