#include "core/instruction_set.h"
#include "core/model/norm_passes.h"

namespace byol {

const NormKernels& norm_kernels_for(at::ScalarType type) {
#if defined(__x86_64__)
  const InstructionSet set = instruction_set();
  const bool native_bfloat16 = set == InstructionSet::Avx512 && __builtin_cpu_supports("avx512bf16");
  const NormKernels* const kernels = set == InstructionSet::Avx512 ? kNormKernelsAvx512
                                     : set == InstructionSet::Avx2 ? kNormKernelsAvx2
                                                                   : kNormKernelsBaseline;
#else
  constexpr bool native_bfloat16 = false;
  const NormKernels* const kernels = kNormKernelsBaseline;
#endif
  const NormElement bfloat16 = native_bfloat16 ? NormElement::kNativeBfloat16 : NormElement::kBfloat16;
  return kernels[static_cast<int>(type == at::kFloat ? NormElement::kFloat32 : bfloat16)];
}

}  // namespace byol
