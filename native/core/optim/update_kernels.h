#pragma once

// The passes over memory that an update consists of, as plain functions on plain memory, compiled once per instruction
// set from update_kernels.isa.cpp. No header of LibTorch here: that file must not pull inline code of others into an
// object that is compiled with AVX-512.

#include <cstdint>

namespace byol {

/// A part of one parameter in the flat buffers, each as a pointer to its first element; null where there is none. A
/// gradient is the sum of both that are there.
struct UpdateSpan {
  std::int64_t count;
  float* parameters;
  float* momentum;
  float* gradient;
  std::uint16_t* low_gradient;   // bfloat16, of the mirror
  std::uint16_t* mirror;         // of the parameters in bfloat16
  float* target;                 // that follows the parameters
  std::uint16_t* target_mirror;  // of the target in bfloat16
};

struct UpdateFactors {
  float rate;
  float decay;
  float ratio;
  float momentum;
  float target_weight;  // 1 - tau
  bool nesterov;
};

struct SquaredNorms {
  double parameters, gradient;  // the latter with weight decay
};

/// One instruction set.
struct UpdateKernels {
  bool (*finite)(const UpdateSpan& span);
  /// Adds to `norms`; returns whether every gradient is finite.
  bool (*square)(const UpdateSpan& span, float decay, SquaredNorms& norms);
  /// Momentum, parameters, target and mirrors; clears the gradients.
  void (*apply)(const UpdateSpan& span, const UpdateFactors& factors);
};

extern const UpdateKernels kUpdateKernelsBaseline;
#if defined(__x86_64__)
extern const UpdateKernels kUpdateKernelsAvx2;
extern const UpdateKernels kUpdateKernelsAvx512;
#endif

}  // namespace byol
