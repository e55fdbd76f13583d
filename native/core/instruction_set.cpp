#include "core/instruction_set.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

namespace byol {
namespace {

InstructionSet available_instruction_set() {
#if defined(__x86_64__)
  // f16c is not asked for: every CPU with AVX2 has it.
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return InstructionSet::Baseline;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return avx512 ? InstructionSet::Avx512 : InstructionSet::Avx2;
#else
  return InstructionSet::Baseline;
#endif
}

}  // namespace

InstructionSet limited_instruction_set(InstructionSet available, const char* requested) {
  std::string name = requested == nullptr ? "" : requested;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name == "default") return InstructionSet::Baseline;
  if (name == "avx2") return std::min(available, InstructionSet::Avx2);
  return available;
}

InstructionSet instruction_set() {
  static const InstructionSet chosen =
      limited_instruction_set(available_instruction_set(), std::getenv("ATEN_CPU_CAPABILITY"));
  return chosen;
}

}  // namespace byol
