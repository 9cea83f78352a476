// SPDX-License-Identifier: Apache-2.0
#include "api/answer_writer.hpp"

#include <utility>

namespace narthex::api {

namespace {

constexpr std::size_t kPieceSize = 64 << 10;  // by and large

}  // namespace

AnswerWriter::AnswerWriter(std::shared_ptr<const QueryAnswer> answer, runtime::Executor& executor)
    : answer_(std::move(answer)),
      own_(answer_->result),
      ahead_(answer_->result),
      writing_(executor, [this] { ahead_.write(ahead_text_); }) {}

bool AnswerWriter::at_end() const { return next_.series == answer_->result.series.size(); }

void AnswerWriter::give_piece(Pen& pen) {
  const auto& series = answer_->result.series;
  std::size_t work = kPieceSize;
  pen.from = next_;
  while (work > 0 && !at_end()) {
    if (!pen.encoder.skip_part(series[next_.series], next_.place, work)) break;
    ++next_.series;
  }
  pen.to = next_;
}

void AnswerWriter::Pen::write(std::string& out) {
  using At = ResultEncoder::Place::At;
  Position at = from;
  for (; at.series < to.series; ++at.series, at.place = {}) {
    if (at.series != 0 && at.place.at == At::kLabels) out += ',';
    encoder.append_part(out, result.series[at.series], at.place, {});
  }
  if (to.place.at == At::kLabels) return;
  if (at.series != 0 && at.place.at == At::kLabels) out += ',';
  encoder.append_part(out, result.series[at.series], at.place, to.place);
}

// False where there is none.
bool AnswerWriter::next_series_piece(std::string& out) {
  if (std::exchange(ahead_given_, false)) {
    if (!writing_.finish()) ahead_.write(ahead_text_);
    out += ahead_text_;
    ahead_text_.clear();
    return true;
  }
  if (at_end()) return false;
  give_piece(own_);
  if (!at_end()) {
    give_piece(ahead_);
    ahead_given_ = true;
    writing_.begin();
  }
  own_.write(out);
  return true;
}

bool AnswerWriter::next(std::string& out) {
  if (!std::exchange(begun_, true)) {
    out += R"({"status":"success","data":)";
    own_.encoder.begin(out);
  }
  if (next_series_piece(out) && (ahead_given_ || !at_end())) return true;
  if (!own_.encoder.has_series()) own_.encoder.append_single(out);
  own_.encoder.end(out);
  out += answer_->tail;
  return false;
}

}  // namespace narthex::api
