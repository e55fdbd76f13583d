"""Random scores with many ties and what scikit-learn says of them, as JSON: the answers that our metrics are compared with.

    python classification_metrics.py SEED > test/eval/fixtures/classification-metrics.json    (that of the repository: seed 0)
"""

import json
import sys
import warnings

import numpy as np
from sklearn.metrics import balanced_accuracy_score, precision_recall_curve, top_k_accuracy_score

rng = np.random.default_rng(int(sys.argv[1]))
ROWS, CLASSES = 157, 9


def eleven_points(own, scores):
    precision, recall, _ = precision_recall_curve(own, scores)
    # The last point is not of the scores: scikit-learn adds a precision of 1 at a recall of 0.
    precision, found = precision[:-1], np.rint(recall[:-1] * own.sum())
    return float(np.mean([precision[10 * found >= tenth * own.sum()].max() for tenth in range(11)]))


scores = rng.integers(-3, 4, (ROWS, CLASSES)) * 0.25
labels = rng.integers(0, CLASSES - 1, ROWS)  # of the last class there is no image
scores[np.arange(ROWS), labels] += 0.5 * rng.integers(0, 2, ROWS)

# Of classes with equal scores the one with the lower number comes first; scikit-learn takes the one with the higher.
ranked = {"y_true": CLASSES - 1 - labels, "y_score": scores[:, ::-1], "labels": range(CLASSES)}
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    by_class = {
        "labels": labels.tolist(),
        "top1": float(top_k_accuracy_score(**ranked, k=1)),
        "top5": float(top_k_accuracy_score(**ranked, k=5)),
        "meanPerClass": float(balanced_accuracy_score(labels, scores.argmax(1))),
    }

# From every image of the first class but one to 10 of the last but one; of the last class none.
share = np.array([0.99, 0.7, 0.5, 0.3, 0.3, 0.2, 0.1, 10 / ROWS, 0])
members = rng.random((ROWS, CLASSES)) < share
many = scores + 0.25 * members
per_class = [eleven_points(members[:, c], many[:, c]) if members[:, c].any() else None for c in range(CLASSES)]
by_labels = {
    "labels": [np.flatnonzero(row).tolist() for row in members],
    "perClass": per_class,
    "map11": float(np.mean([value for value in per_class if value is not None])),
}

json.dump({"classes": CLASSES, "scores": scores.ravel().tolist(), "byClass": by_class,
           "manyScores": many.ravel().tolist(), "byLabels": by_labels}, sys.stdout)
print()
