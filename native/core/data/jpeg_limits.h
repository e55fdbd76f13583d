#pragma once

#include <cstdint>

namespace byol {

/// What one image may take. A file of a few bytes can ask for gigabytes of memory, or for hours in thousands of scans.
struct JpegLimits {
  int64_t pixels;
  /// Of libjpeg, in bytes, beside the file and the decoded pixels. Progressive images take 2 to 6 bytes a pixel, others
  /// next to nothing.
  int64_t memory;
  /// A progressive image has about ten.
  int scans;
  /// A last resort: unlike the others it depends on the machine.
  double seconds;
};

}  // namespace byol
