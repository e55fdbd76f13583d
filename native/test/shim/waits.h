#pragma once

#include <functional>
#include <map>
#include <string>

#include "stand_in.h"

namespace byol::shim {

/// How often each of LibTorch's operations waited for the device, or took memory that it does not reach by itself.
using Waits = std::map<std::string, int>;
/// Those of `body`: values that are read back, sizes that depend on values, copies to and from a device that wait,
/// memory that is pinned anew. In operations' own operations too, and in backward passes.
Waits waits_of(const StandIn& device, const std::function<void()>& body);

}  // namespace byol::shim
