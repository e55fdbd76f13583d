#include "core/operation_profile.h"

#include <ATen/record_function.h>

#include <chrono>
#include <memory>
#include <vector>

namespace byol {
namespace {

using Clock = std::chrono::steady_clock;

struct Frame {
  Clock::time_point start;
  double inner_seconds = 0.0;  // of what was called from here
  bool within_ours = false;    // part of one of our scopes, which has its time
};

struct State {
  std::vector<Frame> stack;
  std::map<std::string, OperationTime> times;
};
thread_local State state;

bool is_ours(const char* name) { return std::string(name).rfind("byol::", 0) == 0; }

std::unique_ptr<at::ObserverContext> on_enter(const at::RecordFunction& function) {
  const bool within = !state.stack.empty() && state.stack.back().within_ours;
  state.stack.push_back({Clock::now(), 0.0, within || is_ours(function.name())});
  return nullptr;
}

void on_exit(const at::RecordFunction& function, at::ObserverContext*) {
  const Frame frame = state.stack.back();
  state.stack.pop_back();
  const double seconds = std::chrono::duration<double>(Clock::now() - frame.start).count();
  const bool outer_is_ours = !state.stack.empty() && state.stack.back().within_ours;
  if (outer_is_ours) return;
  if (!state.stack.empty()) state.stack.back().inner_seconds += seconds;
  OperationTime& time = state.times[function.name()];
  ++time.calls;
  time.seconds += seconds - (frame.within_ours ? 0.0 : frame.inner_seconds);
}

}  // namespace

OperationProfile::OperationProfile() {
  state = {};
  handle_ = at::addThreadLocalCallback(
      at::RecordFunctionCallback(on_enter, on_exit)
          .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION, at::RecordScope::USER_SCOPE}));
}

OperationProfile::~OperationProfile() { at::removeCallback(handle_); }

const std::map<std::string, OperationTime>& OperationProfile::times() const { return state.times; }

}  // namespace byol
