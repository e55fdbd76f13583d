// What a step is told, in one piece of memory.
#include "core/ssl/step_packet.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/augment/plan.h"

#include "check.h"

using namespace byol;

TEST(a_packet_holds_its_parts_one_after_the_other) {
  for (const int64_t columns : {0, 1, 3}) {
    const StepPacket packet(5, 2, columns);
    CHECK(packet.indices().size() == 5 && std::ssize(packet.supervised_labels()) == 5 * columns);
    CHECK(packet.plan(0).size() == 5 * kPlanColumns && packet.scalars().size() == kScalarSlots);
    std::iota(packet.indices().begin(), packet.indices().end(), 100);
    std::iota(packet.supervised_labels().begin(), packet.supervised_labels().end(), -1);
    write_scalars({0.5, 0.75, 2.0, 10.0, 7.0}, packet.scalars().data());
    for (int64_t view = 0; view < 2; ++view) std::ranges::fill(packet.plan(view), static_cast<float>(view + 1));
    // Nothing overwrote anything else, and a copy sees the same memory.
    const StepPacket copy = packet;
    CHECK(copy.indices()[4] == 104 && copy.plan(0)[5 * kPlanColumns - 1] == 1.0F && copy.plan(1)[0] == 2.0F);
    CHECK(copy.scalars().data() == packet.scalars().data());
    const at::Tensor scalars = packet.scalar_tensor();
    CHECK(scalars.const_data_ptr() == packet.scalars().data());
    CHECK(at::equal(scalars.narrow(0, kRates, kRateSlots), at::tensor({0.5F, 1.0F, 5.0F})));
    CHECK(scalars[kTargetWeight].item<float>() == 0.25F && scalars[kObjectiveWeight].item<float>() == 7.0F);
    if (columns == 1) CHECK(at::equal(packet.supervised_label_tensor(2, 3), at::tensor({1, 2, 3}, at::kLong)));
    if (columns == 3) {
      CHECK(at::equal(packet.supervised_label_tensor(2, 2), at::arange(5, 11, at::kLong).view({2, 3})));
    }
    const std::span<const std::byte> bytes = packet.bytes();
    const at::Tensor memory = at::empty({std::ssize(bytes)}, at::kByte);
    std::memcpy(memory.mutable_data_ptr(), bytes.data(), bytes.size());
    const at::Tensor labels = packet.tensors_in(memory).supervised_labels;
    CHECK(labels.defined() == (columns > 0));
    if (columns > 0) CHECK(at::equal(labels, packet.supervised_label_tensor(0, 5)));
  }
}

TEST(tensors_of_a_packet_keep_its_memory) {
  at::Tensor scalars;
  {
    const StepPacket packet(1, 2, 0);
    write_scalars({0.5}, packet.scalars().data());
    scalars = packet.scalar_tensor();
  }
  CHECK(scalars[kRates].item<float>() == 0.5F);
}
