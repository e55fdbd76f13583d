#pragma once

#include <ATen/ATen.h>

#include "core/ssl/objective_spec.h"

namespace byol {

/// The rows [B, D] as the similarity compares them, float32 (float64 stays).
at::Tensor normalize_rows(const at::Tensor& x, Similarity similarity);

/// What one direction of the objective compares, [B, D] each: phi(v_i), psi(v'_i), and psi(v_i) of the prediction's own
/// view, which only the batch's negatives need.
struct Direction {
  at::Tensor prediction, target, own_view_target;
};

/// One direction of the objective, the mean over the batch of
///
///   |p_i - t_i|^2 + beta 2 alpha ln[ sum_{j != i} exp(S(v_i, v_j) / alpha) + sum_j exp(S(v_i, v'_j) / alpha) ]
///
/// with p and t normalised as the similarity says and S their inner product: BYOL at beta = 0, where the distance is
/// 2 - 2cos for all but (near) zero vectors (official helpers.regression_loss); 2 + 2 alpha InfoNCE at beta = 1 (paper
/// section 5 and F.4). With a queue [K, D] of normalised targets the sum is over the positive and the queue, as in MoCo.
/// Returns a scalar.
at::Tensor direction_loss(const ObjectiveSpec& spec, const Direction& direction, const at::Tensor& queue);

/// The D x D' matrix that maps rows of `projections` [N, D] to `targets` [N, D'] with the least squared error, a
/// constant to autograd: (Z'Z + ridge * mean(diag Z'Z) I)^-1 Z'T, solved in float64 (paper section 5 and I.2). Not
/// finite where that is singular.
at::Tensor optimal_predictor(const at::Tensor& projections, const at::Tensor& targets, double ridge);

/// Cross-entropy with label smoothing, and top-1 and top-5 accuracy (top-5: 1 with five classes or fewer), as means over
/// the rows whose label is not -1; 0 if there are none.
struct Classification {
  at::Tensor loss, top1, top5;
};
Classification classify(const at::Tensor& scores, const at::Tensor& labels, double label_smoothing = 0.0);

/// The same for rows of any number of classes. `classes`: int64 [B, C], 1 where the row is of the class, 0 where it is not,
/// -1 where that is not known. The loss is the cross-entropy of a sigmoid for each class, the mean over all that is known.
/// Of the rows with a class, those are right within k that have one among their k best scores.
Classification classify_many(const at::Tensor& scores, const at::Tensor& classes);

}  // namespace byol
