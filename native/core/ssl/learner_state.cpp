// What a learner writes and reads: training state, weights to start from, the encoder for use elsewhere.
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "core/error.h"
#include "core/io/safetensors_header.h"
#include "core/ssl/encoder_weights.h"
#include "core/ssl/learner_parts.h"

namespace byol {
namespace {

constexpr const char* kEncoderPrefix = "encoder.";

// Visits every tensor of a network's state under its name, as (name, view).
template <typename Network, typename Visit>
void visit_network(const std::string& prefix, Network& network, const Visit& visit) {
  for (size_t i = 0; i < network.parameters.count(); ++i) {
    visit(prefix + network.parameters.name(i), network.parameters.master(i));
  }
  for (const NormSlot& slot : network.affine.slots()) {
    visit(prefix + "initialized." + slot.name, network.affine.initialized[static_cast<int64_t>(slot.affine)]);
  }
  if (network.running.mean.numel() == 0) return;
  visit(prefix + "statistics.mean", network.running.mean);
  visit(prefix + "statistics.variance", network.running.variance);
  visit(prefix + "statistics.updates", network.running.updates);
}

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
  visit_momentum(m.online, m.online_optimizer, visit);
  visit_momentum(m.own, m.own_optimizer, visit);
  if (m.queue) {
    visit("queue.rows", m.queue->rows);
    visit("queue.position", m.queue->position);
  }
}

std::string shape_text(const at::Tensor& tensor) {
  std::string text = "[";
  for (int64_t i = 0; i < tensor.dim(); ++i) text += (i ? ", " : "") + std::to_string(tensor.size(i));
  return text + "]";
}

// What a file will change, noted while all of it is checked: a file that is refused has changed nothing.
class Changes {
 public:
  /// Throws ERR_BYOL_CHECKPOINT where the source is of another shape, of a type that is not numbers of the same sort, or
  /// not finite. `factor`: of the copy.
  void copy(const std::string& name, const at::Tensor& destination, const at::Tensor& source, double factor = 1.0) {
    if (source.sizes() != destination.sizes()) {
      throw Error("ERR_BYOL_CHECKPOINT", "The checkpoint's tensor '" + name + "' has shape " + shape_text(source) +
                                             ", this network needs " + shape_text(destination) +
                                             ": it was made with another architecture.");
    }
    if (source.is_floating_point() != destination.is_floating_point()) refuse_type(name, destination, source);
    // In the destination's type: a float64 may be beyond it.
    if (!at::isfinite(source.to(destination.scalar_type())).all().item<bool>()) {
      throw Error("ERR_BYOL_CHECKPOINT", "The checkpoint's tensor '" + name +
                                             "' holds values that are not finite (NaN or infinity): the training that "
                                             "it comes from diverged, or the file is damaged. Use an earlier one.");
    }
    changes_.emplace_back([=] {
      destination.copy_(source);
      if (factor != 1.0) destination.mul_(factor);
    });
  }
  /// The same, for a source of exactly the destination's type.
  void copy_exactly(const std::string& name, const at::Tensor& destination, const at::Tensor& source) {
    copy(name, destination, source);
    if (source.scalar_type() != destination.scalar_type()) refuse_type(name, destination, source);
  }
  void fill(const at::Tensor& destination, double value) {
    changes_.emplace_back([=] { destination.fill_(value); });
  }
  void make() const {
    for (const auto& change : changes_) change();
  }

 private:
  [[noreturn]] static void refuse_type(const std::string& name, const at::Tensor& needed, const at::Tensor& found) {
    throw Error("ERR_BYOL_CHECKPOINT", "The checkpoint's tensor '" + name + "' is " +
                                           safetensors_type(found.scalar_type()) + ", this network needs " +
                                           safetensors_type(needed.scalar_type()) +
                                           ": it was not written by this program, or converted since.");
  }

  std::vector<std::function<void()>> changes_;
};

// torchvision's name of a part of the encoder; empty: of something else.
std::string encoder_name(const std::string& name) {
  return name.rfind(kEncoderPrefix, 0) == 0 ? name.substr(std::string(kEncoderPrefix).size()) : "";
}

// Gammas and betas that weights with norms have and this network, of kind None, computes without.
std::set<std::string> unused_names(const Learner::Impl& m) {
  std::set<std::string> unused;
  for (const NormSlot& norm : m.shared_builder.norms()) {
    if (norm.kind != NormKind::None || encoder_name(norm.name).empty()) continue;
    unused.insert({encoder_name(norm.name) + ".weight", encoder_name(norm.name) + ".bias"});
  }
  return unused;
}

// The encoder's own weights in a file of torchvision's names.
EncoderWeights encoder_weights(const Learner::Impl& m, const NamedTensors& tensors) {
  std::set<std::string> parameters;
  for (size_t i = 0; i < m.online.parameters.count(); ++i) parameters.insert(encoder_name(m.online.parameters.name(i)));
  parameters.erase("");
  return find_encoder_weights(tensors, parameters, unused_names(m));
}

// So many that an average over them no longer leans towards its start (running_statistics.h), to the last bit of a double.
double updates_without_bias(double decay) {
  return decay > 0.0 && decay < 1.0 ? std::ceil(std::log(0x1p-54) / std::log(decay)) : 1.0;
}

std::map<std::string, at::Tensor> by_name(const NamedTensors& tensors) { return {tensors.begin(), tensors.end()}; }

const at::Tensor& need(const std::map<std::string, at::Tensor>& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw Error("ERR_BYOL_CHECKPOINT",
                "The checkpoint lacks the tensor '" + name + "': it was made with another architecture or version.");
  }
  return found->second;
}

