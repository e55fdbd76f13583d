#include "napi/encoder_wrap.h"

#include "core/io/tensor_file.h"
#include "napi/devices.h"
#include "napi/embed_command.h"
#include "napi/load_command.h"
#include "napi/metadata.h"
#include "napi/specs.h"

namespace byol::napi {

Napi::Function EncoderWrap::define(Napi::Env env) {
  return define_class(
      env,
      {InstanceAccessor<&EncoderWrap::features>("features"), InstanceAccessor<&EncoderWrap::parameters>("parameters"),
       InstanceMethod<&EncoderWrap::embed>("embed"), InstanceMethod<&EncoderWrap::load_weights>("loadWeights"),
       InstanceMethod<&EncoderWrap::export_encoder>("exportEncoder")});
}

EncoderWrap::EncoderWrap(const Napi::CallbackInfo& call) : Wrap(call) {
  guard(call.Env(), [&] {
    const Fields fields(call[0], "spec");
    const EncoderNetworkSpec spec = read_encoder_network_spec(fields);
    const at::Device device = to_device(fields.text("device"));
    const EncoderFacts facts = facts_of(spec);
    features_ = facts.features;
    parameters_ = facts.parameters;
    make(call, device, facts.bytes, [=] { return std::make_shared<EncoderNetwork>(spec, device); });
  });
}

Napi::Value EncoderWrap::embed(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value { return submit_embed(call[0], thread(), object()); });
}

Napi::Value EncoderWrap::load_weights(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    return submit_load(call[0], thread(),
                       [encoder = object()](const NamedTensors& file) { encoder->load_weights(file); });
  });
}

Napi::Value EncoderWrap::export_encoder(const Napi::CallbackInfo& call) {
  return guard(call.Env(), [&]() -> Napi::Value {
    const std::string path = to_path(call[0], "path");
    const Metadata metadata = to_metadata(call[1], "metadata");
    return thread().submit(call.Env(), [=, encoder = object()]() -> Deliver {
      save_tensors(path, encoder->encoder_state(), metadata);
      return {};
    });
  });
}

}  // namespace byol::napi
