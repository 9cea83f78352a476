// SPDX-License-Identifier: Apache-2.0
// answer_writer.hpp - writes the answer to a query piece by piece, as the client takes it. Two
// pieces are written at once, the second by another thread of the query pool where one is free:
// where a result is, is known before its text is.
#pragma once

#include "api/result_json.hpp"
#include "promql/engine.hpp"
#include "runtime/executor.hpp"
#include "runtime/work_ahead.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace narthex::api {

// A finished run with what belongs behind its result.
struct QueryAnswer {
  promql::QueryResult result;
  std::string tail;  // statistics and notes
};

// One thread at a time; the executor outlives it.
class AnswerWriter {
 public:
  AnswerWriter(std::shared_ptr<const QueryAnswer> answer, runtime::Executor& executor);

  // Appends the next piece; false when that was the last.
  bool next(std::string& out);

 private:
  struct Position {
    std::size_t series = 0;
    ResultEncoder::Place place;  // in that series
  };
  // What one thread needs to write a piece.
  struct Pen {
    explicit Pen(const promql::QueryResult& of) : result(of), encoder(of) {}
    void write(std::string& out);

    const promql::QueryResult& result;
    ResultEncoder encoder;
    Position from, to;
  };
  bool at_end() const;
  void give_piece(Pen& pen);
  bool next_series_piece(std::string& out);

  const std::shared_ptr<const QueryAnswer> answer_;
  bool begun_ = false;
  Position next_;  // what no pen has been given yet begins here
  Pen own_, ahead_;
  bool ahead_given_ = false;  // its piece is the next
  std::string ahead_text_;
  runtime::WorkAhead writing_;  // what ahead_ and its text are lent to; the first to go
};

}  // namespace narthex::api