// Before anything else is compared: what a deeper network has more says most.
void refuse_other_layers(const Learner::Impl& m, const std::map<std::string, at::Tensor>& state) {
  const std::string online = std::string("online.") + kEncoderPrefix;
  std::set<std::string> known;
  for (size_t i = 0; i < m.online.parameters.count(); ++i) known.insert("online." + m.online.parameters.name(i));
  const std::set<std::string> unused = unused_names(m);
  for (const auto& [name, tensor] : state) {
    if (name.rfind(online, 0) != 0 || known.count(name) || unused.count(name.substr(online.size()))) continue;
    throw Error("ERR_BYOL_CHECKPOINT", "The checkpoint has a tensor '" + name +
                                           "' that this network does not: it was made with another architecture.");
  }
}

/// A 0-dim number from 0 to `most`.
int64_t whole_number(const std::map<std::string, at::Tensor>& tensors, const std::string& name, int64_t most) {
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
  NamedTensors out;
  visit_state(*impl_, [&](const std::string& name, const at::Tensor& tensor) { out.emplace_back(name, tensor); });
  const int64_t bad = impl_->bad_step.item<int64_t>();
  out.emplace_back("step", at::full({}, bad >= 0 ? bad : step_, at::kLong));
  return out;
}

void Learner::load_state(const NamedTensors& tensors) {
  at::NoGradGuard no_grad;
  const auto source = by_name(tensors);
  std::set<std::string> expected = {"step"};
  Changes changes;
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
  begin_change();
  changes.make();
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
  const auto source = by_name(tensors);
  Changes changes;
  if (source.count("online.encoder.conv1.weight")) {  // a training state: both networks, without optimiser and step
    refuse_other_layers(*impl_, source);
    for (auto [prefix, network] :
         {std::pair{"online.", &impl_->online}, {"online.own.", &impl_->own}, {"target.", &impl_->target}}) {
      visit_network(prefix, *network, [&](const std::string& name, const at::Tensor& destination) {
        const bool encoder = name.rfind(prefix + std::string(kEncoderPrefix), 0) == 0;
        if (encoder || source.count(name)) changes.copy(name, destination, need(source, name));
      });
    }
  } else {  // an encoder file
    const EncoderWeights file = encoder_weights(*impl_, tensors);
    const bool batch = spec_.norm.encoder == NormKind::Batch;
    const double updates = file.updates.value_or(updates_without_bias(spec_.norm.decay));
    const double debias = 1.0 - std::pow(spec_.norm.decay, updates);
    for (NetworkState* network : {&impl_->online, &impl_->target}) {
      for (size_t i = 0; i < network->parameters.count(); ++i) {
        const std::string& name = network->parameters.name(i);
        if (name.rfind(kEncoderPrefix, 0) != 0) continue;
        const std::string key = name.substr(std::string(kEncoderPrefix).size());
        changes.copy(key, network->parameters.master(i), file.need(key));
      }
      for (const NormSlot& norm : impl_->shared_builder.norms()) {
        if (norm.name.rfind(kEncoderPrefix, 0) != 0) continue;
        const std::string key = norm.name.substr(std::string(kEncoderPrefix).size());
        if (norm.kind == NormKind::Affine) {
          // Gamma and beta of a batch normalisation still have statistics to take in; others are used as they are.
          const bool initialized = file.tensors.count(key + ".running_mean") == 0;
          changes.fill(network->affine.initialized[static_cast<int64_t>(norm.affine)], initialized ? 1 : 0);
        }
        if (norm.kind != NormKind::Batch) continue;
        const auto fill = [&](const at::Tensor& flat, const std::string& statistic) {
          const at::Tensor slot = flat.narrow(0, norm.offset, norm.channels);
          changes.copy(key + statistic, slot, file.need(key + statistic), debias);
        };
        fill(network->running.mean, ".running_mean");
        fill(network->running.variance, ".running_var");
      }
      if (batch) changes.fill(network->running.updates, updates);
    }
  }
  begin_change();
  changes.make();
  after_load();
}

NamedTensors Learner::encoder_state() const {
  require_whole();
  const BatchStatistics average = impl_->online.running.average();
  if (spec_.norm.encoder == NormKind::Batch && !average.mean.defined()) {
    throw Error("ERR_BYOL_VALUE", "An encoder that was never trained has no running statistics to export.");
  }
  const at::Tensor updates = impl_->online.running.updates.to(at::kLong);
  const ParameterStore& parameters = impl_->online.parameters;
  const size_t skip = std::string(kEncoderPrefix).size();
  NamedTensors out;
  for (size_t i = 0; i < parameters.count(); ++i) {
    if (parameters.name(i).rfind(kEncoderPrefix, 0) == 0)
      out.emplace_back(parameters.name(i).substr(skip), parameters.master(i));
  }
  for (const NormSlot& norm : impl_->shared_builder.norms()) {
    if (norm.name.rfind(kEncoderPrefix, 0) != 0) continue;
    if (norm.kind == NormKind::Affine && impl_->online.affine.waits(norm)) {
      throw Error("ERR_BYOL_VALUE", "An encoder that was never trained has no scale and offset to export.");
    }
    if (norm.kind != NormKind::Batch) continue;
    const std::string key = norm.name.substr(skip);
    out.emplace_back(key + ".running_mean", average.mean.narrow(0, norm.offset, norm.channels));
    out.emplace_back(key + ".running_var", average.variance.narrow(0, norm.offset, norm.channels));
    out.emplace_back(key + ".num_batches_tracked", updates);
  }
  return out;
}

}  // namespace byol
