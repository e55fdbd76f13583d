#include "core/ssl/learner_parts.h"

namespace byol {
namespace {

enum SeedStream : uint64_t { kOnline, kOwn, kTarget, kQueue };

// SplitMix64's finaliser: neighbouring seeds give unrelated streams.
uint64_t stream_seed(uint64_t seed, SeedStream stream) {
  uint64_t x = seed * 4 + stream + 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

std::optional<TargetQueue> make_queue(const LearnerSpec& spec, at::Device device) {
  const auto& negatives = spec.objective.negatives;
  if (!negatives || negatives->kind != NegativesKind::Queue) return std::nullopt;
  return TargetQueue(negatives->size, spec.projector.output, stream_seed(spec.seed, kQueue), device);
}

// Enough elements to see any moving average move, few enough to cost nothing.
constexpr int64_t kMovementSamples = 65536;

}  // namespace

at::Tensor Learner::Impl::sample_target() const {
  const at::Tensor& flat = target.parameters.master();
  return flat.slice(0, 0, flat.numel(), std::max<int64_t>(1, flat.numel() / kMovementSamples)).clone();
}

Learner::Impl::Impl(const LearnerSpec& spec, at::Device device)
    : shared_builder(spec.encoder.initialization),
      own_builder(spec.encoder.initialization),
      encoder(shared_builder, spec.encoder, spec.norm.layers(spec.norm.encoder), "encoder."),
      encoder_parameters(shared_builder.parameters().numel()),
      projector(shared_builder, spec.projector, spec.norm.layers(spec.norm.projector), spec.encoder.features(),
                "projector."),
      predictor(spec.predictor
                    ? std::make_optional<Mlp>(own_builder, *spec.predictor, spec.norm.layers(spec.norm.predictor),
                                              projector.output(), "predictor.")
                    : std::nullopt),
      classifier(spec.classes > 0
                     ? std::make_optional<LinearClassifier>(own_builder, spec.encoder.features(), spec.classes)
                     : std::nullopt),
      online(shared_builder, spec.norm, spec.precision, device, true, stream_seed(spec.seed, kOnline)),
      target(shared_builder, spec.norm, spec.precision, device, false,
             stream_seed(spec.seed, spec.target_init == TargetInit::Copy ? kOnline : kTarget)),
      own(own_builder, spec.norm, spec.precision, device, true, stream_seed(spec.seed, kOwn)),
      queue(make_queue(spec, device)),
      online_optimizer(spec.optimizer, online.parameters),
      own_optimizer(spec.optimizer, own.parameters) {}

}  // namespace byol
