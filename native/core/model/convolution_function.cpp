#include "core/model/convolution_function.h"

#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>
#include <functional>
#include <string>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/model/library_convolution.h"
#include "core/model/unfolded_convolution.h"
#include "core/thread_limit.h"

namespace byol {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using Direction = ConvolutionDirection;
using Form = ConvolutionForm;

at::Tensor forward(Form form, const ConvolutionShape& shape, const at::Tensor& images, const at::Tensor& weight) {
  return form == Form::Unfolded ? unfolded_convolution(shape, images, weight)
                                : library_convolution(shape, images, weight);
}

at::Tensor input_gradient(Form form, const ConvolutionShape& shape, const at::Tensor& gradient,
                          const at::Tensor& weight) {
  return form == Form::Unfolded ? unfolded_input_gradient(shape, gradient, weight)
                                : library_input_gradient(shape, gradient, weight);
}

at::Tensor weight_gradient(Form form, const ConvolutionShape& shape, const at::Tensor& images,
                           const at::Tensor& gradient) {
  return form == Form::Unfolded ? unfolded_weight_gradient(shape, images, gradient)
                                : library_weight_gradient(shape, images, gradient);
}

Form choose(ConvolutionChoices* choices, Direction direction, const ConvolutionShape& shape, const at::Tensor& images,
            const Computation& compute) {
  if (!can_unfold(shape, images)) return Form::Library;
  if (broken_in_library(direction, shape)) return Form::Unfolded;
  if (choices == nullptr) return Form::Library;
  return choices->choose({direction, shape, images.scalar_type()}, compute);
}

// For a profile: the work of one direction by its shape.
std::string name_of(Direction direction, const ConvolutionShape& shape, const at::Tensor& images) {
  const std::string choice = to_text({{direction, shape, images.scalar_type()}, Form::Library});
  return "byol::convolution " + choice.substr(0, choice.rfind(' '));
}

ConvolutionShape shape_of(const c10::IValue& saved) {
  const std::vector<int64_t> n = saved.toIntVector();
  return {n[0], n[1], n[2], n[3], n[4], n[5], n[6], {n[7], n[8]}, {n[9], n[10]}};
}

std::vector<int64_t> numbers_of(const ConvolutionShape& s) {
  return {s.batch,  s.in,          s.height,     s.width,          s.out,          s.kernel,
          s.stride, s.rows.before, s.rows.after, s.columns.before, s.columns.after};
}

struct ConvolutionFunction : torch::autograd::Function<ConvolutionFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& images, const at::Tensor& weight,
                            const ConvolutionShape& shape, ConvolutionChoices* choices) {
    const Form of_output = choose(choices, Direction::Forward, shape, images,
                                  [&](Form form) { byol::forward(form, shape, images, weight); });
    at::Tensor kept = images, y;
    {
      RECORD_USER_SCOPE(name_of(Direction::Forward, shape, images));
      if (of_output == Form::Library) kept = padded_for_library(shape, images);
      y = byol::forward(of_output, shape, kept, weight);
    }
    // The output is as good a gradient as any for measuring.
    Form of_input = Form::Library, of_weight = Form::Library;
    if (ctx->needs_input_grad(0)) {
      of_input = choose(choices, Direction::InputGradient, shape, images,
                        [&](Form form) { input_gradient(form, shape, y, weight); });
    }
    if (ctx->needs_input_grad(1)) {
      of_weight = choose(choices, Direction::WeightGradient, shape, images,
                         [&](Form form) { weight_gradient(form, shape, images, y); });
    }
    ctx->save_for_backward({of_weight == Form::Library ? kept : images, weight});
    ctx->saved_data["shape"] = numbers_of(shape);
    ctx->saved_data["unfolded_input"] = of_input == Form::Unfolded;
    ctx->saved_data["unfolded_weight"] = of_weight == Form::Unfolded;
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    if (at::GradMode::is_enabled()) {
      throw Error("ERR_BYOL_VALUE",
                  "The convolution has no second derivative; run the backward pass without create_graph.");
    }
    const auto saved = ctx->get_saved_variables();
    const at::Tensor& images = saved[0];
    const at::Tensor& weight = saved[1];
    const ConvolutionShape shape = shape_of(ctx->saved_data["shape"]);
    const auto form = [&](const char* name) { return ctx->saved_data[name].toBool() ? Form::Unfolded : Form::Library; };
    const at::Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    variable_list result(4);
    if (ctx->needs_input_grad(0)) {
      throw_if_interrupted();
      heed_thread_limit();
      RECORD_USER_SCOPE(name_of(Direction::InputGradient, shape, images));
      result[0] = input_gradient(form("unfolded_input"), shape, gradient, weight);
    }
    if (ctx->needs_input_grad(1)) {
      throw_if_interrupted();
      heed_thread_limit();
      RECORD_USER_SCOPE(name_of(Direction::WeightGradient, shape, images));
      result[1] = weight_gradient(form("unfolded_weight"), shape, images, gradient);
    }
    return result;
  }
};

}  // namespace

at::Tensor convolve(const ConvolutionShape& shape, const at::Tensor& images, const at::Tensor& weight,
                    ConvolutionChoices* choices) {
  throw_if_interrupted();
  heed_thread_limit();
  // Elsewhere there is no other form, and the library differentiates by itself.
  if (!images.is_cpu()) return library_convolution(shape, images, weight);
  const at::Tensor x = images.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor w = weight.contiguous(at::MemoryFormat::ChannelsLast);
  if (at::GradMode::is_enabled() && (x.requires_grad() || w.requires_grad())) {
    return ConvolutionFunction::apply(x, w, shape, choices);
  }
  const Form form = choose(choices, Direction::Forward, shape, x, [&](Form each) { forward(each, shape, x, w); });
  RECORD_USER_SCOPE(name_of(Direction::Forward, shape, x));
  return forward(form, shape, x, w);
}

}  // namespace byol
