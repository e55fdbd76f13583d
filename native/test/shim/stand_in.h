#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/device/runtime.h"

namespace byol::shim {

/// A device that is the CPU: kernels run block by block, at once. Registered for the CPU while it lives, so that the
/// core takes its way for devices on the CPU's tensors.
class StandIn : public DeviceRuntime {
 public:
  StandIn();
  ~StandIn() override;
  StandIn(const StandIn&) = delete;

  const DeviceFacts& facts() const override { return facts_; }
  DeviceMemory memory() override { return memory_; }
  void enter_thread() override {}
  void synchronize() override {}
  using DeviceRuntime::launch;
  void launch(const char* kernel, const LaunchShape& shape, const void* arguments, std::size_t bytes) override;
  std::unique_ptr<DeviceEvent> make_event(bool timed) override;
  /// Does `work` once, for the first replay(); each later one does it again. Refused as long as `capture_refusal` says
  /// why.
  std::unique_ptr<DeviceGraph> capture(const std::function<void()>& work) override;
  at::Tensor host_buffer(std::int64_t bytes) override;
  /// Whether its memory is of a host_buffer().
  bool is_host(const at::Tensor& tensor) const;
  void copy_beside(const at::Tensor& to, const at::Tensor& from, const DeviceEvent* after) override;
  void join_copies() override {}

  std::map<std::string, int> launches;  // by kernel
  std::string capture_refusal;

 protected:
  DeviceFacts facts_;
  DeviceMemory memory_;

 private:
  std::vector<at::Tensor> host_buffers_;  // kept, so that no other tensor comes to lie there
};

}  // namespace byol::shim
