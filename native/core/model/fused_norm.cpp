#include "core/model/fused_norm.h"

#include <ATen/core/grad_mode.h>
#include <ATen/record_function.h>
#include <c10/util/StringUtil.h>
#include <torch/csrc/autograd/custom_function.h>

#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/model/norm_passes.h"
#include "core/thread_limit.h"

namespace byol {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Call {
  at::Tensor x, gamma, beta, residual;  // feature maps channels_last, parameters contiguous
  at::Tensor mean, variance;
  bool relu;
  double eps;
};

[[noreturn]] void refuse(const std::string& what) { throw Error("ERR_BYOL_SHAPE", "batch normalisation: " + what); }

void check(const Call& call) {
  const at::Tensor& x = call.x;
  if (x.dim() != 2 && x.dim() != 4) {
    refuse(c10::str("the input must be [N, C] or [N, C, H, W], not of ", x.dim(), " dimensions."));
  }
  if (x.numel() == 0) refuse(c10::str("the input ", x.sizes(), " is empty, so it has no statistics."));
  if (!x.is_floating_point()) refuse(c10::str("the input must be of a floating type, not ", x.scalar_type(), "."));
  for (const at::Tensor* t : {&call.gamma, &call.beta, &call.mean, &call.variance}) {
    const bool exact = x.scalar_type() == at::kDouble && t->scalar_type() == at::kDouble;
    if (t->dim() != 1 || t->size(0) != x.size(1) || (t->scalar_type() != at::kFloat && !exact)) {
      refuse(c10::str("scale, offset, mean and variance must be float32 [", x.size(1), "] for an input ", x.sizes(),
                      ", not ", t->scalar_type(), " ", t->sizes(), "."));
    }
    if (t->device() != x.device()) refuse(c10::str("parameters on ", t->device(), ", input on ", x.device(), "."));
  }
  if (!call.mean.is_contiguous() || !call.variance.is_contiguous()) refuse("statistics must be contiguous.");
  const at::Tensor& r = call.residual;
  if (r.defined() && (r.sizes() != x.sizes() || r.scalar_type() != x.scalar_type() || r.device() != x.device())) {
    refuse(c10::str("the residual ", r.scalar_type(), " ", r.sizes(), " on ", r.device(), " must be like the input ",
                    x.scalar_type(), " ", x.sizes(), " on ", x.device(), "."));
  }
}

at::Tensor channels_innermost(const at::Tensor& t) {
  return t.dim() == 4 ? t.contiguous(at::MemoryFormat::ChannelsLast) : t.contiguous();
}

Call prepare(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
             const std::optional<at::Tensor>& residual, bool relu, double eps, const at::Tensor& mean,
             const at::Tensor& variance) {
  Call call{x, gamma, beta, residual.value_or(at::Tensor()), mean, variance, relu, eps};
  check(call);
  call.x = channels_innermost(x);
  call.gamma = gamma.contiguous();
  call.beta = beta.contiguous();
  if (call.residual.defined()) call.residual = channels_innermost(call.residual);
  return call;
}

bool has_kernels(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

bool wants_gradient(const Call& call) {
  return at::GradMode::is_enabled() &&
         (call.x.requires_grad() || call.gamma.requires_grad() || call.beta.requires_grad() ||
          (call.residual.defined() && call.residual.requires_grad()));
}

// Whether `holders` references, all of them ours, are the only way to reach this memory.
bool is_ours(const at::Tensor& t, std::size_t holders) {
  return t.use_count() == holders && t.storage().use_count() == 1 && t.is_non_overlapping_and_dense();
}

at::Tensor compose(const Call& call, const at::Tensor& x, const at::Tensor& mean, const at::Tensor& variance) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[1] = x.size(1);
  const auto of_channel = [&](const at::Tensor& t) { return t.to(x.scalar_type()).view(shape); };
  at::Tensor y = (x - of_channel(mean)) / (of_channel(variance) + call.eps).sqrt() * of_channel(call.gamma) +
                 of_channel(call.beta);
  if (call.residual.defined()) y = y + call.residual.to(x.scalar_type());
  if (call.relu) y = y.relu();
  return channels_innermost(y.to(call.x.scalar_type()));
}

at::Tensor in_working_type(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat); }

at::Tensor reference_training(const Call& call) {
  const at::Tensor x = in_working_type(call.x);
  const auto all_but_channels = x.dim() == 4 ? std::vector<std::int64_t>{0, 2, 3} : std::vector<std::int64_t>{0};
  const at::Tensor mean = x.mean(all_but_channels, /*keepdim=*/true);
  const at::Tensor variance = (x - mean).square().mean(all_but_channels);
  {
    const at::NoGradGuard no_grad;
    call.mean.copy_(mean.flatten());
    call.variance.copy_(variance);
  }
  return compose(call, x, mean.flatten(), variance);
}

at::Tensor reference_inference(const Call& call) {
  return compose(call, in_working_type(call.x), call.mean.detach(), call.variance.detach());
}

struct Forward {
  at::Tensor y, coefficients;
};

// `y` is where to put the result: x itself, or undefined for a new tensor.
Forward forward(const Call& call, bool frozen, at::Tensor y = {}) {
  const NormPasses passes(call.x);
  const NormPasses::Pairs statistics =
      frozen ? passes.given_statistics(call.mean, call.variance) : passes.statistics(call.x);
  if (!frozen) passes.write_statistics(statistics, call.mean, call.variance);
  at::Tensor coefficients = passes.coefficients(statistics, call.gamma, call.beta, call.eps);
  if (!y.defined()) y = at::empty_like(call.x);
  passes.normalise(call.x, call.residual, y, coefficients, call.relu);
  return {std::move(y), std::move(coefficients)};
}

