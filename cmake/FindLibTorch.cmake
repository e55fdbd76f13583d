# LibTorch::LibTorch, an imported target made from the folder LIBTORCH_DIR: a pip wheel's torch/, the official archive's
# libtorch/, or conda's. LibTorch's own package is not used because that of a CUDA build demands the whole CUDA toolkit.

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
if(EXISTS "${_lib}/libtorch_cuda.so")
  list(APPEND _libraries "${_lib}/libtorch_cuda.so" "${_lib}/libc10_cuda.so")
endif()

if(NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    "${LIBTORCH_DIR}/include" "${LIBTORCH_DIR}/include/torch/csrc/api/include")
  # --no-as-needed: linkers drop libraries no symbol of which is used directly, and CUDA would be silently absent.
  # --allow-shlib-undefined: the nvidia libraries behind a CUDA build are not on the link line.
  target_link_libraries(LibTorch::LibTorch INTERFACE
    -Wl,--no-as-needed ${_libraries} -Wl,--as-needed -Wl,--allow-shlib-undefined)
endif()
set(LibTorch_FOUND TRUE)
