#include "core/model/encoder_weights.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace byol {
namespace {

constexpr const char* kFirst = "conv1.weight";
constexpr size_t kNamesShown = 4;

[[noreturn]] void refuse(const std::string& problem) { throw Error("ERR_BYOL_CHECKPOINT", problem); }

bool starts_with(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }
bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string quoted(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) out += (i > 0 ? ", '" : "'") + names[i] + "'";
  return names.size() > kNamesShown ? out + " and " + std::to_string(names.size() - kNamesShown) + " more" : out;
}

// Of the prefixes, how many of the parameters each has.
std::map<std::string, size_t> fits(const std::map<std::string, at::Tensor>& all,
                                   const std::set<std::string>& parameters) {
  std::map<std::string, size_t> out;
  for (const auto& [name, tensor] : all) {
    if (name != kFirst && !ends_with(name, std::string(".") + kFirst)) continue;
    const std::string prefix = name.substr(0, name.size() - std::string(kFirst).size());
    out[prefix] = static_cast<size_t>(std::count_if(parameters.begin(), parameters.end(), [&](const std::string& wanted) {
      return all.count(prefix + wanted) > 0;
    }));
  }
  return out;
}

std::string find_prefix(const std::map<std::string, at::Tensor>& all, const std::set<std::string>& parameters) {
  std::vector<std::string> whole;
  std::pair<std::string, size_t> best{"", 0};
  for (const auto& [prefix, count] : fits(all, parameters)) {
    if (count == parameters.size()) whole.push_back(prefix);
    if (count > best.second) best = {prefix, count};
  }
  if (std::find(whole.begin(), whole.end(), "") != whole.end()) return "";
  if (whole.size() == 1) return whole.front();
  if (whole.size() > 1) {
    refuse("It holds several networks like this one, under " + quoted(whole) +
           ". Save the tensors of the one that is meant to a file of its own.");
  }
  if (best.second == 0) {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : all) names.push_back(name);
    refuse("It has no ResNet with torchvision's names, such as '" + std::string(kFirst) + "' or 'layer1.0.bn1.bias', " +
           (names.empty() ? "but no tensors at all." : "also not under one prefix; it has " + quoted(names) + "."));
  }
  for (const std::string& name : parameters) {
    if (all.count(best.first + name) == 0) {
      refuse("It lacks the tensor '" + best.first + name + "', which this network needs: it was made with another " +
             "architecture. (" + std::to_string(best.second) + " of " + std::to_string(parameters.size()) +
             " are there.)");
    }
  }
  return best.first;
}

// A parameter of a ResNet's body: its first layer and the groups of blocks.
bool is_encoder_parameter(const std::string& name) {
  const bool body = starts_with(name, "conv1.") || starts_with(name, "bn1.") ||
                    (starts_with(name, "layer") && name.size() > 5 && name[5] >= '0' && name[5] <= '9');
  return body && (ends_with(name, ".weight") || ends_with(name, ".bias"));
}

// num_batches_tracked counts alike everywhere; a file that was converted may have it in any type, or not at all.
std::optional<double> updates_of(const EncoderWeights& weights, const std::string& prefix) {
  const auto found = weights.tensors.find("bn1.num_batches_tracked");
  if (found == weights.tensors.end()) return std::nullopt;
  const at::Tensor value = found->second.numel() == 1 ? found->second.to(at::kDouble) : at::full({}, -1.0, at::kDouble);
  const double updates = value.item<double>();
  if (!(updates >= 0) || updates != std::floor(updates)) {
    refuse("Its tensor '" + prefix + found->first + "' must be one whole number, at least 0.");
  }
  if (updates > 0) return updates;
  // 0 is of a network that was never trained, which has mean 0 and variance 1; else it was not kept.
  const auto mean = weights.tensors.find("bn1.running_mean"), variance = weights.tensors.find("bn1.running_var");
  const bool untrained = mean == weights.tensors.end() || variance == weights.tensors.end() ||
                         (mean->second.eq(0).all().item<bool>() && variance->second.eq(1).all().item<bool>());
  return untrained ? std::optional(0.0) : std::nullopt;
}

}  // namespace

const at::Tensor& EncoderWeights::need(const std::string& name) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) refuse("It lacks the tensor '" + name + "', which this network needs.");
  return found->second;
}

EncoderWeights find_encoder_weights(const NamedTensors& tensors, const std::set<std::string>& parameters,
                                    const std::set<std::string>& unused) {
  const std::map<std::string, at::Tensor> all(tensors.begin(), tensors.end());
  const std::string prefix = find_prefix(all, parameters);
  EncoderWeights out;
  for (const auto& [name, tensor] : all) {
    if (!starts_with(name, prefix)) continue;
    const std::string own = name.substr(prefix.size());
    if (is_encoder_parameter(own) && parameters.count(own) == 0 && unused.count(own) == 0) {
      refuse("It has a tensor '" + name + "', which this network does not: it was made with another architecture.");
    }
    if (ends_with(own, ".running_var") && tensor.lt(0).any().item<bool>()) {
      refuse("Its tensor '" + name + "' has variances below 0.");
    }
    out.tensors.emplace(own, tensor);
  }
  out.updates = updates_of(out, prefix);
  return out;
}

}  // namespace byol
