// SPDX-License-Identifier: Apache-2.0
// Unary minus, and operators between a vector and a scalar: element by element.
#include "promql/arithmetic.hpp"
#include "promql/histogram_math.hpp"
#include "promql/operators.hpp"

namespace narthex::promql {

namespace {

class Negate final : public Stream {
 public:
  Negate(Context& context, StreamPtr of) : context_(context), of_(std::move(of)) {}

  bool next(Batch& out) override {
    if (!of_->next(out)) return false;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (out.present[i] == 0) continue;
      out.v[i] = -out.v[i];
      if (out.histogram(i) != nullptr) out.h[i] = scale_histogram(*out.h[i], -1, context_.arena);
    }
    return true;
  }

 private:
  Context& context_;
  StreamPtr of_;
};

class VectorScalar final : public Stream {
 public:
  VectorScalar(Context& context, const BinaryExpr& expr, StreamPtr vector, ScalarColumn scalar,
               bool scalar_left)
      : context_(context),
        expr_(expr),
        vector_(std::move(vector)),
        scalar_(std::move(scalar)),
        scalar_left_(scalar_left) {}

  bool next(Batch& out) override {
    if (!vector_->next(out)) return false;
    const bool rows = out.h.empty() && !is_comparison(expr_.op);
    for (std::size_t s = 0; s < out.series_count(); ++s) {
      if (rows) {
        apply_row(out, s * out.step_count);
        continue;
      }
      for (std::size_t i = 0; i < out.step_count; ++i)
        apply(out, s * out.step_count + i, scalar_[i]);
    }
    return !context_.stop();
  }

 private:
  // Arithmetic on floats, for all steps of a series at once.
  void apply_row(Batch& out, std::size_t first) {
    double* v = &out.v[first];
    std::uint8_t* present = &out.present[first];
    const double* a = scalar_left_ ? scalar_.data() : v;
    const double* b = scalar_left_ ? v : scalar_.data();
    combine_rows(expr_.op, false, {a, out.step_count}, b, v, present);
    for (std::uint32_t i = 0; i < out.step_count; ++i) {
      if (present[i] == 0) v[i] = 0;
    }
  }

  void apply(Batch& out, std::size_t i, double scalar) {
    if (out.present[i] == 0) return;
    const Element element{out.v[i], out.histogram(i)};
    const Element other{scalar, nullptr};
    const Element& a = scalar_left_ ? other : element;
    const Element& b = scalar_left_ ? element : other;
    ElementResult result = element.h == nullptr ? combine_floats(expr_.op, a.v, b.v)
                                                : combine(context_, expr_.op, a, b, expr_.position);
    if (!result.computed) return out.set_absent(i);
    if (expr_.return_bool) {
      result.value = {result.keep ? 1.0 : 0.0, nullptr};
    } else if (!result.keep) {
      return out.set_absent(i);
    } else if (is_comparison(expr_.op)) {
      result.value = element;  // a comparison keeps the vector's side
    }
    out.v[i] = result.value.v;
    if (!out.h.empty()) out.h[i] = result.value.h;
  }

  Context& context_;
  const BinaryExpr& expr_;
  StreamPtr vector_;
  const ScalarColumn scalar_;
  const bool scalar_left_;
};

}  // namespace

StreamPtr negate(Context& context, StreamPtr of) {
  return std::make_unique<Negate>(context, std::move(of));
}

StreamPtr vector_scalar(Context& context, const BinaryExpr& expr, StreamPtr vector,
                        ScalarColumn scalar, bool scalar_left) {
  return std::make_unique<VectorScalar>(context, expr, std::move(vector), std::move(scalar),
                                        scalar_left);
}

}  // namespace narthex::promql
