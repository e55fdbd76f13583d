#include "core/model/encoder_weights.h"

#include <ATen/ATen.h>

#include <cmath>

#include "check.h"
#include "core/error.h"

namespace {

using namespace byol;

const std::set<std::string> kNetwork = {"conv1.weight", "bn1.weight", "bn1.bias", "layer1.0.conv1.weight"};

NamedTensors file(const std::string& prefix = "") {
  NamedTensors out;
  for (const std::string& name : kNetwork) out.emplace_back(prefix + name, at::ones({2}));
  out.emplace_back(prefix + "bn1.running_mean", at::full({2}, 0.5));
  out.emplace_back(prefix + "bn1.running_var", at::full({2}, 2.0));
  return out;
}

std::string refusal(const NamedTensors& tensors) {
  try {
    find_encoder_weights(tensors, kNetwork);
  } catch (const Error& error) {
    return error.code() == "ERR_BYOL_CHECKPOINT" ? error.what() : "wrong code";
  }
  return "";
}

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

std::optional<double> updates_with(const at::Tensor& tracked) {
  NamedTensors tensors = file();
  tensors.emplace_back("bn1.num_batches_tracked", tracked);
  return find_encoder_weights(tensors, kNetwork).updates;
}

}  // namespace

TEST(encoder_weights_are_found_under_any_one_prefix) {
  for (const char* prefix : {"", "module.", "model.backbone.", "encoder.0."}) {
    const EncoderWeights weights = find_encoder_weights(file(prefix), kNetwork);
    CHECK(weights.tensors.size() == 6 && weights.tensors.count("bn1.running_var") == 1);
    CHECK(!weights.updates);
  }
  // Its own names first, whatever else is there; a name that only ends alike is no prefix.
  NamedTensors both = file();
  for (const auto& entry : file("momentum.")) both.push_back(entry);
  both.emplace_back("myconv1.weight", at::ones({1}));
  CHECK(find_encoder_weights(both, kNetwork).need("conv1.weight").sizes() == at::IntArrayRef({2}));
}

TEST(encoder_weights_that_are_not_there_are_named) {
  NamedTensors two = file("q.");
  for (const auto& entry : file("k.")) two.push_back(entry);
  CHECK(says(refusal(two), "several networks like this one, under 'k.', 'q.'"));
  NamedTensors part = file("module.");
  part.erase(part.begin());  // bn1.bias
  CHECK(says(refusal(part), "lacks the tensor 'module.bn1.bias'") && says(refusal(part), "3 of 4"));
  CHECK(says(refusal({{"a.b", at::ones({1})}}), "it has 'a.b'"));
  CHECK(says(refusal({}), "no tensors at all"));
  NamedTensors more = file();
  more.emplace_back("layer1.1.conv1.weight", at::ones({1}));
  CHECK(says(refusal(more), "'layer1.1.conv1.weight', which this network does not"));
  CHECK(find_encoder_weights(more, kNetwork, {"layer1.1.conv1.weight"}).tensors.size() == 7);
  NamedTensors head = file();
  for (const char* name : {"fc.weight", "layernorm.weight", "layer1.0.bn9.running_mean"}) head.emplace_back(name, at::ones({1}));
  CHECK(refusal(head).empty());
}

TEST(batches_tracked_are_a_whole_number_or_not_known) {
  CHECK(updates_with(at::full({}, 7, at::kLong)) == 7.0);
  CHECK(updates_with(at::full({1}, 7.0F)) == 7.0);
  CHECK(!updates_with(at::full({}, 0, at::kLong)));  // but the statistics are not those of a new network
  NamedTensors fresh = file();
  fresh[4].second = at::zeros({2});
  fresh[5].second = at::ones({2});
  fresh.emplace_back("bn1.num_batches_tracked", at::full({}, 0, at::kLong));
  CHECK(find_encoder_weights(fresh, kNetwork).updates == 0.0);
  for (const at::Tensor& bad : {at::full({}, -1, at::kLong), at::full({}, 0.5), at::full({}, std::nan("")), at::ones({2})}) {
    NamedTensors tensors = file();
    tensors.emplace_back("bn1.num_batches_tracked", bad);
    CHECK(says(refusal(tensors), "'bn1.num_batches_tracked' must be one whole number"));
  }
  NamedTensors negative = file();
  negative[5].second[1] = -1e-3;
  CHECK(says(refusal(negative), "'bn1.running_var' has variances below 0"));
}
