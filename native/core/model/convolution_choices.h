#pragma once

#include <map>
#include <string>

#include "core/model/convolution_choice.h"
#include "core/model/convolution_measurement.h"

namespace byol {

/// What ConvolutionChoices::state() is called in a learner's state.
constexpr const char* kConvolutions = "convolutions";

/// The forms in which one learner computes its convolutions. Which is fastest is measured (convolution_measurement.h),
/// and the form decides how results are rounded; so a form that was chosen stays, also in a learner that loads the
/// state.
class ConvolutionChoices {
 public:
  /// The form to use. Where none is known one is measured, for as long as a Measuring of these choices exists and where
  /// much is computed. Else it is that of another number of images, or Library, and stays unknown.
  ConvolutionForm choose(const ConvolutionKey& key, const Computation& compute);

  /// What is learnt from: a training step. Evaluations see too few batches to make up for measuring.
  class Measuring {
   public:
    explicit Measuring(ConvolutionChoices& choices) : choices_(choices) { choices_.measuring_ = true; }
    ~Measuring() { choices_.measuring_ = false; }
    Measuring(const Measuring&) = delete;
    Measuring& operator=(const Measuring&) = delete;

   private:
    ConvolutionChoices& choices_;
  };

  /// All that is known, for a state: text, as bytes.
  at::Tensor state() const;
  /// What the tensors of a learner's state know. Without such a one they are of a version which had no form but
  /// Library: nothing is measured then, and results are rounded as they were. Throws ERR_BYOL_CHECKPOINT for other
  /// bytes.
  static ConvolutionChoices from_state(const std::map<std::string, at::Tensor>& tensors);

 private:
  ConvolutionForm of_other_batch(ConvolutionKey key) const;

  std::map<ConvolutionKey, ConvolutionForm> known_;
  bool measuring_ = false;
  bool library_only_ = false;
};

}  // namespace byol
