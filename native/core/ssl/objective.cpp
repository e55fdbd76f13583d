#include "core/ssl/objective.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "core/row_norms.h"

namespace byol {
namespace {

// Of the normalisations over a row or a batch; far below the variance of anything but a constant.
constexpr double kVarianceEpsilon = 1e-5;

// Low-precision heads end here: norms and products of the loss are float32 (or float64 when tested so).
at::Tensor widen(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat); }

at::Tensor standardize(const at::Tensor& x, int64_t axis) {
  const at::Tensor centred = x - x.mean(axis, /*keepdim=*/true);
  const at::Tensor variance = centred.square().mean(axis, /*keepdim=*/true);
  return centred * at::rsqrt(variance + kVarianceEpsilon) / std::sqrt(static_cast<double>(x.size(1)));
}

// ln of the summed exp(S / alpha) over everything that a prediction is told apart from, its own positive included.
at::Tensor log_partition(const NegativesSpec& spec, const at::Tensor& p, const at::Tensor& t,
                         const Direction& direction, const at::Tensor& queue, Similarity similarity) {
  if (spec.kind == NegativesKind::Queue) {
    const at::Tensor positive = (p * t).sum(1, /*keepdim=*/true);
    return (at::cat({positive, p.matmul(queue.to(p.scalar_type()).t())}, 1) / spec.temperature).logsumexp(1);
  }
  const at::Tensor own = p.matmul(normalize_rows(direction.own_view_target, similarity).t());
  // An image is not a negative of itself in the same view.
  const at::Tensor diagonal = at::eye(p.size(0), p.options().dtype(at::kBool));
  const at::Tensor others = own.masked_fill(diagonal, -std::numeric_limits<double>::infinity());
  return (at::cat({others, p.matmul(t.t())}, 1) / spec.temperature).logsumexp(1);
}

}  // namespace

at::Tensor normalize_rows(const at::Tensor& input, Similarity similarity) {
  const at::Tensor x = widen(input);
  switch (similarity) {
    case Similarity::L2:
      return l2_normalize(x);
    case Similarity::Layer:
      return standardize(x, 1);
    case Similarity::Batch:
      return standardize(x, 0);
    case Similarity::Softmax:
      return x.softmax(1) / std::sqrt(static_cast<double>(x.size(1)));
    case Similarity::None:
      break;
  }
  return x;
}

at::Tensor direction_loss(const ObjectiveSpec& spec, const Direction& direction, const at::Tensor& queue) {
  const at::Tensor p = normalize_rows(direction.prediction, spec.similarity);
  const at::Tensor t = normalize_rows(direction.target, spec.similarity);
  // Not 2 - 2cos, which is the same for unit vectors only: a zero vector stays zero and costs 1.
  at::Tensor loss = (p - t).square().sum(1);
  if (spec.negatives) {
    const double factor = spec.negatives->weight * 2.0 * spec.negatives->temperature;
    loss = loss + factor * log_partition(*spec.negatives, p, t, direction, queue, spec.similarity);
  }
  return loss.mean();
}

at::Tensor optimal_predictor(const at::Tensor& projections, const at::Tensor& targets, double ridge) {
  at::NoGradGuard no_grad;
  const at::Tensor z = projections.to(at::kDouble), t = targets.to(at::kDouble);
  const at::Tensor gram = z.t().matmul(z);
  const at::Tensor diagonal = at::eye(gram.size(0), gram.options()) * (ridge * gram.trace() / gram.size(0));
  const auto [factor, info] = at::linalg_cholesky_ex(gram + diagonal);
  const at::Tensor solution = at::cholesky_solve(z.t().matmul(t), factor);
  // Not a host branch: a batch without a solution becomes a step that is refused.
  const at::Tensor solved =
      at::where(info.eq(0), solution, at::full({}, std::numeric_limits<double>::quiet_NaN(), solution.options()));
  return solved.to(widen(projections).scalar_type());
}

Classification classify(const at::Tensor& scores, const at::Tensor& labels, double label_smoothing) {
  const at::Tensor labelled = labels.ge(0).sum().clamp_min(1).to(at::kFloat);
  const at::Tensor loss =
      at::cross_entropy_loss(widen(scores), labels, {}, at::Reduction::Sum, /*ignore_index=*/-1, label_smoothing) /
      labelled;
  at::NoGradGuard no_grad;
  const at::Tensor best = std::get<1>(scores.topk(std::min<int64_t>(5, scores.size(1)), 1));
  const auto share = [&](const at::Tensor& right) { return right.sum().to(at::kFloat) / labelled; };
  return {loss, share(scores.argmax(1).eq(labels)), share(best.eq(labels.unsqueeze(1)))};
}

Classification classify_many(const at::Tensor& scores, const at::Tensor& classes) {
  const at::Tensor wide = widen(scores);
  const at::Tensor known = classes.ge(0).to(wide.scalar_type());
  const at::Tensor sum = at::binary_cross_entropy_with_logits(wide, classes.clamp_min(0).to(wide.scalar_type()), known,
                                                              /*pos_weight=*/{}, at::Reduction::Sum);
  const at::Tensor loss = sum / known.sum().clamp_min(1);
  at::NoGradGuard no_grad;
  const at::Tensor is = classes.eq(1);
  const at::Tensor labelled = is.any(1).sum().clamp_min(1).to(at::kFloat);
  const at::Tensor hits = is.gather(1, std::get<1>(scores.topk(std::min<int64_t>(5, scores.size(1)), 1)));
  const auto share = [&](int64_t k) { return hits.narrow(1, 0, k).any(1).sum().to(at::kFloat) / labelled; };
  return {loss, share(1), share(hits.size(1))};
}

}  // namespace byol
