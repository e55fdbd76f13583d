#include "core/augment/placed_views.h"

#include <cstring>
#include <span>

#include "core/augment/device_executor.h"
#include "core/augment/plan_check.h"
#include "core/data/device_images.h"
#include "core/device/runtime.h"

namespace byol {

at::Tensor execute_plan_on(at::Device device, const ImageStore& images, at::IntArrayRef indices, const float* plan,
                           const ViewSpec& view, at::ScalarType dtype) {
  DeviceRuntime* const runtime = device_runtime(device);
  if (runtime == nullptr) return execute_plan(images, indices, plan, view, dtype).to(device);
  check_plan(images, indices, plan, view);

  // Numbers of the images and their plan go up in one copy.
  const auto rows = static_cast<int64_t>(indices.size());
  const int64_t plan_begin = rows * static_cast<int64_t>(sizeof(int64_t));
  const int64_t bytes = plan_begin + rows * kPlanColumns * static_cast<int64_t>(sizeof(float));
  const at::Tensor host = runtime->host_buffer(bytes);
  auto* const memory = host.data_ptr<uint8_t>();
  DeviceImages& source = images.on(*runtime, device, rows);
  const size_t batch = source.stage(images, indices, {reinterpret_cast<int64_t*>(memory), indices.size()});
  std::memcpy(memory + plan_begin, plan, static_cast<size_t>(bytes - plan_begin));
  const at::Tensor packet = at::empty({bytes}, host.options().device(device).pinned_memory(false));
  packet.copy_(host, /*non_blocking=*/true);
  source.join();
  const at::Tensor out = at::empty({rows, 3, view.height, view.width}, at::TensorOptions().device(device).dtype(dtype),
                                   at::MemoryFormat::ChannelsLast);
  const auto* const on_device = packet.const_data_ptr<uint8_t>();
  execute_plans(*runtime,
                {source.pixels(), source.places(), reinterpret_cast<const int64_t*>(on_device), rows},
                {reinterpret_cast<const float*>(on_device + plan_begin)}, {view}, out);
  source.release(batch);
  return out;
}

}  // namespace byol
