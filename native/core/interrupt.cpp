#include "core/interrupt.h"

#include "core/error.h"

namespace byol {
namespace {

thread_local const std::atomic<bool>* flag_of_thread = nullptr;

}  // namespace

void interruptible_by(const std::atomic<bool>* flag) { flag_of_thread = flag; }

const std::atomic<bool>* interrupt_flag() { return flag_of_thread; }

void throw_if_interrupted() {
  if (flag_of_thread == nullptr || !*flag_of_thread) return;
  throw Error("ERR_BYOL_SHUTDOWN", "The work was given up because the process or worker is ending.");
}

}  // namespace byol
