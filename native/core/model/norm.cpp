#include "core/model/norm.h"

#include <ATen/core/grad_mode.h>
#include <ATen/record_function.h>
#include <c10/util/StringUtil.h>
#include <torch/csrc/autograd/custom_function.h>

#include <string>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/model/device_norm.h"
#include "core/model/norm_passes.h"
#include "core/model/norm_reference.h"
#include "core/thread_limit.h"

namespace byol {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Which values share statistics, and what is done with them.
struct Manner {
  int64_t parts;           // equal runs of samples with statistics of their own
  int64_t channel_groups;  // equal groups of channels that share them
  bool frozen;             // statistics that do not depend on x
  bool relu;
  double eps;
};

struct Call {
  const char* name;
  at::Tensor x, gamma, beta, residual;  // feature maps channels_last, parameters contiguous
  at::Tensor mean, variance;            // written, or, if frozen, used; undefined: not kept, or 0 and 1
  Manner manner;
};

[[noreturn]] void refuse(const Call& call, const std::string& what) {
  throw Error("ERR_BYOL_SHAPE", std::string(call.name) + ": " + what);
}

void check(const Call& call) {
  const at::Tensor& x = call.x;
  if (x.dim() != 2 && x.dim() != 4) {
    refuse(call, c10::str("the input must be [N, C] or [N, C, H, W], not of ", x.dim(), " dimensions."));
  }
  if (x.numel() == 0) refuse(call, c10::str("the input ", x.sizes(), " is empty, so it has no statistics."));
  if (!x.is_floating_point())
    refuse(call, c10::str("the input must be of a floating type, not ", x.scalar_type(), "."));
  const auto& [parts, channel_groups, frozen, relu, eps] = call.manner;
  if (channel_groups < 1 || x.size(1) % channel_groups != 0) {
    refuse(call, c10::str("the channels of an input ", x.sizes(), " cannot be divided into ", channel_groups,
                          " groups of equal size."));
  }
  if (parts < 1 || x.size(0) % parts != 0) {
    refuse(call, c10::str("the samples of an input ", x.sizes(), " cannot be divided into ", parts,
                          " groups of equal size."));
  }
  for (const at::Tensor* t : {&call.gamma, &call.beta, &call.mean, &call.variance}) {
    if (!t->defined()) continue;
    const bool exact = x.scalar_type() == at::kDouble && t->scalar_type() == at::kDouble;
    const bool of_parts = t->dim() == 2 && (t == &call.mean || t == &call.variance) && t->size(0) == parts;
    if ((t->dim() != 1 && !of_parts) || t->size(-1) != x.size(1) || (t->scalar_type() != at::kFloat && !exact)) {
      refuse(call, c10::str("scale, offset, mean and variance must be float32 [", x.size(1), "] for an input ",
                            x.sizes(), ", not ", t->scalar_type(), " ", t->sizes(), "."));
    }
    if (t->device() != x.device())
      refuse(call, c10::str("parameters on ", t->device(), ", input on ", x.device(), "."));
  }
  for (const at::Tensor* t : {&call.mean, &call.variance}) {
    if (t->defined() && t->stride(-1) != 1) refuse(call, "statistics must be contiguous.");
  }
  const at::Tensor& r = call.residual;
  if (r.defined() && (r.sizes() != x.sizes() || r.scalar_type() != x.scalar_type() || r.device() != x.device())) {
    refuse(call, c10::str("the residual ", r.scalar_type(), " ", r.sizes(), " on ", r.device(),
                          " must be like the input ", x.scalar_type(), " ", x.sizes(), " on ", x.device(), "."));
  }
}

at::Tensor channels_innermost(const at::Tensor& t) {
  const at::Tensor dense = t.dim() == 4 ? t.contiguous(at::MemoryFormat::ChannelsLast) : t.contiguous();
  // Kernels of devices load 16 bytes at once; only a view can be without that alignment.
  constexpr std::uintptr_t kAlignment = 16;
  const bool aligned = reinterpret_cast<std::uintptr_t>(dense.const_data_ptr()) % kAlignment == 0;
  return aligned || device_runtime(dense.device()) == nullptr ? dense : dense.clone();
}

// Null where there are no kernels for this call on the device of x.
DeviceRuntime* kernels_of_device(const at::Tensor& x, int64_t parts, int64_t channel_groups) {
  DeviceRuntime* const device = device_runtime(x.device());
  return device != nullptr && DeviceNorm::takes(x, parts, channel_groups) ? device : nullptr;
}

void prepare(Call& call) {
  check(call);
  call.x = channels_innermost(call.x);
  if (call.gamma.defined()) call.gamma = call.gamma.contiguous();
  if (call.beta.defined()) call.beta = call.beta.contiguous();
  if (call.residual.defined()) call.residual = channels_innermost(call.residual);
}

bool has_kernels(const Call& call) {
  const at::Tensor& x = call.x;
  if (kernels_of_device(x, call.manner.parts, call.manner.channel_groups) != nullptr) return true;
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

bool wants_gradient(const Call& call) {
  const auto wants = [](const at::Tensor& t) { return t.defined() && t.requires_grad(); };
  return at::GradMode::is_enabled() && (wants(call.x) || wants(call.gamma) || wants(call.beta) || wants(call.residual));
}

// Whether `holders` references, all of them ours, are the only way to reach this memory.
bool is_ours(const at::Tensor& t, std::size_t holders) {
  return t.use_count() == holders && t.storage().use_count() == 1 && t.is_non_overlapping_and_dense();
}

std::optional<at::Tensor> optional(const at::Tensor& t) { return t.defined() ? std::optional(t) : std::nullopt; }

struct Forward {
  at::Tensor y, coefficients;
};

// `y` is where to put the result: x itself, or undefined for a new tensor.
Forward forward(const Call& call, at::Tensor y = {}) {
  const Manner& manner = call.manner;
  if (DeviceRuntime* const device = kernels_of_device(call.x, manner.parts, manner.channel_groups)) {
    const DeviceNorm norm(*device, call.x, manner.parts, manner.channel_groups);
    const DeviceNorm::Parameters parameters{call.gamma, call.beta, manner.eps, manner.relu};
    if (!y.defined()) y = at::empty_like(call.x);
    at::Tensor coefficients =
        manner.frozen ? norm.normalise_with(call.x, call.residual, y, parameters, call.mean, call.variance)
                      : norm.normalise(call.x, call.residual, y, parameters, call.mean, call.variance);
    return {std::move(y), std::move(coefficients)};
  }
  const NormPasses passes(call.x, manner.parts, manner.channel_groups);
  const NormPasses::Pairs statistics =
      manner.frozen ? passes.given_statistics(call.mean, call.variance) : passes.statistics(call.x);
  if (!manner.frozen && call.mean.defined()) passes.write_statistics(statistics, call.mean, call.variance);
  at::Tensor coefficients = passes.coefficients(statistics, call.gamma, call.beta, manner.eps);
  if (!y.defined()) y = at::empty_like(call.x);
  passes.normalise(call.x, call.residual, y, coefficients, manner.relu);
  return {std::move(y), std::move(coefficients)};
}

struct Norm : torch::autograd::Function<Norm> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const std::optional<at::Tensor>& gamma,
                            const std::optional<at::Tensor>& beta, const std::optional<at::Tensor>& residual,
                            const Call& call) {
    auto [y, coefficients] = byol::forward({call.name, x, gamma.value_or(at::Tensor()), beta.value_or(at::Tensor()),
                                            residual.value_or(at::Tensor()), call.mean, call.variance, call.manner});
    const Manner& manner = call.manner;
    // Without a residual, the sign of the ReLU's input follows from x; with one, it is read from y, which the next
    // operation keeps anyway.
    ctx->save_for_backward({x, coefficients, manner.relu && residual ? y : at::Tensor()});
    ctx->saved_data["parts"] = manner.parts;
    ctx->saved_data["channel_groups"] = manner.channel_groups;
    ctx->saved_data["relu"] = manner.relu;
    ctx->saved_data["frozen"] = manner.frozen;
    ctx->saved_data["has_parameters"] = gamma.has_value();
    ctx->saved_data["has_residual"] = residual.has_value();
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    RECORD_USER_SCOPE("byol::norm_backward");
    throw_if_interrupted();
    heed_thread_limit();
    if (at::GradMode::is_enabled()) {
      throw Error("ERR_BYOL_VALUE",
                  "fused normalisation has no second derivative; run the backward pass without create_graph.");
    }
    const auto saved = ctx->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& coefficients = saved[1];
    const at::Tensor& y = saved[2];
    const bool relu = ctx->saved_data["relu"].toBool();
    const bool frozen = ctx->saved_data["frozen"].toBool();
    // Only tensors that are there are counted.
    const size_t parameters = ctx->saved_data["has_parameters"].toBool() ? 2 : 0;
    const bool parameters_wanted = parameters > 0 && (ctx->needs_input_grad(1) || ctx->needs_input_grad(2));
    const bool residual_wanted = ctx->saved_data["has_residual"].toBool() && ctx->needs_input_grad(1 + parameters);

    // A gradient that only the engine's list holds is overwritten: a quarter less memory traffic.
    bool may_overwrite = is_ours(gradients[0], 1);
    const at::Tensor dy = channels_innermost(gradients[0]);
    may_overwrite = may_overwrite || !dy.is_same(gradients[0]);

    const int64_t parts = ctx->saved_data["parts"].toInt(), channel_groups = ctx->saved_data["channel_groups"].toInt();
    at::Tensor g = dy;  // the gradient at the sum, which is the residual's
    if (y.defined()) {
      if (!may_overwrite) g = at::empty_like(x);
      may_overwrite = true;
    }
    variable_list result(5);
    if (ctx->needs_input_grad(0)) result[0] = may_overwrite && !residual_wanted ? g : at::empty_like(x);
    if (residual_wanted) result[3] = g;
    if (DeviceRuntime* const device = kernels_of_device(x, parts, channel_groups)) {
      const auto [gamma, beta] =
          DeviceNorm(*device, x, parts, channel_groups)
              .gradients({x, dy, y, g, result[0], coefficients, relu, frozen, parameters_wanted});
      result[1] = gamma;
      result[2] = beta;
      return result;
    }
    const NormPasses passes(x, parts, channel_groups);
    const NormPasses::Pairs sums = passes.reduce(x, dy, y, g, coefficients, relu);
    if (result[0].defined()) {
      passes.input_gradient(x, g, result[0], coefficients, frozen ? nullptr : sums.get(), relu && !y.defined());
    }
    if (parameters_wanted) {
      result[1] = passes.gamma_gradient(coefficients, sums);
      result[2] = passes.beta_gradient(sums);
    }
    return result;
  }
};

