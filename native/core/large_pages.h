#pragma once

#include <cstddef>

namespace byol {

/// Asks for large pages (2 MiB on Linux) under memory that is about to be written for the first time: it then comes with
/// a five-hundredth of the page faults. A hint, for the whole pages inside.
void prefer_large_pages(void* memory, std::size_t bytes);

}  // namespace byol
