#pragma once

namespace byol {

/// What forward passes compute in; parameters are float32 either way.
enum class Precision { Float32, BFloat16 };

}  // namespace byol
