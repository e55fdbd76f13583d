#pragma once

#include "core/device/runtime.h"

namespace byol {

/// The processor in the place of a device: no capability, driver or runtime; its logical cores are the multiprocessors.
DeviceFacts host_facts();

/// Of the machine: what programs can still have, and what there is. `peak`: of this process, code and all, since the
/// last call; where the system does not count anew, since its start.
DeviceMemory host_memory();

}  // namespace byol
