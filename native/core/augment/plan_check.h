#pragma once

#include <cstdint>
#include <vector>

#include "core/augment/plan.h"

namespace byol {

/// Both executors refuse the same things: ERR_BYOL_SHAPE for sizes and indices that do not fit, ERR_BYOL_VALUE for
/// numbers outside the ranges of plan.h, naming the row and the column.
void check_plan(const ImageStore& images, at::IntArrayRef indices, const float* plan, const ViewSpec& view);

/// What check_plan asks of the view alone.
void check_view(const ViewSpec& view);

}  // namespace byol
