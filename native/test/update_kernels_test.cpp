// The update's kernels of every instruction set that this CPU has, against each other and float64 sums.
#include "core/optim/update_kernels.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "check.h"

TEST(update_kernels_of_all_instruction_sets_agree) {
  constexpr int64_t kCount = 5003;
  at::manual_seed(7);
  const at::Tensor start = at::randn({3, kCount});
  const auto run = [&](const byol::UpdateKernels& kernels) {
    const at::Tensor buffers = at::cat({start, at::randn({1, kCount}, at::make_generator<at::CPUGeneratorImpl>(9))});
    const at::Tensor mirrors = at::zeros({2, kCount}, at::kBFloat16);
    const auto row = [&](int64_t i) { return buffers[i].data_ptr<float>(); };
    const auto half = [&](int64_t i) { return reinterpret_cast<uint16_t*>(mirrors[i].data_ptr<at::BFloat16>()); };
    const byol::UpdateSpan span{kCount, row(0), row(1), row(2), nullptr, half(0), row(3), half(1)};
    byol::SquaredNorms norms{};
    CHECK(kernels.finite(span) && kernels.square(span, 0.01F, norms));
    const at::Tensor p = buffers[0].to(at::kDouble), g = buffers[2].to(at::kDouble) + 0.01F * p;
    CHECK_CLOSE(norms.parameters, p.square().sum().item<double>(), 1e-6 * kCount);
    CHECK_CLOSE(norms.gradient, g.square().sum().item<double>(), 1e-6 * kCount);
    kernels.apply(
        span, {.rate = 0.3F, .decay = 0.01F, .ratio = 0.4F, .momentum = 0.9F, .target_weight = 0.1F, .nesterov = true});
    CHECK(at::equal(mirrors[0], buffers[0].to(at::kBFloat16)) && at::equal(mirrors[1], buffers[3].to(at::kBFloat16)));
    return buffers;
  };
  const at::Tensor baseline = run(byol::kUpdateKernelsBaseline);
  const auto agrees = [&](const at::Tensor& other) { return at::allclose(other, baseline, 1e-5, 1e-6); };
  CHECK(agrees(baseline));
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) CHECK(agrees(run(byol::kUpdateKernelsAvx2)));
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    CHECK(agrees(run(byol::kUpdateKernelsAvx512)));
  }
#endif
}
