#pragma once

// cuda_runtime_api.h includes a file of this name for the words that mark functions and types for CUDA's own compiler. The
// Python packages that a CUDA build of LibTorch depends on bring all of CUDA's runtime headers but this one. This is what
// the words mean to a C++ compiler: nothing, but for alignment. Used only where CUDA's own file is not there.

#define CUDARTAPI
#define CUDARTAPI_CDECL
#define __host__
#define __device__
#define __device_builtin__
#define __device_builtin_texture_type__
#define __device_builtin_surface_type__
#define __cudart_builtin__
#define __align__(n) __attribute__((aligned(n)))
#define __builtin_align__(n) __align__(n)
#define __specialization_static
