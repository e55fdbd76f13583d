#pragma once

#include <array>
#include <cstdint>

#include "core/augment/plan.h"
#include "core/data/image_store.h"
#include "core/ssl/step_packet.h"

namespace byol {

constexpr std::size_t kViews = 2;

/// One optimiser step as it is asked for. Rows are split evenly over the micro-batches, in order.
struct StepInput {
  const ImageStore& images;
  const StepPacket& packet;
  const std::array<ViewSpec, kViews>& views;
  int64_t micro_batches;  // divides the packet's rows

  int64_t micro_batch_rows() const { return packet.rows() / micro_batches; }
};

}  // namespace byol
