// What a step is told, in one piece of memory.
#include "core/ssl/step_packet.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "core/augment/plan.h"

#include "check.h"

using namespace byol;

TEST(a_packet_holds_its_parts_one_after_the_other) {
  for (const bool supervised : {false, true}) {
    const StepPacket packet(5, 2, supervised);
    CHECK(packet.indices().size() == 5 && packet.supervised_labels().size() == (supervised ? 5 : 0));
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
    if (supervised) CHECK(at::equal(packet.supervised_label_tensor(2, 3), at::tensor({1, 2, 3}, at::kLong)));
  }
}

TEST(tensors_of_a_packet_keep_its_memory) {
  at::Tensor scalars;
  {
    const StepPacket packet(1, 2, false);
    write_scalars({0.5}, packet.scalars().data());
    scalars = packet.scalar_tensor();
  }
  CHECK(scalars[kRates].item<float>() == 0.5F);
}
