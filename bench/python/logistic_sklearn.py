"""Fits scikit-learn's LogisticRegression (L-BFGS), warm-started over penalties, and tells wall seconds and objectives as JSON.

logistic_sklearn.py FEATURES LABELS ROWS WIDTH TOLERANCE PENALTY...: raw little-endian float32 and int32 files.
"""

import json
import sys
import time
import warnings

import numpy as np
import scipy.special
import sklearn
from sklearn.linear_model import LogisticRegression

warnings.simplefilter("ignore")
rows, width, tolerance = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
features = np.fromfile(sys.argv[1], "<f4").reshape(rows, width)
labels = np.fromfile(sys.argv[2], "<i4")
seconds, objectives, iterations = 0.0, [], 0
model = LogisticRegression(tol=tolerance, max_iter=5000, warm_start=True)
for penalty in map(float, sys.argv[6:]):
    model.set_params(C=1 / penalty)
    began = time.perf_counter()
    model.fit(features, labels)
    seconds += time.perf_counter() - began
    iterations += int(model.n_iter_[0])
    weights = model.coef_.astype("d")
    logits = features.astype("d") @ weights.T + model.intercept_
    losses = scipy.special.logsumexp(logits, axis=1) - logits[np.arange(rows), labels]
    objectives.append(float(losses.sum() + penalty / 2 * (weights**2).sum()))
print(json.dumps({"version": sklearn.__version__, "seconds": seconds, "iterations": iterations, "objectives": objectives}))
