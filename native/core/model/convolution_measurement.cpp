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
// Each form is tried so often, the first time to make kernels and memory; and no more than twice where it is hopeless.
constexpr int kTries = 4;
constexpr int kHopelessTries = 2;
constexpr double kHopeless = 2.0;

double seconds_of(const Computation& compute, ConvolutionForm form) {
  throw_if_interrupted();
  const auto start = std::chrono::steady_clock::now();
  compute(form);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The best of a few tries in turns: what else the machine does makes single ones slower, never faster.
ConvolutionForm measure(const Computation& compute) {
  double library = std::numeric_limits<double>::infinity(), unfolded = library;
  for (int tries = 0; tries < kTries; ++tries) {
    if (tries == kHopelessTries && unfolded > kHopeless * library) break;
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
