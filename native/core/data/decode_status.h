#pragma once

#include <string>

namespace byol {

/// What became of an image.
enum class DecodeOutcome {
  Decoded,
  /// It cannot be read: not there, no regular file, no right to it, too many bytes.
  Unreadable,
  /// It does not begin as a JPEG does. Another decoder may know it.
  NotJpeg,
  /// A JPEG of a kind that is not decoded here. Another decoder may.
  Unsupported,
  /// Damaged or cut off, in a part that the crops need.
  Broken,
  /// It would take more pixels, memory, scans or time than allowed.
  TooLarge,
  /// It is not as large, or not turned, as whoever chose the crops believed.
  Changed,
  /// Given up, because nobody waits for it any more.
  Interrupted,
};

struct DecodeStatus {
  DecodeOutcome outcome = DecodeOutcome::Decoded;
  /// Why not, as the end of a sentence: "it is cut off after 180 of 442 rows". Empty where it was decoded.
  std::string reason;

  bool ok() const { return outcome == DecodeOutcome::Decoded; }
};

}  // namespace byol
