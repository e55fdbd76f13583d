#pragma once

// The arithmetic of one parameter's update, for `float` or a vector that has the same operations: the CPU's kernels and
// a run-time compiled device kernel both take it from here. No standard library, no memory.

#include "core/simd/arithmetic.h"

namespace byol::arithmetic {

/// The gradient with weight decay, which LARS takes its norm of.
template <class V>
BYOL_ARITHMETIC V decayed_gradient(V gradient, V parameter, V decay) {
  return multiply_add(decay, parameter, gradient);
}

/// `ratio` of LARS, eta |p| / |g| where both are positive, else 1 (byol-facts 2.1); from the squared norms.
BYOL_ARITHMETIC double trust_ratio(double parameter_norm, double gradient_norm, double coefficient) {
  return parameter_norm > 0.0 && gradient_norm > 0.0 ? coefficient * parameter_norm / gradient_norm : 1.0;
}

/// m <- momentum * m + u, with u the decayed gradient times the ratio.
template <class V>
BYOL_ARITHMETIC V next_momentum(V momentum, V previous, V u) {
  return multiply_add(momentum, previous, u);
}

/// p <- p - rate * step. `step` is the new momentum, or with Nesterov u + momentum * m.
template <class V>
BYOL_ARITHMETIC V descend(V parameter, V negative_rate, V step) {
  return multiply_add(negative_rate, step, parameter);
}

/// xi <- tau xi + (1 - tau) theta (Equation 1), with `weight` = 1 - tau: exactly xi at 0 and exactly theta at 1.
/// `near`: weight < 0.5, the same for all.
template <class V>
BYOL_ARITHMETIC V moving_average(V target, V online, V weight, V weight_less_one, bool near) {
  return near ? multiply_add(weight, online - target, target) : multiply_add(weight_less_one, online - target, online);
}

}  // namespace byol::arithmetic
