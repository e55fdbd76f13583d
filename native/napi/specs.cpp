#include "napi/specs.h"

#include <string>

#include "core/error.h"

namespace byol::napi {
namespace {

constexpr size_t kMostGroups = 8, kMostHiddenLayers = 16;
constexpr int64_t kMostBlocks = 1000, kMostChannels = 1 << 14, kMostUnits = 1 << 20;

EncoderSpec read_encoder(const Fields& f) {
  EncoderSpec spec;
  spec.block = f.choice<BlockKind>("block", {{"basic", BlockKind::Basic}, {"bottleneck", BlockKind::Bottleneck}});
  spec.blocks = f.integers("blocks", 1, kMostGroups, 1, kMostBlocks);
  spec.width = f.integer("width", 1, kMostChannels);
  spec.stem = f.choice<Stem>(
      "stem", {{"imagenet", Stem::ImageNet}, {"small", Stem::Small}, {"small-padded", Stem::SmallPadded}});
  spec.padding = f.choice<Padding>("padding", {{"same", Padding::Same}, {"symmetric", Padding::Symmetric}});
  spec.initialization = f.choice<Initialization>(
      "initialization", {{"official", Initialization::Official}, {"torchvision", Initialization::Torchvision}});
  spec.shortcut =
      f.choice<Shortcut>("shortcut", {{"official", Shortcut::Official}, {"torchvision", Shortcut::Torchvision}});
  spec.zero_init_last_norm = f.boolean("zeroInitLastNorm");
  return spec;
}

HeadSpec read_head(const Fields& f) {
  return {f.integers("hidden", 0, kMostHiddenLayers, 1, kMostUnits), f.integer("output", 1, kMostUnits),
          f.boolean("hiddenBias"), f.boolean("outputBias"), f.boolean("outputNorm")};
}

NormKind read_norm_kind(const Fields& f, const char* part) {
  return f.choice<NormKind>(part, {{"batch", NormKind::Batch},
                                   {"group", NormKind::Group},
                                   {"layer", NormKind::Layer},
                                   {"affine", NormKind::Affine},
                                   {"none", NormKind::None}});
}

NormSpec read_encoder_norm(const Fields& f) {
  NormSpec spec;
  spec.decay = f.number("decay", Range::between(0, 1));
  spec.epsilon = f.number("epsilon", Range::above(0));
  spec.encoder = read_norm_kind(f, "encoder");
  spec.groups = f.integer("groups", 1, kMostUnits);
  spec.weight_standardization = f.boolean("weightStandardization");
  return spec;
}

NormSpec read_norm(const Fields& f) {
  NormSpec spec = read_encoder_norm(f);
  spec.projector = read_norm_kind(f, "projector");
  spec.predictor = read_norm_kind(f, "predictor");
  return spec;
}

Precision read_precision(const Fields& f) { return to_precision(f.value("precision"), f.path_of("precision")); }

uint64_t read_seed(const Fields& f) { return static_cast<uint64_t>(f.integer("seed", 0, kLargestInteger)); }

OptimizerSpec read_optimizer(const Fields& f) {
  OptimizerSpec spec;
  spec.kind = f.choice<OptimizerKind>("kind", {{"lars", OptimizerKind::Lars}, {"sgd", OptimizerKind::Sgd}});
  spec.momentum = f.number("momentum", Range::up_to_below(0, 1));
  spec.weight_decay = f.number("weightDecay", Range::at_least(0));
  spec.nesterov = f.boolean("nesterov");
  spec.trust_coefficient = f.number("trustCoefficient", Range::at_least(0));
  spec.decay_norm_and_bias = f.boolean("decayNormAndBias");
  return spec;
}

ObjectiveSpec read_objective(const Fields& f) {
  ObjectiveSpec spec;
  spec.similarity = f.choice<Similarity>("similarity", {{"l2", Similarity::L2},
                                                        {"layer", Similarity::Layer},
                                                        {"batch", Similarity::Batch},
                                                        {"none", Similarity::None},
                                                        {"softmax", Similarity::Softmax}});
  spec.target = f.choice<TargetMode>(
      "target",
      {{"ema", TargetMode::Ema}, {"stop-gradient", TargetMode::StopGradient}, {"gradient", TargetMode::Gradient}});
  spec.symmetric = f.boolean("symmetric");
  spec.scale = f.number("scale", Range::above(0));
  spec.joint_statistics = f.boolean("jointStatistics");
  spec.statistics_groups = f.integer("statisticsGroups", 1, kMostUnits);
  if (spec.joint_statistics && spec.statistics_groups > 1) {
    refuse(f.value("statisticsGroups"), f.path_of("statisticsGroups"), "1 with jointStatistics");
  }
  if (!f.is_null("negatives")) {
    const Fields n = f.object("negatives");
    NegativesSpec negatives;
    negatives.kind =
        n.choice<NegativesKind>("kind", {{"batch", NegativesKind::Batch}, {"queue", NegativesKind::Queue}});
    negatives.weight = n.number("weight", Range::at_least(0));
    negatives.temperature = n.number("temperature", Range::above(0));
    if (negatives.kind == NegativesKind::Queue) negatives.size = n.integer("size", 1, kLargestIndex);
    spec.negatives = negatives;
  }
  return spec;
}

std::array<float, 3> read_channels(const Fields& f, const char* name, const Range& range) {
  const std::vector<double> rgb = f.numbers(name, 3, 3, range);
  return {static_cast<float>(rgb[0]), static_cast<float>(rgb[1]), static_cast<float>(rgb[2])};
}

}  // namespace

Precision to_precision(const Napi::Value& value, const std::string& path) {
  return to_choice<Precision>(value, path, {{"float32", Precision::Float32}, {"bfloat16", Precision::BFloat16}});
}

LearnerSpec read_learner_spec(const Fields& f) {
  LearnerSpec spec;
  spec.encoder = read_encoder(f.object("encoder"));
  spec.norm = read_norm(f.object("norm"));
  spec.projector = read_head(f.object("projector"));
  enum class PredictorKind { Mlp, Optimal };
  const auto predictor_kind = [&](const Fields& predictor) {
    return predictor.choice<PredictorKind>("kind", {{"mlp", PredictorKind::Mlp}, {"optimal", PredictorKind::Optimal}});
  };
  if (!f.is_null("predictor") && predictor_kind(f.object("predictor")) == PredictorKind::Optimal) {
    spec.optimal_predictor = f.object("predictor").number("ridge", Range::at_least(0));
  } else if (!f.is_null("predictor")) {
    spec.predictor = read_head(f.object("predictor"));
    // Not left to the loss: an output of 1 would be broadcast in silence.
    if (spec.predictor->output != spec.projector.output) {
      throw Error("ERR_BYOL_SHAPE", "The predictor must have as many outputs as the projector that it predicts, " +
                                        std::to_string(spec.projector.output) + ", not " +
                                        std::to_string(spec.predictor->output) + ".");
    }
  }
  spec.objective = read_objective(f.object("objective"));
  if (!f.is_null("supervision")) {
    const Fields supervision = f.object("supervision");
    spec.supervision = {supervision.number("labelSmoothing", Range::up_to_below(0, 1)), supervision.boolean("target"),
                        supervision.boolean("many")};
    if (spec.supervision->many && spec.supervision->label_smoothing > 0) {
      refuse(supervision.value("labelSmoothing"), supervision.path_of("labelSmoothing"), "0 with many labels");
    }
  }
  spec.target_init =
      f.choice<TargetInit>("targetInit", {{"independent", TargetInit::Independent}, {"copy", TargetInit::Copy}});
  spec.optimizer = read_optimizer(f.object("optimizer"));
  spec.classes = f.integer("classes", 0, kMostUnits);
  spec.precision = read_precision(f);
  spec.deterministic = f.boolean("deterministic");
  spec.seed = read_seed(f);
  return spec;
}

EncoderNetworkSpec read_encoder_network_spec(const Fields& f) {
  return {read_encoder(f.object("encoder")), read_encoder_norm(f.object("norm")), read_precision(f), read_seed(f)};
}

ViewSpec read_view_spec(const Fields& f) {
  ViewSpec spec;
  spec.height = f.integer("height", 1, kLargestSide);
  spec.width = f.integer("width", 1, kLargestSide);
  spec.resampling =
      f.choice<Resampling>("resampling", {{"bicubic", Resampling::Bicubic}, {"bilinear", Resampling::Bilinear}});
  spec.antialias = f.boolean("antialias");
  spec.beyond_crop = f.boolean("beyondCrop");
  spec.jitter =
      f.choice<JitterKind>("jitter", {{"official", JitterKind::Official}, {"torchvision", JitterKind::Torchvision}});
  spec.blur_radius = f.integer("blurRadius", 0, kLargestSide);
  spec.blur_border = f.choice<BlurBorder>("blurBorder", {{"zero", BlurBorder::Zero}, {"reflect", BlurBorder::Reflect}});
  spec.mean = read_channels(f, "mean", {});
  spec.std = read_channels(f, "std", Range::above(0));
  return spec;
}

}  // namespace byol::napi
