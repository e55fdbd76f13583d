#pragma once

// cuda_runtime.h includes a file of this name for what a compiler and a system need: nothing here. See host_defines.h.
