#pragma once

// One image in libjpeg's hands: its input in memory, its errors as values, its limits. For jpeg_decoder.cpp only.

#include <cstddef>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs it before

#include <jpeglib.h>

#include <jerror.h>  // needs jpeglib.h before

#include <atomic>
#include <chrono>
#include <csetjmp>
#include <span>

#include "core/data/decode_status.h"
#include "core/data/jpeg_limits.h"

namespace byol {

/// libjpeg's object with what its callbacks need. They get a pointer to its parts, so it never moves.
class JpegSession {
 public:
  /// `stop`, if there is one, ends the work soon after it becomes true.
  JpegSession(std::span<const uint8_t> bytes, const JpegLimits& limits, const std::atomic<bool>* stop);
  ~JpegSession();
  JpegSession(const JpegSession&) = delete;

  jpeg_decompress_struct& jpeg() { return jpeg_; }

  /// Runs `body`, which calls libjpeg; false once anything has failed, with `status()` to say what. libjpeg then leaves
  /// by longjmp, which runs no destructor: `body` has no local object with one, and throws nothing.
  template <typename Body>
  bool run(const Body& body) {
    if (outcome_ != DecodeOutcome::Decoded || setjmp(leave_) != 0) return false;
    body();
    return true;
  }
  /// For `body`.
  [[noreturn]] void fail(DecodeOutcome outcome, const char* reason);

  DecodeStatus status() const { return {outcome_, reason_}; }
  /// The input ended without an end marker.
  bool ran_out() const { return ran_out_; }
  /// What libjpeg only remarked on: nothing of the picture is lost.
  int remarks() const { return remarks_; }

 private:
  static JpegSession& of(j_common_ptr jpeg) { return *static_cast<JpegSession*>(jpeg->client_data); }
  static void on_error(j_common_ptr jpeg);
  static void on_message(j_common_ptr jpeg, int level);
  static void on_progress(j_common_ptr jpeg);
  static boolean on_empty(j_decompress_ptr jpeg);
  static void on_skip(j_decompress_ptr jpeg, long count);

  [[noreturn]] void fail_with_message(DecodeOutcome outcome);

  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf leave_{};

  JpegLimits limits_;
  const std::atomic<bool>* stop_;
  std::chrono::steady_clock::time_point end_;
  bool ran_out_ = false;
  int remarks_ = 0;
  DecodeOutcome outcome_ = DecodeOutcome::Decoded;
  char reason_[JMSG_LENGTH_MAX + 64] = {};
};

}  // namespace byol
