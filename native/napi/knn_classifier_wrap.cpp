#include "napi/knn_classifier_wrap.h"

#include "napi/accuracy_values.h"
#include "napi/convert.h"
#include "napi/feature_bank_wrap.h"

namespace byol::napi {

Napi::Function KnnClassifierWrap::define(Napi::Env env) {
  return define_class(env, {InstanceMethod<&KnnClassifierWrap::add>("add"),
                            InstanceMethod<&KnnClassifierWrap::accuracy>("accuracy")});
}

KnnClassifierWrap::KnnClassifierWrap(const Napi::CallbackInfo& call) : Wrap(call) {
  guard(call.Env(), [&] {
    const auto queries = FeatureBankWrap::get(call[0], "queries");
    const Fields f(call[1], "options");
    KnnRule rule;
    rule.classes = f.integer("classes", 1, kLargestIndex);
    rule.k = f.integer("k", 1, kLargestIndex);
    rule.similarity = f.choice<KnnSimilarity>(
        "similarity", {{"cosine", KnnSimilarity::Cosine}, {"euclidean", KnnSimilarity::Euclidean}});
    rule.vote = f.choice<KnnVote>("vote", {{"weighted", KnnVote::Weighted}, {"majority", KnnVote::Majority}});
    rule.temperature = f.number("temperature", Range::above(0));
    // Small until there are neighbours, and then no more than a bank that V8 knows of.
    make(call, at::kCPU, 0, [=] { return std::make_shared<KnnClassifier>(queries.shared(), rule); });
  });
}

Napi::Value KnnClassifierWrap::add(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const auto bank = FeatureBankWrap::get(call[0], "bank");
    return thread().submit(call.Env(), [bank, classifier = object()]() -> Deliver {
      classifier->add(*bank);
      return {};
    });
  });
}

Napi::Value KnnClassifierWrap::accuracy(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return thread().submit(call.Env(), [classifier = object()]() -> Deliver {
      return [accuracy = classifier->accuracy()](Napi::Env env) -> Napi::Value { return from_accuracy(env, accuracy); };
    });
  });
}

}  // namespace byol::napi
