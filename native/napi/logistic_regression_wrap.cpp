#include "napi/logistic_regression_wrap.h"

#include <optional>

#include "napi/convert.h"
#include "napi/devices.h"
#include "napi/feature_bank_wrap.h"
#include "napi/tensor_values.h"

namespace byol::napi {
namespace {

constexpr int64_t kMostUnits = 1 << 24;
constexpr std::pair<const char*, LogisticRegression::Loss> kLosses[] = {{"softmax", LogisticRegression::Loss::Softmax},
                                                                        {"sigmoid", LogisticRegression::Loss::Sigmoid}};
constexpr std::pair<const char*, Lbfgs::Stop> kStops[] = {{"iterations", Lbfgs::Stop::Iterations},
                                                          {"gradient", Lbfgs::Stop::Gradient},
                                                          {"precision", Lbfgs::Stop::Precision}};

Napi::Value from_fit(Napi::Env env, const LogisticRegression::Fit& fit) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("iterations", static_cast<double>(fit.iterations));
  out.Set("objective", fit.objective);
  out.Set("gradientPart", fit.gradient_part);
  out.Set("stopped", word_of(fit.stop, kStops));
  return out;
}

}  // namespace

Napi::Function LogisticRegressionWrap::define(Napi::Env env) {
  return define_class(
      env, {InstanceMethod<&LogisticRegressionWrap::add>("add"), InstanceMethod<&LogisticRegressionWrap::fit>("fit"),
            InstanceMethod<&LogisticRegressionWrap::scores>("scores"),
            InstanceMethod<&LogisticRegressionWrap::weights>("weights")});
}

LogisticRegressionWrap::LogisticRegressionWrap(const Napi::CallbackInfo& call) : Wrap(call) {
  guard(call.Env(), [&] {
    const Fields f(call[0], "spec");
    const int64_t features = f.integer("features", 1, kMostUnits), classes = f.integer("classes", 1, kMostUnits);
    const auto loss = f.choice("loss", kLosses);
    const at::Device device = to_device(f.text("device"));
    // Point, gradient, and ten of each in the history.
    const double bytes = sizeof(double) * 22 * (static_cast<double>(features) + 1) * static_cast<double>(classes);
    make(call, device, bytes, [=] { return std::make_shared<LogisticRegression>(features, classes, loss, device); });
  });
}

Napi::Value LogisticRegressionWrap::add(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto bank = FeatureBankWrap::get(call[0], "bank");
    const std::vector<int64_t> rows = to_int32s(call[1], "rows");
    const Fields targets(call[2], "targets");
    const std::vector<int64_t> labels = to_int32s(targets.value("labels"), targets.path_of("labels"));
    std::optional<std::vector<int64_t>> offsets;
    if (targets.is_given("offsets")) offsets = to_int32s(targets.value("offsets"), targets.path_of("offsets"));
    return thread().submit(call.Env(), [=, regression = object()]() -> Deliver {
      regression->add(*bank, rows, labels, offsets);
      return {};
    });
  });
}

Napi::Value LogisticRegressionWrap::fit(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const Fields options(call[0], "options");
    const double penalty = options.number("penalty", Range::at_least(0));
    const double tolerance = options.number("tolerance", Range::at_least(0));
    const int64_t iterations = options.integer("iterations", 1, kLargestIndex);
    return thread().submit(call.Env(), [=, regression = object()]() -> Deliver {
      return [fit = regression->fit(penalty, tolerance, iterations)](Napi::Env env) { return from_fit(env, fit); };
    });
  });
}

Napi::Value LogisticRegressionWrap::scores(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto bank = FeatureBankWrap::get(call[0], "bank");
    const std::vector<int64_t> rows = to_int32s(call[1], "rows");
    return thread().submit(call.Env(), [=, regression = object()]() -> Deliver {
      return [values = to_values(regression->scores(*bank, rows))](Napi::Env env) -> Napi::Value {
        return from_floats(env, values);
      };
    });
  });
}

Napi::Value LogisticRegressionWrap::weights(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread().submit(call.Env(), [regression = object()]() -> Deliver {
      return [weights = to_values(regression->weights().to(at::kFloat)),
              biases = to_values(regression->biases().to(at::kFloat))](Napi::Env env) -> Napi::Value {
        Napi::Object out = Napi::Object::New(env);
        out.Set("weights", from_floats(env, weights));
        out.Set("biases", from_floats(env, biases));
        return out;
      };
    });
  });
}

}  // namespace byol::napi
