#pragma once

#include <ATen/ATen.h>

namespace byol {

/// What a device does at best, measured: the rates that a step's share is told of.
struct DeviceRates {
  double matrix;  // floating-point operations per second of a large matrix product, a multiplication and an addition being two
  double copy;    // bytes per second, read and written together, of a copy within its memory that no cache holds
};

/// `type`: float32 or bfloat16, of the matrices. Takes about half a second.
DeviceRates measure_rates(at::Device device, at::ScalarType type);

}  // namespace byol
