#include "napi/convert.h"

#include <limits>

#include "napi/devices.h"

namespace byol::napi {
namespace {

constexpr double kLargestInteger = 9007199254740991.0;

EncoderSpec read_encoder(const Fields& f) {
  EncoderSpec spec;
  spec.block = f.choice<BlockKind>("block", {{"basic", BlockKind::Basic}, {"bottleneck", BlockKind::Bottleneck}});
  spec.blocks = f.integers("blocks", 1);
  if (spec.blocks.empty() || spec.blocks.size() > 8) f.fail("blocks", "1 to 8 groups");
  spec.width = f.integer("width", 1);
  spec.stem = f.choice<Stem>("stem", {{"imagenet", Stem::ImageNet}, {"small", Stem::Small}});
  spec.padding = f.choice<Padding>("padding", {{"same", Padding::Same}, {"symmetric", Padding::Symmetric}});
  spec.initialization = f.choice<Initialization>(
      "initialization", {{"official", Initialization::Official}, {"torchvision", Initialization::Torchvision}});
  spec.shortcut =
      f.choice<Shortcut>("shortcut", {{"official", Shortcut::Official}, {"torchvision", Shortcut::Torchvision}});
  spec.zero_init_last_norm = f.boolean("zeroInitLastNorm");
  return spec;
}

HeadSpec read_head(const Fields& f) {
  return {f.integers("hidden", 1), f.integer("output", 1), f.boolean("hiddenBias"), f.boolean("outputBias")};
}

OptimizerSpec read_optimizer(const Fields& f) {
  OptimizerSpec spec;
  spec.kind = f.choice<OptimizerKind>("kind", {{"lars", OptimizerKind::Lars}, {"sgd", OptimizerKind::Sgd}});
  spec.momentum = f.number("momentum");
  spec.weight_decay = f.number("weightDecay");
  spec.nesterov = f.boolean("nesterov");
  spec.trust_coefficient = f.number("trustCoefficient");
  spec.decay_norm_and_bias = f.boolean("decayNormAndBias");
  return spec;
}

}  // namespace

Fields::Fields(const Napi::Value& value, std::string path) : path_(std::move(path)) {
  if (!value.IsObject()) throw Error("ERR_BYOL_VALUE", path_ + " must be an object.");
  object_ = value.As<Napi::Object>();
}

void Fields::fail(const std::string& name, const std::string& expected) const {
  const std::string got = object_.Get(name).ToString();
  throw Error("ERR_BYOL_VALUE", path_ + "." + name + " must be " + expected + ", got " + got.substr(0, 80) + ".");
}

Napi::Value Fields::value(const char* name) const { return object_.Get(name); }

double Fields::number(const char* name) const {
  const Napi::Value v = value(name);
  if (!v.IsNumber() || !std::isfinite(v.As<Napi::Number>().DoubleValue())) fail(name, "a finite number");
  return v.As<Napi::Number>().DoubleValue();
}

int64_t Fields::integer(const char* name, int64_t least) const {
  const double v = number(name);
  if (v != std::floor(v) || v < static_cast<double>(least) || v > kLargestInteger) {
    fail(name, "a whole number of at least " + std::to_string(least));
  }
  return static_cast<int64_t>(v);
}

bool Fields::boolean(const char* name) const {
  const Napi::Value v = value(name);
  if (!v.IsBoolean()) fail(name, "true or false");
  return v.As<Napi::Boolean>();
}

std::string Fields::text(const char* name) const {
  const Napi::Value v = value(name);
  if (!v.IsString()) fail(name, "a string");
  return v.As<Napi::String>();
}

Fields Fields::object(const char* name) const { return Fields(value(name), path_ + "." + name); }

std::vector<double> Fields::numbers(const char* name) const {
  const Napi::Value v = value(name);
  if (!v.IsArray()) fail(name, "an array of numbers");
  const Napi::Array array = v.As<Napi::Array>();
  std::vector<double> out;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value item = array.Get(i);
    if (!item.IsNumber() || !std::isfinite(item.As<Napi::Number>().DoubleValue()))
      fail(name, "an array of finite numbers");
    out.push_back(item.As<Napi::Number>().DoubleValue());
  }
  return out;
}

