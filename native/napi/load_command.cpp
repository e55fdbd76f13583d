#include "napi/load_command.h"

#include <utility>

#include "core/error.h"
#include "napi/convert.h"
#include "napi/metadata.h"

namespace byol::napi {

Napi::Promise submit_load(const Napi::Value& path, TorchThread& thread, std::function<void(const NamedTensors&)> load) {
  return thread.submit(path.Env(), [path = to_path(path, "path"), load = std::move(load)]() -> Deliver {
    const auto [tensors, metadata] = load_tensors(path);
    try {
      load(tensors);
    } catch (const Error& error) {
      if (error.code() != "ERR_BYOL_CHECKPOINT") throw;
      throw Error(error.code(), path + " cannot be loaded. " + error.what());
    }
    return [metadata = metadata](Napi::Env env) { return from_metadata(env, metadata); };
  });
}

}  // namespace byol::napi
