#include "core/ssl/learner_parts.h"

#include "core/model/seed_stream.h"

namespace byol {
namespace {

at::Tensor initial_scalars() {
  at::Tensor scalars = at::empty({kScalarSlots}, at::kFloat);
  write_scalars({}, scalars.data_ptr<float>());
  return scalars;
}

std::optional<TargetQueue> make_queue(const LearnerSpec& spec, at::Device device) {
  const auto& negatives = spec.objective.negatives;
  if (!negatives || negatives->kind != NegativesKind::Queue) return std::nullopt;
  return TargetQueue(negatives->size, spec.projector.output, stream_seed(spec.seed, SeedStream::Queue), device);
}

// Enough elements to see any moving average move, few enough to cost nothing.
constexpr int64_t kMovementSamples = 65536;

}  // namespace

at::Tensor Learner::Impl::sample_target() const {
  const at::Tensor& flat = target.parameters.master();
  return flat.slice(0, 0, flat.numel(), std::max<int64_t>(1, flat.numel() / kMovementSamples)).clone();
}

// One batch has half as many operations, and more rows for those over few pixels: 7 to 24 % of a step (w16 b256,
// ResNet-18 b64, ResNet-50 at 96 px b32, in bfloat16). But glibc takes pieces of 32 MiB and more from the system anew
// each time, and clearing their pages costs more than that: 6 to 20 % (w32 b256, ResNet-18 b128).
bool Learner::Impl::views_go_together(const at::Tensor& view) const {
  if (views_together) return *views_together;
  constexpr int64_t kFresh = int64_t{32} << 20;
  const int64_t bytes = 2 * view.size(0) * encoder.largest_map(view.size(2), view.size(3)) * view.element_size();
  return !view.is_cpu() || bytes < kFresh;
}

void Learner::Impl::remember() {
  if (remembered) return;
  Remembered now{{}, {}, last_projection};
  std::vector<at::Tensor> changed{update.alive, metrics.sums};
  for (NetworkState* network : {&online, &own, &target}) {
    if (!network->affine.any_waits()) continue;
    now.waited.push_back(network);
    changed.insert(changed.end(), {network->parameters.master(), network->affine.initialized});
  }
  if (!now.waited.empty()) changed.push_back(target_at_start);
  for (const at::Tensor& tensor : changed) now.contents.emplace_back(tensor, tensor.clone());
  remembered = std::move(now);
}

void Learner::Impl::restore() {
  if (!remembered) return;
  const at::NoGradGuard no_grad;
  for (const auto& [tensor, copy] : remembered->contents) tensor.copy_(copy);
  for (NetworkState* network : remembered->waited) network->affine.refresh();
  last_projection = remembered->last_projection;
  remembered.reset();
}

void Learner::Impl::clear_step() {
  const at::NoGradGuard no_grad;
  for (NetworkState* network : {&online, &own}) network->parameters.clear_gradient();
  for (NetworkState* network : {&online, &own, &target}) network->running.restage();
  if (queue) queue->unstage();
  micro_batches_done = 0;
}

LearnerStructure::LearnerStructure(const LearnerSpec& spec)
    : shared_builder(spec.encoder.initialization),
      own_builder(spec.encoder.initialization),
      encoder(shared_builder, spec.encoder, spec.norm.layers(spec.norm.encoder), kEncoderPrefix),
      encoder_parameters(shared_builder.parameters().numel()),
      projector(shared_builder, spec.projector, spec.norm.layers(spec.norm.projector), spec.encoder.features(),
                "projector."),
      predictor(spec.predictor
                    ? std::make_optional<Mlp>(own_builder, *spec.predictor, spec.norm.layers(spec.norm.predictor),
                                              projector.output(), "predictor.")
                    : std::nullopt),
      classifier(spec.classes > 0
                     ? std::make_optional<LinearClassifier>(own_builder, spec.encoder.features(), spec.classes)
                     : std::nullopt) {}

LearnerFacts facts_of(const LearnerSpec& spec) {
  LearnerStructure structure(spec);
  const auto shared = static_cast<double>(structure.shared_builder.parameters().numel());
  const auto own = static_cast<double>(structure.own_builder.parameters().numel());
  // Parameters, gradients and momenta; the target has none but the first. Mirrors in bfloat16, and their gradients.
  double bytes = sizeof(float) * (4 * shared + 3 * own);
  if (spec.precision == Precision::BFloat16) bytes += 2 * (3 * shared + 2 * own);
  const auto& negatives = spec.objective.negatives;
  if (negatives && negatives->kind == NegativesKind::Queue) {
    bytes += sizeof(float) * static_cast<double>(negatives->size) * static_cast<double>(spec.projector.output);
  }
  return {spec.encoder.features(), structure.encoder_parameters, bytes};
}

Learner::Impl::Impl(const LearnerSpec& spec, at::Device device)
    : LearnerStructure(spec),
      online(shared_builder, spec.norm, spec.precision, device, true, stream_seed(spec.seed, SeedStream::Online)),
      target(shared_builder, spec.norm, spec.precision, device, false,
             stream_seed(spec.seed, spec.target_init == TargetInit::Copy ? SeedStream::Online : SeedStream::Target)),
      own(own_builder, spec.norm, spec.precision, device, true, stream_seed(spec.seed, SeedStream::Own)),
      queue(make_queue(spec, device)),
      update(spec, online, own, target, queue ? &*queue : nullptr, device),
      scalars(initial_scalars().to(device)),
      rates(scalars.narrow(0, kRates, kRateSlots)),
      target_weight(scalars[kTargetWeight]),
      objective_weight(scalars[kObjectiveWeight]),
      target_at_start(sample_target()),
      metrics(device) {
  for (NetworkState* network : {&online, &target}) network->convolutions = &convolutions;
}

}  // namespace byol