std::vector<int64_t> Fields::integers(const char* name, int64_t least) const {
  std::vector<int64_t> out;
  for (const double v : numbers(name)) {
    if (v != std::floor(v) || v < static_cast<double>(least) || v > kLargestInteger) {
      fail(name, "whole numbers of at least " + std::to_string(least));
    }
    out.push_back(static_cast<int64_t>(v));
  }
  return out;
}

std::array<float, 3> Fields::triple(const char* name) const {
  const std::vector<double> v = numbers(name);
  if (v.size() != 3) fail(name, "three numbers");
  return {static_cast<float>(v[0]), static_cast<float>(v[1]), static_cast<float>(v[2])};
}

Napi::Float32Array Fields::floats(const char* name) const {
  const Napi::Value v = value(name);
  if (!v.IsTypedArray() || v.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array)
    fail(name, "a Float32Array");
  return v.As<Napi::Float32Array>();
}

std::vector<int64_t> to_indices(const Napi::Value& value, const std::string& path) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    throw Error("ERR_BYOL_VALUE", path + " must be an Int32Array.");
  }
  const Napi::Int32Array array = value.As<Napi::Int32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

std::vector<int64_t> Fields::indices(const char* name) const { return to_indices(value(name), path_ + "." + name); }

LearnerSpec read_learner_spec(const Fields& f) {
  LearnerSpec spec;
  spec.encoder = read_encoder(f.object("encoder"));
  const Fields norm = f.object("norm");
  spec.norm = {norm.number("decay"), norm.number("epsilon")};
  spec.projector = read_head(f.object("projector"));
  if (!f.is_null("predictor")) spec.predictor = read_head(f.object("predictor"));
  spec.target_init =
      f.choice<TargetInit>("targetInit", {{"independent", TargetInit::Independent}, {"copy", TargetInit::Copy}});
  spec.optimizer = read_optimizer(f.object("optimizer"));
  spec.classes = f.integer("classes", 0);
  spec.precision =
      f.choice<Precision>("precision", {{"float32", Precision::Float32}, {"bfloat16", Precision::BFloat16}});
  spec.seed = static_cast<uint64_t>(f.integer("seed", 0));
  return spec;
}

ViewSpec read_view_spec(const Fields& f) {
  ViewSpec spec;
  spec.height = f.integer("height", 1);
  spec.width = f.integer("width", 1);
  spec.resampling =
      f.choice<Resampling>("resampling", {{"bicubic", Resampling::Bicubic}, {"bilinear", Resampling::Bilinear}});
  spec.antialias = f.boolean("antialias");
  spec.jitter =
      f.choice<JitterKind>("jitter", {{"official", JitterKind::Official}, {"torchvision", JitterKind::Torchvision}});
  spec.blur_radius = f.integer("blurRadius", 0);
  spec.blur_border = f.choice<BlurBorder>("blurBorder", {{"zero", BlurBorder::Zero}, {"reflect", BlurBorder::Reflect}});
  spec.mean = f.triple("mean");
  spec.std = f.triple("std");
  for (const float s : spec.std) {
    if (!(s > 0)) f.fail("std", "positive");
  }
  return spec;
}

at::Device read_device(const std::string& name) {
  if (name == "cpu") return at::kCPU;
  if (name.rfind("cuda:", 0) != 0 || name.size() == 5 || name.find_first_not_of("0123456789", 5) != std::string::npos ||
      name.size() > 9) {
    throw Error("ERR_BYOL_VALUE", "device must be 'cpu' or 'cuda:N', got '" + name + "'.");
  }
  const int64_t index = std::stoll(name.substr(5));
  const CudaStatus cuda = cuda_status();
  if (!cuda.problem.empty()) throw Error("ERR_BYOL_CUDA_UNAVAILABLE", "CUDA cannot be used: " + cuda.problem);
  if (index >= cuda.devices) {
    throw Error("ERR_BYOL_CUDA_UNAVAILABLE",
                "There is no device " + name + "; " + std::to_string(cuda.devices) + " CUDA device(s) are visible.");
  }
  return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
}

}  // namespace byol::napi
