// Compiled three times, with -DBYOL_ISA=baseline, avx2 and avx512 and the matching -m flags; see simd/lanes.h.

#include "core/optim/update_kernels.h"

#include "core/optim/update_arithmetic.h"
#include "core/simd/lanes.h"

namespace byol {
namespace {

using std::int64_t;

// Float32 sums over so many elements are merged in float64.
constexpr int64_t kRun = 2048;

Bfloat16* low(std::uint16_t* p) { return reinterpret_cast<Bfloat16*>(p); }

template <class V>
inline __attribute__((always_inline)) V gradient_at(const UpdateSpan& span, int64_t i) {
  if (span.low_gradient == nullptr) return V::load(span.gradient + i);
  const V g = V::load(low(span.low_gradient) + i);
  return span.gradient == nullptr ? g : g + V::load(span.gradient + i);
}

// Calls body<V>(i) over [begin, end), V as wide as fits.
template <class Body>
inline __attribute__((always_inline)) void each(int64_t begin, int64_t end, Body&& body) {
  int64_t i = begin;
  for (; i + Lanes::kWidth <= end; i += Lanes::kWidth) body.template operator()<Lanes>(i);
  for (; i < end; ++i) body.template operator()<Scalar>(i);
}

// x * 0, summed, is 0 of finite numbers and NaN of others.
bool finite(const UpdateSpan& span) {
  Lanes wide = Lanes::zero();
  Scalar narrow = Scalar::zero();
  each(0, span.count, [&]<class V>(int64_t i) __attribute__((always_inline)) {
    const V g = gradient_at<V>(span, i);
    if constexpr (V::kWidth == 1) {
      narrow = multiply_add(g, V::zero(), narrow);
    } else {
      wide = multiply_add(g, V::zero(), wide);
    }
  });
  return sum_of(wide) + sum_of(narrow) == 0.0F;
}

template <class V>
struct Sums {
  V parameters = V::zero(), gradient = V::zero(), zero = V::zero();
};

bool square(const UpdateSpan& span, float decay, SquaredNorms& norms) {
  bool all_finite = true;
  for (int64_t begin = 0; begin < span.count; begin += kRun) {
    const int64_t end = begin + kRun < span.count ? begin + kRun : span.count;
    Sums<Lanes> wide;
    Sums<Scalar> narrow;
    each(begin, end, [&]<class V>(int64_t i) __attribute__((always_inline)) {
      const V p = V::load(span.parameters + i);
      const V g = gradient_at<V>(span, i);
      const V d = arithmetic::decayed_gradient(g, p, V::all(decay));
      const auto add = [&](auto& sums) __attribute__((always_inline)) {
        sums.parameters = multiply_add(p, p, sums.parameters);
        sums.gradient = multiply_add(d, d, sums.gradient);
        sums.zero = multiply_add(g, V::zero(), sums.zero);
      };
      if constexpr (V::kWidth == 1) {
        add(narrow);
      } else {
        add(wide);
      }
    });
    norms.parameters += static_cast<double>(sum_of(wide.parameters)) + static_cast<double>(narrow.parameters.v);
    norms.gradient += static_cast<double>(sum_of(wide.gradient)) + static_cast<double>(narrow.gradient.v);
    all_finite = all_finite && sum_of(wide.zero) + narrow.zero.v == 0.0F;
  }
  return all_finite;
}

void apply(const UpdateSpan& span, const UpdateFactors& factors) {
  each(0, span.count, [&]<class V>(int64_t i) __attribute__((always_inline)) {
    const V old = V::load(span.parameters + i);
    const V u =
        V::all(factors.ratio) * arithmetic::decayed_gradient(gradient_at<V>(span, i), old, V::all(factors.decay));
    const V momentum = V::all(factors.momentum);
    const V m = arithmetic::next_momentum(momentum, V::load(span.momentum + i), u);
    const V p = arithmetic::descend(old, V::all(-factors.rate), factors.nesterov ? multiply_add(momentum, m, u) : m);
    m.store(span.momentum + i);
    p.store(span.parameters + i);
    if (span.mirror != nullptr) p.store(low(span.mirror) + i);
    if (span.gradient != nullptr) V::zero().store(span.gradient + i);
    if (span.low_gradient != nullptr) V::zero().store(low(span.low_gradient) + i);
    if (span.target == nullptr) return;
    const float weight = factors.target_weight;
    const V xi =
        arithmetic::moving_average(V::load(span.target + i), p, V::all(weight), V::all(weight - 1.0F), weight < 0.5F);
    xi.store(span.target + i);
    if (span.target_mirror != nullptr) xi.store(low(span.target_mirror) + i);
  });
}

}  // namespace

#define BYOL_ISA_IS_baseline kUpdateKernelsBaseline
#define BYOL_ISA_IS_avx2 kUpdateKernelsAvx2
#define BYOL_ISA_IS_avx512 kUpdateKernelsAvx512
#define BYOL_ISA_JOIN(isa) BYOL_ISA_IS_##isa
#define BYOL_ISA_TABLE(isa) BYOL_ISA_JOIN(isa)

extern const UpdateKernels BYOL_ISA_TABLE(BYOL_ISA) = {finite, square, apply};

}  // namespace byol
