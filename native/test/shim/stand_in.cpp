#include "stand_in.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "blocks.h"
#include "core/error.h"

namespace byol::shim {
namespace {

using Clock = std::chrono::steady_clock;

// Everything is done by the time that it is asked for.
class Event : public DeviceEvent {
 public:
  void record() override { at_ = Clock::now(); }
  bool done() const override { return true; }
  void wait() const override {}
  double seconds_since(const DeviceEvent& earlier) const override {
    return std::chrono::duration<double>(at_ - static_cast<const Event&>(earlier).at_).count();
  }

 private:
  Clock::time_point at_{};
};

class Graph : public DeviceGraph {
 public:
  explicit Graph(std::function<void()> work) : work_(std::move(work)) {}
  void replay() override {
    if (!std::exchange(done_, false)) work_();
  }

 private:
  std::function<void()> work_;
  bool done_ = true;
};

constexpr std::int64_t kMemory = std::int64_t{1} << 34;

}  // namespace

StandIn::StandIn() : memory_{kMemory, kMemory, 0} {
  facts_.name = "CPU in place of a device";
  facts_.capability = "9.0";
  facts_.multiprocessors = 4;
  facts_.total_memory = kMemory;
  facts_.shared_memory = 227 << 10;
  register_device_runtime(at::kCPU, this);
}

StandIn::~StandIn() { register_device_runtime(at::kCPU, nullptr); }

void StandIn::launch(const char* kernel, const LaunchShape& shape, const void* arguments, std::size_t bytes) {
  const Kernel& found = find_kernel(kernel);
  if (found.argument_bytes != bytes) throw std::logic_error("kernel " + found.name + " takes other arguments");
  if (shape.x == 0 || shape.y == 0 || shape.z == 0 || shape.y > 65535 || shape.z > 65535 ||
      shape.shared_bytes > facts_.shared_memory) {
    throw std::logic_error("kernel " + found.name + ": a grid or shared memory that no device has");
  }
  ++launches[found.name];
  run_blocks(found, shape, arguments);
}

std::unique_ptr<DeviceEvent> StandIn::make_event(bool) { return std::make_unique<Event>(); }

std::unique_ptr<DeviceGraph> StandIn::capture(const std::function<void()>& work) {
  if (!capture_refusal.empty()) throw Error("ERR_BYOL_NATIVE", capture_refusal);
  work();
  return std::make_unique<Graph>(work);
}

at::Tensor StandIn::host_buffer(std::int64_t bytes) {
  return host_buffers_.emplace_back(at::empty({bytes}, at::kByte));
}

bool StandIn::is_host(const at::Tensor& tensor) const {
  const auto* const data = static_cast<const char*>(tensor.const_data_ptr());
  return std::ranges::any_of(host_buffers_, [&](const at::Tensor& buffer) {
    const auto* const begin = static_cast<const char*>(buffer.const_data_ptr());
    return data >= begin && data < begin + buffer.nbytes();
  });
}

void StandIn::copy_beside(const at::Tensor& to, const at::Tensor& from, const DeviceEvent*) { to.copy_(from); }

}  // namespace byol::shim
