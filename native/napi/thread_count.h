#pragma once

#include <cstdint>

namespace byol::napi {

constexpr int64_t kMostThreads = 1024;

class TorchThread;

/// The number of threads that LibTorch computes with on the CPU: one for the whole process, so that no environment may
/// change it under another one that computes. The environments are counted here.
class ThreadCount {
 public:
  /// An environment has started, or ended, its LibTorch thread.
  static void join();
  static void leave();

  /// For the commands that are queued from now on. Throws ERR_BYOL_BUSY where it would change the number for another
  /// environment.
  static void set(TorchThread& thread, int count);
  /// On a LibTorch thread that starts: OpenMP's number is each thread's own.
  static void apply();
  static int get();
};

}  // namespace byol::napi
