#if defined(BYOL_HAVE_JPEG)

#include "core/data/jpeg_session.h"

#if defined(LIBJPEG_TURBO_VERSION_NUMBER)

#include <algorithm>
#include <cctype>

namespace byol {
namespace {

constexpr JOCTET kEndMarker[] = {0xFF, JPEG_EOI};

// Errors of files that are whole, as far as can be told, but of a kind that this library or its build does not decode.
DecodeOutcome outcome_of_error(int code) {
  switch (code) {
    case JERR_NO_SOI:
    case JERR_INPUT_EMPTY:
      return DecodeOutcome::NotJpeg;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_J_COLORSPACE:
    case JERR_BAD_MCU_SIZE:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_EMPTY_IMAGE:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
      return DecodeOutcome::Unsupported;
    case JERR_IMAGE_TOO_BIG:
    case JERR_OUT_OF_MEMORY:
    case JERR_WIDTH_OVERFLOW:
      return DecodeOutcome::TooLarge;
    default:
      return DecodeOutcome::Broken;
  }
}

// Warnings after which libjpeg goes on with pixels that it makes up.
bool loses_pixels(int code) {
  switch (code) {
#if defined(D_ARITH_CODING_SUPPORTED)
    case JWRN_ARITH_BAD_CODE:
#endif
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
      return true;
    default:
      return false;
  }
}

void ignore(j_decompress_ptr) {}

}  // namespace

JpegSession::JpegSession(std::span<const uint8_t> bytes, const JpegLimits& limits, const std::atomic<bool>* stop)
    : limits_(limits),
      stop_(stop),
      end_(std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                  std::chrono::duration<double>(std::min(limits.seconds, 1e6)))) {
  jpeg_.err = jpeg_std_error(&errors_);
  errors_.error_exit = on_error;
  errors_.emit_message = on_message;
  jpeg_.client_data = this;
  if (!run([&] { jpeg_create_decompress(&jpeg_); })) return;
  jpeg_.mem->max_memory_to_use = static_cast<long>(limits.memory);

  source_.next_input_byte = bytes.data();
  source_.bytes_in_buffer = bytes.size();
  source_.init_source = ignore;
  source_.fill_input_buffer = on_empty;
  source_.skip_input_data = on_skip;
  source_.resync_to_restart = jpeg_resync_to_restart;
  source_.term_source = ignore;
  jpeg_.src = &source_;

  progress_.progress_monitor = on_progress;
  jpeg_.progress = &progress_;
}

JpegSession::~JpegSession() { jpeg_destroy_decompress(&jpeg_); }

void JpegSession::fail(DecodeOutcome outcome, const char* reason) {
  outcome_ = outcome;
  std::snprintf(reason_, sizeof reason_, "%s", reason);
  std::longjmp(leave_, 1);
}

void JpegSession::fail_with_message(DecodeOutcome outcome) {
  outcome_ = outcome;
  // Where the data have ended, that is what is wrong, whatever libjpeg missed first.
  if (ran_out_ && outcome == DecodeOutcome::Broken) {
    if (jpeg_.output_scanline > 0) {
      std::snprintf(reason_, sizeof reason_, "it is cut off after about %u of %u rows", jpeg_.output_scanline,
                    jpeg_.output_height);
    } else {
      std::snprintf(reason_, sizeof reason_, "it is cut off");
    }
  } else {
    char message[JMSG_LENGTH_MAX];
    errors_.format_message(reinterpret_cast<j_common_ptr>(&jpeg_), message);
    std::snprintf(reason_, sizeof reason_, "libjpeg says: %s", message);
  }
  std::longjmp(leave_, 1);
}

void JpegSession::on_error(j_common_ptr jpeg) {
  JpegSession& session = of(jpeg);
  const int code = jpeg->err->msg_code;
  // In libjpeg's words a file on disk is missing, to which it would move what does not fit.
  if (code == JERR_NO_BACKING_STORE) session.fail(DecodeOutcome::TooLarge, "it takes more memory than allowed");
  session.fail_with_message(outcome_of_error(code));
}

// Level -1 is a warning, others are traces.
void JpegSession::on_message(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  JpegSession& session = of(jpeg);
  if (loses_pixels(jpeg->err->msg_code)) session.fail_with_message(DecodeOutcome::Broken);
  ++session.remarks_;
}

void JpegSession::on_progress(j_common_ptr jpeg) {
  JpegSession& session = of(jpeg);
  if (session.jpeg_.input_scan_number > session.limits_.scans) {
    session.fail(DecodeOutcome::TooLarge, "it has more scans than allowed");
  }
  if (session.stop_ != nullptr && session.stop_->load(std::memory_order_relaxed)) {
    session.fail(DecodeOutcome::Interrupted, "it was given up");
  }
  if (std::chrono::steady_clock::now() > session.end_) {
    session.fail(DecodeOutcome::TooLarge, "it took more time than allowed");
  }
}

// libjpeg goes on as if the image had ended, and warns of what it lacks.
boolean JpegSession::on_empty(j_decompress_ptr jpeg) {
  JpegSession& session = of(reinterpret_cast<j_common_ptr>(jpeg));
  session.ran_out_ = true;
  session.source_.next_input_byte = kEndMarker;
  session.source_.bytes_in_buffer = sizeof kEndMarker;
  return TRUE;
}

void JpegSession::on_skip(j_decompress_ptr jpeg, long count) {
  if (count <= 0) return;
  jpeg_source_mgr& source = *jpeg->src;
  if (static_cast<size_t>(count) > source.bytes_in_buffer) {
    on_empty(jpeg);
    return;
  }
  source.next_input_byte += count;
  source.bytes_in_buffer -= static_cast<size_t>(count);
}

}  // namespace byol

#endif
#endif