struct FusedNorm : torch::autograd::Function<FusedNorm> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                            const std::optional<at::Tensor>& residual, const at::Tensor& mean,
                            const at::Tensor& variance, bool relu, double eps, bool frozen) {
    const at::Tensor added = residual.value_or(at::Tensor());
    auto [y, coefficients] = byol::forward({x, gamma, beta, added, mean, variance, relu, eps}, frozen);
    // Without a residual, the sign of the ReLU's input follows from x; with one, it is read from y, which the next
    // operation keeps anyway.
    ctx->save_for_backward({x, coefficients, relu && added.defined() ? y : at::Tensor()});
    ctx->saved_data["relu"] = relu;
    ctx->saved_data["frozen"] = frozen;
    ctx->saved_data["has_residual"] = added.defined();
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    RECORD_USER_SCOPE("byol::norm_backward");
    throw_if_interrupted();
    heed_thread_limit();
    if (at::GradMode::is_enabled()) {
      throw Error("ERR_BYOL_VALUE",
                  "fused batch normalisation has no second derivative; run the backward pass without create_graph.");
    }
    const auto saved = ctx->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& coefficients = saved[1];
    const at::Tensor& y = saved[2];
    const bool relu = ctx->saved_data["relu"].toBool();
    const bool frozen = ctx->saved_data["frozen"].toBool();
    const bool has_residual = ctx->saved_data["has_residual"].toBool();
    const bool residual_wanted = has_residual && ctx->needs_input_grad(3);

    // A gradient that only the engine's list holds is overwritten: a quarter less memory traffic.
    bool may_overwrite = is_ours(gradients[0], 1);
    const at::Tensor dy = channels_innermost(gradients[0]);
    may_overwrite = may_overwrite || !dy.is_same(gradients[0]);

    const NormPasses passes(x);
    at::Tensor g = dy;  // the gradient at the sum, which is the residual's
    if (y.defined()) {
      if (!may_overwrite) g = at::empty_like(x);
      may_overwrite = true;
    }
    const NormPasses::Pairs sums = passes.reduce(x, dy, y, g, coefficients, relu);

    variable_list result(9);
    if (ctx->needs_input_grad(0)) {
      result[0] = may_overwrite && !residual_wanted ? g : at::empty_like(x);
      passes.input_gradient(x, g, result[0], coefficients, frozen ? nullptr : sums.get(), relu && !y.defined());
    }
    if (ctx->needs_input_grad(1)) result[1] = passes.gamma_gradient(coefficients, sums);
    if (ctx->needs_input_grad(2)) result[2] = passes.beta_gradient(sums);
    if (residual_wanted) result[3] = g;
    return result;
  }
};

at::Tensor run(const Call& call, bool frozen) {
  RECORD_USER_SCOPE("byol::norm");
  if (!has_kernels(call.x)) return frozen ? reference_inference(call) : reference_training(call);
  if (!wants_gradient(call)) return forward(call, frozen).y;
  const auto residual = call.residual.defined() ? std::optional(call.residual) : std::nullopt;
  return FusedNorm::apply(call.x, call.gamma, call.beta, residual, call.mean, call.variance, call.relu, call.eps,
                          frozen);
}

// `given_away` is the caller's tensor; the call holds it once more, or a converted copy of it.
at::Tensor run_in_place(const Call& call, bool frozen, const at::Tensor& given_away) {
  const bool ours = is_ours(call.x, call.x.is_same(given_away) ? 2 : 1);
  if (!has_kernels(call.x) || wants_gradient(call) || !ours) return run(call, frozen);
  RECORD_USER_SCOPE("byol::norm");
  return forward(call, frozen, call.x).y;
}

}  // namespace

at::Tensor fused_batch_norm(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                            const std::optional<at::Tensor>& residual, bool relu, double eps, at::Tensor batch_mean,
                            at::Tensor batch_variance) {
  return run(prepare(x, gamma, beta, residual, relu, eps, batch_mean, batch_variance), false);
}

at::Tensor fused_batch_norm(at::Tensor&& x, const at::Tensor& gamma, const at::Tensor& beta,
                            const std::optional<at::Tensor>& residual, bool relu, double eps, at::Tensor batch_mean,
                            at::Tensor batch_variance) {
  return run_in_place(prepare(x, gamma, beta, residual, relu, eps, batch_mean, batch_variance), false, x);
}

at::Tensor fused_norm_inference(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps,
                                const at::Tensor& mean, const at::Tensor& variance) {
  return run(prepare(x, gamma, beta, residual, relu, eps, mean, variance), true);
}

at::Tensor fused_norm_inference(at::Tensor&& x, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps,
                                const at::Tensor& mean, const at::Tensor& variance) {
  return run_in_place(prepare(x, gamma, beta, residual, relu, eps, mean, variance), true, x);
}

at::Tensor reference_batch_norm(const at::Tensor& x, const at::Tensor& gamma, const at::Tensor& beta,
                                const std::optional<at::Tensor>& residual, bool relu, double eps, at::Tensor batch_mean,
                                at::Tensor batch_variance) {
  return reference_training(prepare(x, gamma, beta, residual, relu, eps, batch_mean, batch_variance));
}

}  // namespace byol
