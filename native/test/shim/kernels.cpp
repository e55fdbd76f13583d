// All kernels, compiled as C++.

#include "kernels/augment_blur.cuh"
#include "kernels/augment_tiles.cuh"
#include "kernels/augment_whole.cuh"