// By the kernels, where there are any. `given_away` is the caller's tensor; the call holds it once more, or a converted
// copy of it.
at::Tensor run(const Call& call, const at::Tensor& given_away) {
  RECORD_USER_SCOPE("byol::norm");
  if (wants_gradient(call)) {
    return Norm::apply(call.x, optional(call.gamma), optional(call.beta), optional(call.residual), call);
  }
  const bool ours = is_ours(call.x, call.x.is_same(given_away) ? 2 : 1);
  return forward(call, ours ? call.x : at::Tensor()).y;
}

}  // namespace

at::Tensor batch_norm(at::Tensor x, const at::Tensor& gamma, const at::Tensor& beta,
                      const std::optional<at::Tensor>& residual, bool relu, double eps, const at::Tensor& batch_mean,
                      const at::Tensor& batch_variance) {
  Call call{"batch normalisation", x, gamma, beta, residual.value_or(at::Tensor()), batch_mean, batch_variance, {}};
  call.manner = {batch_mean.dim() == 2 ? batch_mean.size(0) : 1, x.dim() > 1 ? x.size(1) : 1, false, relu, eps};
  prepare(call);
  if (has_kernels(call)) return run(call, x);
  return reference_batch_norm(call.x, call.gamma, call.beta, residual, relu, eps, batch_mean, batch_variance);
}

