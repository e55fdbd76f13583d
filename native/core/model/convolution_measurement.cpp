#include "core/model/convolution_measurement.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "core/interrupt.h"
#include "core/model/convolution_memory.h"
#include "core/thread_limit.h"

namespace byol {
namespace {

// So much faster at least must be what is not the library's: less is within what measurements differ by, and the choice
// would be another each time.
constexpr double kGain = 1.25;
// Hopeless, already at the first try, which for the library includes making its kernels.
constexpr double kHopeless = 4.0;
constexpr int kRounds = 3;

double seconds_of(const Computation& compute, ConvolutionForm form) {
  throw_if_interrupted();
  const auto start = std::chrono::steady_clock::now();
  compute(form);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

ConvolutionForm measure(const Computation& compute) {
  double library = seconds_of(compute, ConvolutionForm::Library);
  double unfolded = seconds_of(compute, ConvolutionForm::Unfolded);
  if (unfolded > kHopeless * library) return ConvolutionForm::Library;
  library = unfolded = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kRounds; ++round) {
    library = std::min(library, seconds_of(compute, ConvolutionForm::Library));
    unfolded = std::min(unfolded, seconds_of(compute, ConvolutionForm::Unfolded));
  }
  return kGain * unfolded <= library ? ConvolutionForm::Unfolded : ConvolutionForm::Library;
}

}  // namespace

ConvolutionForm fastest_form(const ConvolutionKey& key, const Computation& compute) {
  const int threads = wanted_threads();
  if (const auto form = remembered_form(threads, key)) return *form;
  return remember_form(threads, {key, measure(compute)});
}

}  // namespace byol
