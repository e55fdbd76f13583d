// What a learner writes and reads: training state, weights to start from, the encoder for use elsewhere.
#include <limits>
#include <set>

#include "core/device/runtime.h"
#include "core/error.h"
#include "core/model/encoder_state.h"
#include "core/ssl/learner_parts.h"

namespace byol {
namespace {

template <typename Visit>
void visit_momentum(const NetworkState& network, const Optimizer& optimizer, const Visit& visit) {
  for (size_t i = 0; i < network.parameters.count(); ++i) {
    visit("momentum." + network.parameters.name(i), network.parameters.view_of(optimizer.momentum(), i));
  }
}

template <typename Visit>
void visit_state(const Learner::Impl& m, const Visit& visit) {
  visit_network("online.", m.online, visit);
  visit_network("online.own.", m.own, visit);
  visit_network("target.", m.target, visit);
  visit_momentum(m.online, m.update.online_optimizer, visit);
  visit_momentum(m.own, m.update.own_optimizer, visit);
  if (m.queue) {
    visit("queue.rows", m.queue->rows);
    visit("queue.position", m.queue->position);
  }
}

/// A 0-dim number from 0 to `most`.
int64_t whole_number(const TensorsByName& tensors, const std::string& name, int64_t most) {
  const at::Tensor& tensor = need(tensors, name);
  const int64_t value = tensor.dim() == 0 && tensor.scalar_type() == at::kLong ? tensor.item<int64_t>() : -1;
  if (value < 0 || value > most) {
    throw Error("ERR_BYOL_CHECKPOINT", "The checkpoint's tensor '" + name + "' must be one whole number from 0 to " +
                                           std::to_string(most) + ". Use another checkpoint.");
  }
  return value;
}

}  // namespace

NamedTensors Learner::state() const {
  require_whole();
  use_device(device_);
  NamedTensors out;
  visit_state(*impl_, [&](const std::string& name, const at::Tensor& tensor) { out.emplace_back(name, tensor); });
  const int64_t bad = impl_->update.bad_step.item<int64_t>();
  out.emplace_back(kConvolutions, impl_->convolutions.state());
  out.emplace_back("step", at::full({}, bad >= 0 ? bad : step_, at::kLong));
  return out;
}

void Learner::load_state(const NamedTensors& tensors) {
  at::NoGradGuard no_grad;
  use_device(device_);
  const auto source = by_name(tensors);
  std::set<std::string> expected = {"step", kConvolutions};
  StateChanges changes;
  visit_state(*impl_, [&](const std::string& name, const at::Tensor& destination) {
    changes.copy_exactly(name, destination, need(source, name));
    expected.insert(name);
  });
  for (const auto& [name, tensor] : source) {
    if (!expected.count(name)) {
      throw Error("ERR_BYOL_CHECKPOINT",
                  "The checkpoint has a tensor '" + name +
                      "' that this configuration does not: it was made with another architecture or version.");
    }
  }
  const int64_t step = whole_number(source, "step", std::numeric_limits<int64_t>::max());
  if (impl_->queue) whole_number(source, "queue.position", impl_->queue->rows.size(0) - 1);
  ConvolutionChoices convolutions = ConvolutionChoices::from_state(source);
  begin_change();
  changes.make();
  impl_->convolutions = std::move(convolutions);
  step_ = step;
  after_load();
}

void Learner::after_load() {
  impl_->clear_step();
  for (NetworkState* network : {&impl_->online, &impl_->own, &impl_->target}) {
    network->parameters.refresh();
    network->running.restage();
    network->affine.refresh();
  }
  restart();
  impl_->whole = true;
}

void Learner::load_weights(const NamedTensors& tensors) {
  require_whole();
  at::NoGradGuard no_grad;
  use_device(device_);
  const auto source = by_name(tensors);
  StateChanges changes;
  const std::vector<NormSlot>& norms = impl_->shared_builder.norms();
  if (is_training_state(source)) {  // both networks, without optimiser and step
    refuse_other_layers(impl_->online, norms, source);
    for (auto [prefix, network] :
         {std::pair{"online.", &impl_->online}, {"online.own.", &impl_->own}, {"target.", &impl_->target}}) {
      visit_network(prefix, *network, [&](const std::string& name, const at::Tensor& destination) {
        const bool encoder = name.rfind(prefix + std::string(kEncoderPrefix), 0) == 0;
        if (encoder || source.count(name)) changes.copy(name, destination, need(source, name));
      });
    }
  } else {
    note_encoder_file(changes, {&impl_->online, &impl_->target}, norms, spec_.norm.decay, tensors);
  }
  begin_change();
  changes.make();
  after_load();
}

NamedTensors Learner::encoder_state() const {
  require_whole();
  use_device(device_);
  return encoder_tensors(impl_->online, impl_->shared_builder.norms());
}

}  // namespace byol
