#include "core/instruction_set.h"

#include "check.h"

using byol::InstructionSet;
using byol::limited_instruction_set;

TEST(the_instruction_set_is_the_cpus_unless_less_is_asked_for) {
  for (const InstructionSet has : {InstructionSet::Baseline, InstructionSet::Avx2, InstructionSet::Avx512}) {
    for (const char* request : {static_cast<const char*>(nullptr), "", "avx512", "AVX512", "avx10_2", "amx"}) {
      CHECK(limited_instruction_set(has, request) == has);
    }
    for (const char* request : {"default", "DEFAULT", "Default"}) {
      CHECK(limited_instruction_set(has, request) == InstructionSet::Baseline);
    }
  }
  for (const char* request : {"avx2", "AVX2", "Avx2"}) {
    CHECK(limited_instruction_set(InstructionSet::Avx512, request) == InstructionSet::Avx2);
    CHECK(limited_instruction_set(InstructionSet::Avx2, request) == InstructionSet::Avx2);
    CHECK(limited_instruction_set(InstructionSet::Baseline, request) == InstructionSet::Baseline);
  }
}