at::Tensor batch_norm_inference(at::Tensor x, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps,
                                const at::Tensor& mean, const at::Tensor& variance) {
  Call call{"batch normalisation", x, gamma, beta, residual.value_or(at::Tensor()), mean, variance, {}};
  call.manner = {1, x.dim() > 1 ? x.size(1) : 1, true, relu, eps};
  prepare(call);
  if (has_kernels(call)) return run(call, x);
  return reference_batch_norm_inference(call.x, call.gamma, call.beta, residual, relu, eps, mean, variance);
}

at::Tensor group_norm(at::Tensor x, int64_t groups, const at::Tensor& gamma, const at::Tensor& beta,
                      const std::optional<at::Tensor>& residual, bool relu, double eps) {
  Call call{"group normalisation", x, gamma, beta, residual.value_or(at::Tensor()), {}, {}, {}};
  call.manner = {x.dim() > 0 ? x.size(0) : 1, groups, false, relu, eps};
  prepare(call);
  if (has_kernels(call)) return run(call, x);
  return reference_group_norm(call.x, groups, call.gamma, call.beta, residual, relu, eps);
}

at::Tensor affine_norm(at::Tensor x, const at::Tensor& scale, const at::Tensor& shift,
                       const std::optional<at::Tensor>& residual, bool relu) {
  Call call{"affine layer", x, scale, shift, residual.value_or(at::Tensor()), {}, {}, {}};
  call.manner = {1, x.dim() > 1 ? x.size(1) : 1, true, relu, 0.0};
  prepare(call);
  if (has_kernels(call)) return run(call, x);
  return reference_affine_norm(call.x, call.gamma, call.beta, residual, relu);
}

}  // namespace byol
