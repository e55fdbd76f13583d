"""Rows, and what scikit-learn's LogisticRegression makes of them, as JSON: the answers that ours is compared with.

    python logistic_regression.py 80 5 4 0 > test/eval/fixtures/logistic-regression.json    (rows, features, classes, seed)
"""

import json
import sys
import time

import numpy as np
from sklearn.linear_model import LogisticRegression

rows, features, classes, seed = map(int, sys.argv[1:5])
rng = np.random.default_rng(seed)
centres = rng.normal(size=(classes, features)) * 0.8
scales = np.exp(rng.normal(size=features))


def draw():
    labels = rng.integers(0, classes, rows)
    x = (centres[labels] + rng.normal(size=(rows, features)) + 1.5) * scales
    members = rng.random((rows, classes)) < 0.15
    members[np.arange(rows), labels] = True
    return np.round(x, 3).astype("f4"), labels, members


def fitted(x, y, penalty):
    return LogisticRegression(C=1 / penalty, tol=1e-9, max_iter=100_000).fit(x.astype("f8"), y)


def objective(model, penalty):
    z = x.astype("f8") @ model.coef_.T + model.intercept_
    losses = np.log(np.exp(z - z.max(1, keepdims=True)).sum(1)) + z.max(1) - z[np.arange(rows), labels]
    return float(losses.sum() + penalty / 2 * (model.coef_**2).sum())


x, labels, members = draw()
asked, own, _ = draw()
answers = []
for penalty in (100.0, 1.0, 0.01):
    start = time.perf_counter()
    model = fitted(x, labels, penalty)
    seconds = time.perf_counter() - start
    each = [fitted(x, members[:, c], penalty) for c in range(classes)]
    answers.append({
        "penalty": penalty,
        "seconds": seconds,
        "weights": model.coef_.ravel().tolist(),
        "biases": model.intercept_.tolist(),
        "objective": objective(model, penalty),
        "right": int((model.predict(asked) == own).sum()),
        "manyWeights": np.concatenate([one.coef_[0] for one in each]).tolist(),
        "manyBiases": [float(one.intercept_[0]) for one in each],
    })
json.dump({
    "features": features, "classes": classes, "x": x.ravel().astype("f8").round(3).tolist(), "labels": labels.tolist(),
    "members": [np.flatnonzero(row).tolist() for row in members],
    "asked": asked.ravel().astype("f8").round(3).tolist(), "own": own.tolist(), "answers": answers,
}, sys.stdout)
print()
