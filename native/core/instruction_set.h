#pragma once

namespace byol {

/// The instruction sets that the hot loops are compiled for (add_isa in CMakeLists.txt), each with those before it.
enum class InstructionSet { Baseline, Avx2, Avx512 };

/// The best one that this CPU has, or less where ATEN_CPU_CAPABILITY asks for less. What ATen itself uses is not asked:
/// its names for newer sets than these are not known here. The same for the life of the process.
InstructionSet instruction_set();

/// `available`, or what ATEN_CPU_CAPABILITY asks for if that is less: "default", "avx2" or "avx512" in any case; another
/// value, or null where it is not set, asks for nothing.
InstructionSet limited_instruction_set(InstructionSet available, const char* requested);

}  // namespace byol
