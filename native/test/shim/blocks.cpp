#include "blocks.h"

#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>

namespace byol::shim {

Index threadIdx, blockIdx, blockDim, gridDim;

namespace {

constexpr std::size_t kStackBytes = 128 << 10, kSharedAlignment = 64;
constexpr unsigned kWarp = 32;

enum class State { kReady, kAtBlockBarrier, kAtWarpBarrier, kEnded };

/// A thread of a block, and of the next ones after it. It begins by setcontext, which is the only way onto a stack of its
/// own; each later turn is a jump, because contexts ask the system for the signal mask whenever they change.
struct Fiber {
  ucontext_t start{};
  jmp_buf place{};
  std::unique_ptr<std::byte[]> stack = std::make_unique<std::byte[]>(kStackBytes);
  State state = State::kEnded;
  bool begun = false;
};

std::map<std::string, Kernel>& kernels() {
  static std::map<std::string, Kernel> all;
  return all;
}

struct Machine {
  jmp_buf scheduler{};
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<std::uint64_t> warp_memory;
  std::vector<std::byte> shared;
  Fiber* running = nullptr;
  void (*body)(const void*) = nullptr;
  const void* arguments = nullptr;
  std::exception_ptr failure;
  std::minstd_rand random{1};
};

Machine& machine() {
  static Machine one;
  return one;
}

void* aligned_shared(Machine& m) {
  void* at = m.shared.data();
  std::size_t space = m.shared.size();
  return std::align(kSharedAlignment, 1, at, space);
}

/// Back to the scheduler, until it is this fiber's turn again.
void give_way(Machine& m, Fiber& self) {
  if (_setjmp(self.place) == 0) _longjmp(m.scheduler, 1);
}

void take_turn(Machine& m, Fiber& fiber) {
  if (_setjmp(m.scheduler) != 0) return;
  if (fiber.begun) _longjmp(fiber.place, 1);
  fiber.begun = true;
  setcontext(&fiber.start);
}

/// All that a fiber ever does: its part of a block, and then that of the next one.
void run_threads() {
  Machine& m = machine();
  Fiber& self = *m.running;
  while (true) {
    try {
      m.body(m.arguments);
    } catch (...) {
      if (!m.failure) m.failure = std::current_exception();
    }
    self.state = State::kEnded;
    give_way(m, self);
  }
}

void pause(State state) {
  Machine& m = machine();
  const Index index = threadIdx;
  Fiber& self = *m.running;
  self.state = state;
  give_way(m, self);
  threadIdx = index;
}

/// A fiber that a failed block left in the middle begins anew.
void make_ready(Fiber& fiber) {
  if (!fiber.begun || fiber.state != State::kEnded) {
    getcontext(&fiber.start);
    fiber.start.uc_stack = {.ss_sp = fiber.stack.get(), .ss_flags = 0, .ss_size = kStackBytes};
    fiber.start.uc_link = nullptr;
    makecontext(&fiber.start, run_threads, 0);
    fiber.begun = false;
  }
  fiber.state = State::kReady;
}

/// Lets go of those of [first, last) that wait at `barrier`, if all of them do; whether it did.
bool release(Machine& m, std::size_t first, std::size_t last, State barrier) {
  for (std::size_t i = first; i < last; ++i) {
    if (m.fibers[i]->state != barrier) return false;
  }
  for (std::size_t i = first; i < last; ++i) m.fibers[i]->state = State::kReady;
  return true;
}

void run_block(Machine& m, const Kernel& kernel) {
  const std::size_t threads = kernel.threads;
  for (std::size_t i = 0; i < threads; ++i) make_ready(*m.fibers[i]);
  std::vector<std::size_t> order(threads);
  std::iota(order.begin(), order.end(), std::size_t{0});
  while (true) {
    std::shuffle(order.begin(), order.end(), m.random);
    for (const std::size_t i : order) {
      Fiber& fiber = *m.fibers[i];
      if (fiber.state != State::kReady) continue;
      m.running = &fiber;
      threadIdx = {static_cast<unsigned>(i), 0, 0};
      take_turn(m, fiber);
      if (m.failure) return;
    }
    bool moved = false;
    for (std::size_t first = 0; first < threads; first += kWarp) {
      moved |= release(m, first, std::min<std::size_t>(threads, first + kWarp), State::kAtWarpBarrier);
    }
    moved |= release(m, 0, threads, State::kAtBlockBarrier);
    if (moved) continue;
    const bool ended = std::all_of(m.fibers.begin(), m.fibers.begin() + static_cast<std::ptrdiff_t>(threads),
                                   [](const auto& fiber) { return fiber->state == State::kEnded; });
    if (ended) return;
    throw std::logic_error("kernel " + kernel.name + ": a barrier that not all threads come to");
  }
}

}  // namespace

void block_barrier() { pause(State::kAtBlockBarrier); }
void warp_barrier() { pause(State::kAtWarpBarrier); }
void* warp_memory() { return machine().warp_memory.data() + threadIdx.x / kWarp * kWarp; }
void* dynamic_shared() { return aligned_shared(machine()); }

const Kernel& find_kernel(const std::string& name) {
  const auto found = kernels().find(name);
  if (found == kernels().end()) throw std::logic_error("there is no kernel " + name);
  return found->second;
}

std::vector<std::string> kernel_names() {
  std::vector<std::string> names;
  for (const auto& [name, kernel] : kernels()) names.push_back(name);
  return names;
}

Registration::Registration(const char* name, unsigned threads, std::size_t argument_bytes,
                           void (*run)(const void* arguments)) {
  kernels()[name] = {name, threads, argument_bytes, run};
}

void run_blocks(const Kernel& kernel, const LaunchShape& shape, const void* arguments) {
  Machine& m = machine();
  while (m.fibers.size() < kernel.threads) m.fibers.push_back(std::make_unique<Fiber>());
  m.warp_memory.resize((kernel.threads + kWarp - 1) / kWarp * kWarp);
  m.shared.resize(shape.shared_bytes + kSharedAlignment);
  m.body = kernel.run;
  m.arguments = arguments;
  m.failure = nullptr;
  blockDim = {kernel.threads, 1, 1};
  gridDim = {shape.x, shape.y, shape.z};
  for (unsigned z = 0; z < shape.z; ++z) {
    for (unsigned y = 0; y < shape.y; ++y) {
      for (unsigned x = 0; x < shape.x; ++x) {
        blockIdx = {x, y, z};
        std::memset(m.shared.data(), 0xFF, m.shared.size());
        run_block(m, kernel);
        if (m.failure) std::rethrow_exception(m.failure);
      }
    }
  }
}

}  // namespace byol::shim
