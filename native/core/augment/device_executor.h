#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "core/augment/plan.h"
#include "core/data/device_images.h"
#include "core/device/runtime.h"

namespace byol {

/// Executes plans on a device: of view v, row i of plans[v] (rows x kPlanColumns, on the device, accepted by
/// check_plan) with image i of `batch`. Writes `out`, [views * rows, C, height, width] in channels_last memory, float32
/// or bfloat16, view by view; C is 3, or 4 or 8 with zeros behind the third channel, for convolutions that are faster
/// so. All views have `out`'s height and width.
///
/// Nothing is read back and nothing waits: the device computes when its turn comes, also in a graph that is captured,
/// which then reads the same addresses at each replay. The result does not depend on what else there is in the batch.
/// Throws ERR_BYOL_SHAPE / ERR_BYOL_VALUE for what cannot be executed, before anything is launched.
void execute_plans(DeviceRuntime& device, const DeviceBatch& batch, const std::vector<const float*>& plans,
                   const std::vector<ViewSpec>& views, const at::Tensor& out);

}  // namespace byol
