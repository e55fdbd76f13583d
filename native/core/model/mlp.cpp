#include "core/model/mlp.h"

namespace byol {

Mlp::Mlp(NetworkBuilder& builder, const HeadSpec& spec, const NormLayerSpec& norm, int64_t in,
         const std::string& prefix)
    : output_(spec.output) {
  const auto linear = [&](const std::string& name, int64_t out, bool bias, bool before_norm) {
    const bool standardized = norm.weight_standardization && before_norm;
    const ParameterRole role = standardized ? ParameterRole::StandardizedWeight : ParameterRole::Weight;
    Linear built{builder.linear_weight(name + ".weight", in, out, role), std::nullopt};
    if (bias) built.bias = builder.linear_bias(name + ".bias", in, out);
    flops_ += 2.0 * static_cast<double>(in) * static_cast<double>(out);
    return built;
  };
  for (size_t i = 0; i < spec.hidden.size(); ++i) {
    const std::string index = std::to_string(i);
    Linear first = linear(prefix + "linear" + index, spec.hidden[i], spec.hidden_bias, true);
    hidden_.push_back({first, builder.norm(prefix + "norm" + index, spec.hidden[i], norm)});
    in = spec.hidden[i];
  }
  const std::string index = std::to_string(spec.hidden.size());
  last_ = linear(prefix + "linear" + index, spec.output, spec.output_bias, spec.output_norm);
  if (spec.output_norm) output_norm_ = builder.norm(prefix + "norm" + index, spec.output, norm);
}

at::Tensor Mlp::Linear::forward(const ForwardContext& context, const at::Tensor& x) const {
  const at::Tensor& matrix = context.weight(weight);
  const std::optional<at::Tensor> offset =
      bias ? std::optional<at::Tensor>(context.parameters[*bias].to(matrix.scalar_type())) : std::nullopt;
  return at::linear(x.to(matrix.scalar_type()), matrix, offset);
}

at::Tensor Mlp::forward(const ForwardContext& context, const at::Tensor& x) const {
  at::Tensor h = x;
  for (const Hidden& layer : hidden_)
    h = context.norm(layer.norm, layer.linear.forward(context, h), std::nullopt, true);
  h = last_->forward(context, h);
  return output_norm_ ? context.norm(*output_norm_, h, std::nullopt, false) : h;
}

}  // namespace byol
