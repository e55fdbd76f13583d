#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace byol {

/// How many blocks of a kernel run, and the shared memory of each beside what it declares itself. The threads of a block
/// are the kernel's own number.
struct LaunchShape {
  unsigned x, y = 1, z = 1;
  unsigned shared_bytes = 0;
};

struct DeviceFacts {
  std::string name;
  std::string capability;  // "9.0"
  std::string driver, runtime;
  int multiprocessors = 0;
  std::int64_t total_memory = 0;         // bytes
  std::int64_t shared_memory = 0;        // bytes that a block may have at most
};

/// Bytes. `peak`: the most that tensors held since the last time that it was asked for.
struct DeviceMemory {
  std::int64_t free, total, peak;
};

/// A point in the order of a device's work.
class DeviceEvent {
 public:
  virtual ~DeviceEvent() = default;
  /// Behind what the calling thread's stream was given so far. In a graph that is being captured: at each replay anew.
  virtual void record() = 0;
  /// Whether that point was passed; true before the first record().
  virtual bool done() const = 0;
  /// Makes the host wait for it.
  virtual void wait() const = 0;
  /// Between two points that both were passed.
  virtual double seconds_since(const DeviceEvent& earlier) const = 0;
};

/// Work that a device was shown once and does again at each replay: the same kernels on the same memory.
class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  virtual void replay() = 0;
};

/// A device with kernels of its own (native/kernels): what the core's code for devices is written against. Everything
/// runs in order on the stream of the calling thread, which never waits but where it says so. All members throw
/// byol::Error with what the device says, and after that the device is of no use to this process.
class DeviceRuntime {
 public:
  virtual ~DeviceRuntime() = default;

  virtual const DeviceFacts& facts() const = 0;
  virtual DeviceMemory memory() = 0;
  /// Of the calling thread, from now on: this device and a stream of its own.
  virtual void enter_thread() = 0;
  /// The host waits for everything that this device was given.
  virtual void synchronize() = 0;

  /// Starts a kernel by its name, with a copy of `bytes` bytes of arguments.
  virtual void launch(const char* kernel, const LaunchShape& shape, const void* arguments, std::size_t bytes) = 0;
  template <class Arguments>
  void launch(const char* kernel, const LaunchShape& shape, const Arguments& arguments) {
    launch(kernel, shape, &arguments, sizeof(Arguments));
  }

  /// `timed`: for seconds_since().
  virtual std::unique_ptr<DeviceEvent> make_event(bool timed) = 0;

  /// Shows `work` to the device, which does not do it yet. Throws what `work` throws, or why it cannot be captured; the
  /// device is then as it was before.
  virtual std::unique_ptr<DeviceGraph> capture(const std::function<void()>& work) = 0;

  /// Memory of the host that the device copies from without help of the host: uint8 [bytes].
  virtual at::Tensor host_buffer(std::int64_t bytes) = 0;
  /// Copies between a host_buffer() and the device beside the thread's stream, once that has passed `after` (null: at
  /// once). The caller keeps both unchanged until join_copies() and what follows it.
  virtual void copy_beside(const at::Tensor& to, const at::Tensor& from, const DeviceEvent* after) = 0;
  /// What the thread's stream is given from now on comes after the copies so far.
  virtual void join_copies() = 0;
};

/// The runtime of a device, or null where LibTorch alone computes, as on the CPU.
DeviceRuntime* device_runtime(at::Device device);

/// Before a thread gives a device work: its current device and stream are that one's. Returns `device`; no effect on the
/// CPU.
at::Device use_device(at::Device device);

/// Makes `runtime` that of `device`, which tells its type and number; null takes it back. For the thread that opens
/// devices, before any work on them; the runtime lives as long as the process.
void register_device_runtime(at::Device device, DeviceRuntime* runtime);

}  // namespace byol
