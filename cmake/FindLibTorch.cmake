# LibTorch::LibTorch, an imported target made from the folder LIBTORCH_DIR: a pip wheel's torch/, the official archive's
# libtorch/, or conda's. LibTorch's own package is not used because that of a CUDA build demands the whole CUDA toolkit.
# It is the part that CPU and CUDA builds share. LibTorch::Cuda, the rest of a CUDA build, is defined where CUDA's runtime headers
# of the same major version are found too; else LibTorch_CUDA_MISSING says why not, as the end of a sentence.

if(NOT LIBTORCH_DIR)
  message(FATAL_ERROR "LIBTORCH_DIR is not set. Build with `node scripts/build-native.cjs`, which finds LibTorch.")
endif()

set(_lib "${LIBTORCH_DIR}/lib")
set(_libraries "${_lib}/libtorch.so" "${_lib}/libtorch_cpu.so" "${_lib}/libc10.so")
foreach(_file IN ITEMS ${_libraries} "${LIBTORCH_DIR}/include/ATen/ATen.h")
  if(NOT EXISTS "${_file}")
    message(FATAL_ERROR "Not a LibTorch folder: ${_file} is missing.")
  endif()
endforeach()
if(NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    "${LIBTORCH_DIR}/include" "${LIBTORCH_DIR}/include/torch/csrc/api/include")
  # --no-as-needed: linkers drop libraries no symbol of which is used directly. libtorch.so brings CUDA where there is some.
  # --allow-shlib-undefined: the nvidia libraries behind a CUDA build are not on the link line.
  target_link_libraries(LibTorch::LibTorch INTERFACE
    -Wl,--no-as-needed ${_libraries} -Wl,--as-needed -Wl,--allow-shlib-undefined)
endif()

# The major version that LibTorch's CUDA part asks the system's linker for: libcudart.so.13.
set(_major)
if(EXISTS "${_lib}/libc10_cuda.so")
  file(STRINGS "${_lib}/libc10_cuda.so" _names REGEX "libcudart[-0-9a-f]*\\.so\\.[0-9]+")
  string(REGEX MATCH "libcudart[-0-9a-f]*\\.so\\.([0-9]+)" _name "${_names}")
  set(_major "${CMAKE_MATCH_1}")
endif()

set(LibTorch_CUDA_MISSING)
set(LibTorch_CUDA_INCLUDE_DIR)
if(NOT EXISTS "${_lib}/libtorch_cuda.so")
  set(LibTorch_CUDA_MISSING "the LibTorch that it was built for is a CPU build; build it for this one: npx byol build")
else()
  # Beside LibTorch as a Python package (CUDA 13, CUDA 12), in its conda environment, in a toolkit.
  foreach(_dir IN ITEMS
      "${LIBTORCH_DIR}/../nvidia/cu${_major}/include" "${LIBTORCH_DIR}/../nvidia/cuda_runtime/include"
      "$ENV{CONDA_PREFIX}/targets/x86_64-linux/include" "$ENV{CONDA_PREFIX}/include"
      "$ENV{CUDA_HOME}/include" "$ENV{CUDA_PATH}/include" /usr/local/cuda/include "/usr/local/cuda-${_major}/include")
    if(LibTorch_CUDA_INCLUDE_DIR OR NOT EXISTS "${_dir}/cuda_runtime_api.h" OR NOT EXISTS "${_dir}/cuda.h")
      continue()
    endif()
    file(STRINGS "${_dir}/cuda.h" _version REGEX "^#define CUDA_VERSION [0-9]+")
    if(_version MATCHES "CUDA_VERSION ${_major}0[0-9][0-9]")
      get_filename_component(LibTorch_CUDA_INCLUDE_DIR "${_dir}" ABSOLUTE)
    endif()
  endforeach()
  if(NOT LibTorch_CUDA_INCLUDE_DIR)
    set(LibTorch_CUDA_MISSING "cuda_runtime_api.h and cuda.h of CUDA ${_major} were not there when it was built (the Python package nvidia-cuda-runtime has them, and so has a CUDA toolkit); install them and build again: npx byol build")
  endif()
endif()

if(LibTorch_CUDA_INCLUDE_DIR AND NOT TARGET LibTorch::Cuda)
  add_library(LibTorch::Cuda INTERFACE IMPORTED)
  target_include_directories(LibTorch::Cuda SYSTEM INTERFACE "${LibTorch_CUDA_INCLUDE_DIR}")
  # CUDA's runtime library is LibTorch's own, and in the process before this is.
  target_link_libraries(LibTorch::Cuda INTERFACE
    LibTorch::LibTorch "${_lib}/libtorch_cuda.so" "${_lib}/libc10_cuda.so")
endif()
set(LibTorch_FOUND TRUE)
