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

/** Official CPU archives of that release with their published SHA-256; where there is no LibTorch archive, a wheel. */
exports.archives = {
  'linux-x64': {
    url: 'https://download.pytorch.org/libtorch/cpu/libtorch-shared-with-deps-2.13.0%2Bcpu.zip',
    sha256: 'edbf4cbed78433d803e90a65f1752e57783d164bce66c95c0872b2ab8f5c159e',
  },
  'linux-arm64': {
    url: 'https://download.pytorch.org/whl/cpu/torch-2.13.0%2Bcpu-cp311-cp311-manylinux_2_28_aarch64.whl',
    sha256: '84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7',
  },
};
