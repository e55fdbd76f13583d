#pragma once

#include <atomic>

namespace byol {

// A thread's computations can be given up from outside, because nobody will see their results: long ones call
// throw_if_interrupted() between their parts, never in the middle of a change that must be whole.

/// From now on computations of this thread end soon after `flag` becomes true. null, as in every thread at first: they
/// never do.
void interruptible_by(const std::atomic<bool>* flag);

/// This thread's flag or null, for work that it shares with others.
const std::atomic<bool>* interrupt_flag();

/// Throws ERR_BYOL_SHUTDOWN once the flag of this thread is true.
void throw_if_interrupted();

}  // namespace byol
