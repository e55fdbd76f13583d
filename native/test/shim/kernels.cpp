// All kernels, compiled as C++.

#include "kernels/language.cuh"
