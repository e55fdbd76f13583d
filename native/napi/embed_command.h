#pragma once

#include <vector>

#include "core/augment/plan.h"
#include "core/eval/feature_bank.h"
#include "core/model/spec.h"
#include "napi/torch_thread.h"

namespace byol::napi {

/// A copy of an EmbedInput (lib/binding/native.ts): which views of which images become which rows of a bank.
class EmbedCommand {
 public:
  explicit EmbedCommand(const Napi::Value& input);

  /// On the LibTorch thread. `Network`: Learner or EncoderNetwork.
  template <typename Network>
  void run(const Network& network) const {
    run(network, &Network::embed);
  }
  /// The same with what `compute` gives of the views.
  template <typename Network>
  void run(const Network& network, at::Tensor (Network::*compute)(const at::Tensor&, EmbedStatistics) const) const {
    write((network.*compute)(views(network.compute_dtype(), network.device()), statistics_));
  }

 private:
  at::Tensor views(at::ScalarType dtype, at::Device device) const;
  void write(const at::Tensor& rows) const;

  Handle<ImageStore> images_;
  Handle<FeatureBank> bank_;
  std::vector<int64_t> indices_;
  std::vector<float> plan_;
  ViewSpec view_;
  EmbedStatistics statistics_;
  int64_t offset_;
};

template <typename Network>
Napi::Promise submit_embed(const Napi::Value& input, TorchThread& thread, Handle<Network> network) {
  return thread.submit(input.Env(), [command = EmbedCommand(input), network = std::move(network)]() -> Deliver {
    command.run(*network);
    return {};
  });
}

}  // namespace byol::napi
