#include "core/model/convolution_choices.h"

#include <algorithm>
#include <sstream>

#include "core/error.h"

namespace byol {
namespace {

// Floating-point operations. With fewer there is nothing to be won, nor can it be measured.
constexpr double kWorthwhile = 3e7;
// Of the result, for each pixel: with fewer, too little is computed with every number that unfolding copies.
constexpr int64_t kChannels = 64;

bool worth_measuring(const ConvolutionKey& key) {
  const ConvolutionShape& s = key.shape;
  const int64_t channels = key.direction == ConvolutionDirection::InputGradient ? s.in : s.out;
  return s.flops() >= kWorthwhile && (s.kernel == 1 || channels >= kChannels);
}
// The first line of a state: of forms that are not known, those that are measured, and the library's.
constexpr const char* kMeasured = "others measured";
constexpr const char* kLibraryOnly = "others library";

}  // namespace

ConvolutionForm ConvolutionChoices::choose(const ConvolutionKey& key, const Computation& compute) {
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  if (library_only_ || !worth_measuring(key)) return ConvolutionForm::Library;
  if (!measuring_) return of_other_batch(key);
  return known_[key] = fastest_form(key, compute);
}

ConvolutionForm ConvolutionChoices::of_other_batch(ConvolutionKey key) const {
  for (const auto& [known, form] : known_) {
    key.shape.batch = known.shape.batch;
    if (key == known) return form;
  }
  return ConvolutionForm::Library;
}

at::Tensor ConvolutionChoices::state() const {
  std::string text = std::string(library_only_ ? kLibraryOnly : kMeasured) + "\n";
  for (const auto& [key, form] : known_) text += to_text({key, form}) + "\n";
  at::Tensor bytes = at::empty({static_cast<int64_t>(text.size())}, at::kByte);
  std::copy(text.begin(), text.end(), static_cast<char*>(bytes.mutable_data_ptr()));
  return bytes;
}

ConvolutionChoices ConvolutionChoices::from_state(const std::map<std::string, at::Tensor>& tensors) {
  ConvolutionChoices out;
  const auto found = tensors.find(kConvolutions);
  out.library_only_ = found == tensors.end();
  if (out.library_only_) return out;
  const auto refuse = [] {
    throw Error("ERR_BYOL_CHECKPOINT",
                "The checkpoint's tensor 'convolutions' does not say how convolutions are computed: it was not written "
                "by this program, or changed since. Use another checkpoint.");
  };
  const at::Tensor& state = found->second;
  if (state.scalar_type() != at::kByte || state.dim() != 1) refuse();
  const auto* bytes = static_cast<const char*>(state.const_data_ptr());
  std::istringstream lines(std::string(bytes, bytes + state.numel()));
  std::string line;
  std::getline(lines, line);
  if (line != kMeasured && line != kLibraryOnly) refuse();
  out.library_only_ = line == kLibraryOnly;
  while (std::getline(lines, line)) {
    const auto choice = to_choice(line);
    if (!choice) refuse();
    out.known_.insert(*choice);
  }
  return out;
}

}  // namespace byol
