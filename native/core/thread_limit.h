#pragma once

#include <atomic>

namespace byol {

/// How many threads the operations of the calling thread use: OpenMP's number is each thread's own. An operation that
/// shares its work with a thread which gets no core waits for it, a hundred times a step, so where others need the
/// cores fewer threads are faster, and a step that has begun must not have to end with too many.

/// As many as this from now on, or the limit if that is less.
void use_threads(int count);

/// That number where nobody limits it.
int wanted_threads();

/// For as long as the calling thread lives, any other thread may lower its number by this: 1 or more.
void obey_thread_limit(const std::atomic<int>& limit);

/// Between two operations: brings the number up to date. Nanoseconds where nothing has changed.
void heed_thread_limit();

}  // namespace byol
