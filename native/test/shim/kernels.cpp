// All kernels, compiled as C++.

#include "kernels/augment_whole.cuh"
