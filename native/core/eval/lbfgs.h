#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <deque>
#include <functional>

namespace byol {

/// Limited-memory BFGS (Nocedal & Wright 2006, algorithm 7.5) for a smooth convex function of float64 numbers on any
/// device. A step is taken where it fulfils the strong Wolfe conditions (c1 = 1e-4, c2 = 0.9). Since the function is
/// convex, the sign of its slope along the direction says on which side of the minimum a point lies, so that the search
/// needs differences of values, which rounding blurs, only for points beyond it. The host reads a device's numbers once
/// per evaluation.
class Lbfgs {
 public:
  struct Evaluation {
    at::Tensor value;     // float64 []
    at::Tensor gradient;  // float64 [P]
  };
  /// Of a point [P], which it does not keep.
  using Objective = std::function<Evaluation(const at::Tensor&)>;
  enum class Stop {
    Iterations,  // as many as were asked for are done
    Gradient,    // its norm is within the tolerance
    Precision,   // rounding hides what more there is to gain
  };

  /// Evaluates at `start`, which it keeps. Value and gradient there have to be finite; where later ones are not, steps
  /// are shorter.
  Lbfgs(at::Tensor start, Objective objective);

  /// At most so many iterations more, until the gradient's Euclidean norm is at most `tolerance`.
  Stop run(double tolerance, int64_t iterations);

  const at::Tensor& point() const { return point_; }
  double value() const { return value_; }
  double gradient_norm() const { return norm_; }
  /// So far, of all runs.
  int64_t iterations() const { return iterations_; }
  int64_t evaluations() const { return evaluations_; }

 private:
  /// What the host knows of a point on the line.
  struct Trial {
    double length = 0.0, value = 0.0, slope = 0.0, norm = 0.0;
    at::Tensor point, gradient;
  };
  struct Pair {
    at::Tensor step, change;  // of the point and of the gradient
    double product;           // of the two, above 0
  };

  at::Tensor direction() const;
  /// Evaluates at a step of `length`; `start_slope` is read with it.
  Trial trial(const at::Tensor& direction, double length, double& start_slope);
  /// False: no step along it is good.
  bool advance(const at::Tensor& direction);
  void take(const at::Tensor& direction, Trial trial, double start_slope);

  Objective objective_;
  at::Tensor point_, gradient_;
  double value_ = 0.0, norm_ = 0.0;
  std::deque<Pair> history_;
  int64_t iterations_ = 0, evaluations_ = 0;
  int stalled_ = 0;
};

}  // namespace byol
