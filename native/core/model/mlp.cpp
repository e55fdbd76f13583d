#include "core/model/mlp.h"

namespace byol {

Mlp::Mlp(NetworkBuilder& builder, const HeadSpec& spec, int64_t in, const std::string& prefix) : output_(spec.output) {
  const auto linear = [&](const std::string& name, int64_t out, bool bias) {
    Linear built{builder.linear_weight(name + ".weight", in, out), std::nullopt};
    if (bias) built.bias = builder.linear_bias(name + ".bias", in, out);
    return built;
  };
  for (size_t i = 0; i < spec.hidden.size(); ++i) {
    const std::string index = std::to_string(i);
    Linear first = linear(prefix + "linear" + index, spec.hidden[i], spec.hidden_bias);
    hidden_.push_back({first, builder.norm(prefix + "norm" + index, spec.hidden[i])});
    in = spec.hidden[i];
  }
  last_.push_back(linear(prefix + "linear" + std::to_string(spec.hidden.size()), spec.output, spec.output_bias));
}

at::Tensor Mlp::Linear::forward(const ForwardContext& context, const at::Tensor& x) const {
  const at::Tensor& matrix = context.parameters[weight];
  const std::optional<at::Tensor> offset =
      bias ? std::optional<at::Tensor>(context.parameters[*bias].to(matrix.scalar_type())) : std::nullopt;
  return at::linear(x.to(matrix.scalar_type()), matrix, offset);
}

at::Tensor Mlp::forward(const ForwardContext& context, const at::Tensor& x) const {
  at::Tensor h = x;
  for (const Hidden& layer : hidden_)
    h = context.norm(layer.norm, layer.linear.forward(context, h), std::nullopt, true);
  return last_.front().forward(context, h);
}

}  // namespace byol
