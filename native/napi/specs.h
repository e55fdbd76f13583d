#pragma once

#include "core/augment/plan.h"
#include "core/model/encoder_network.h"
#include "core/ssl/learner_spec.h"
#include "napi/convert.h"

namespace byol::napi {

/// The structs of lib/binding/native.ts as the core's. Bounds are those of what can be meant: what fits into memory is
/// for LibTorch to say.
Precision to_precision(const Napi::Value& value, const std::string& path);
LearnerSpec read_learner_spec(const Fields& fields);
EncoderNetworkSpec read_encoder_network_spec(const Fields& fields);
ViewSpec read_view_spec(const Fields& fields);

}  // namespace byol::napi
