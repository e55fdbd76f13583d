// All kernels, compiled as C++.

#include "kernels/augment_blur.cuh"
#include "kernels/augment_tiles.cuh"
#include "kernels/augment_whole.cuh"
#include "kernels/norm_backward.cuh"
#include "kernels/norm_forward.cuh"
#include "kernels/standardize.cuh"
#include "kernels/step_clock.cuh"
#include "kernels/update.cuh"
