'use strict';
// What set-up and the native build need, as data.

exports.minimumNode = [20, 19];
exports.minimumCmake = [3, 18];
/** The first with the parts of C++20 that LibTorch's headers use. */
exports.minimumGcc = 11;

/** LibTorch releases, major.minor, that the sources compile against. */
exports.supportedTorch = ['2.11', '2.12', '2.13', '2.14', '2.15'];
/** The release that is fetched where none is found. */
exports.fetchedTorch = '2.13.0';

/** Of the Python package nvidia-cuda-nvrtc: that of the oldest supported LibTorch, so what it compiles, the later ones do. */
exports.fetchedNvrtc = '13.0.88';
/** Compute capabilities (90 is 9.0) for which the kernels are checked; cards between them run the code of the one below. */
exports.checkedCapabilities = [80, 86, 89, 90, 100, 120];

/** Platforms for which a package with the addon is published, each @byol-torch/NAME. */
exports.platforms = ['linux-x64', 'linux-arm64'];

/**
 * The newest symbol versions of glibc and GCC's C++ library that a package may use. manylinux_2_28 is that of releases, and of
 * PyTorch's own builds (PEP 600; auditwheel's manylinux-policy.json); the others are what an addon built on such a system asks for.
 */
exports.floors = {
  manylinux_2_28: { glibc: '2.28', glibcxx: '3.4.24', cxxabi: '1.3.11' },
  manylinux_2_34: { glibc: '2.34', glibcxx: '3.4.29', cxxabi: '1.3.13' },
  manylinux_2_36: { glibc: '2.36', glibcxx: '3.4.30', cxxabi: '1.3.13' },
};
