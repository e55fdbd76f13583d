#include "napi/feature_bank_wrap.h"

#include "napi/convert.h"
#include "napi/devices.h"
#include "napi/tensor_values.h"

namespace byol::napi {
namespace {

constexpr int64_t kMostFeatures = 1 << 24;

}  // namespace

Napi::Function FeatureBankWrap::define(Napi::Env env) {
  return define_class(env, {InstanceAccessor<&FeatureBankWrap::size>("size"),
                            InstanceAccessor<&FeatureBankWrap::dimension>("dimension"),
                            InstanceMethod<&FeatureBankWrap::read>("read"),
                            InstanceMethod<&FeatureBankWrap::write>("write")});
}

FeatureBankWrap::FeatureBankWrap(const Napi::CallbackInfo& call) : Wrap(call) {
  guard(call.Env(), [&] {
    size_ = to_integer(call[0], "count", 1, kLargestIndex);
    dimension_ = to_integer(call[1], "dimension", 1, kMostFeatures);
    const at::Device device = to_device(to_text(call[2], "device"));
    const double bytes =
        static_cast<double>(size_) * (sizeof(float) * static_cast<double>(dimension_) + sizeof(int64_t));
    make(call, device, bytes,
         [=, size = size_, dimension = dimension_] { return std::make_shared<FeatureBank>(size, dimension, device); });
  });
}

Napi::Value FeatureBankWrap::read(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto bank = object();
    const int64_t start = to_integer(call[0], "start", 0, size_);
    const int64_t end = to_integer(call[1], "end", start, size_);
    return thread().submit(call.Env(), [bank, start, end]() -> Deliver {
      return [values = to_values(bank->features().narrow(0, start, end - start))](Napi::Env env) -> Napi::Value {
        return from_floats(env, values);
      };
    });
  });
}

Napi::Value FeatureBankWrap::write(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto bank = object();
    const int64_t offset = to_integer(call[0], "offset", 0, size_);
    const std::vector<int64_t> labels = to_int32s(call[2], "labels");
    const std::vector<float> features =
        to_floats(call[1], "features", labels.size(), static_cast<size_t>(dimension_));
    return thread().submit(call.Env(), [=, dimension = dimension_]() -> Deliver {
      const at::Tensor rows = at::tensor(features).view({std::ssize(labels), dimension});
      bank->write(offset, rows.to(bank->features().device()), at::tensor(labels));
      return {};
    });
  });
}

}  // namespace byol::napi
