#pragma once

#include <string>

#include "core/io/tensor_file.h"
#include "napi/setup.h"

namespace byol::napi {

/// A plain object of strings; its own enumerable properties count.
Metadata to_metadata(const Napi::Value& value, const std::string& path);
Napi::Value from_metadata(Napi::Env env, const Metadata& metadata);

}  // namespace byol::napi
