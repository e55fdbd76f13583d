"""Random features and how many of them scikit-learn's nearest neighbours classify rightly, as JSON.

    python knn.py SEED > test/eval/fixtures/knn.json    (that of the repository: seed 0)
"""

import json
import sys

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

rng = np.random.default_rng(int(sys.argv[1]))
TRAIN, TEST, FEATURES, CLASSES = 300, 120, 6, 8

# Multiples of 1/64: sums of squares of them are exact in float32, and distances of 0 are 0.
centres = rng.integers(-96, 97, (CLASSES, FEATURES))
train_labels, test_labels = rng.integers(0, CLASSES, TRAIN), rng.integers(0, CLASSES, TEST)
train = (centres[train_labels] + rng.integers(-128, 129, (TRAIN, FEATURES))) / 64
test = (centres[test_labels] + rng.integers(-128, 129, (TEST, FEATURES))) / 64
test[::5] = train[rng.choice(TRAIN, len(test[::5]), replace=False)]


def accuracies(k, similarity, vote, temperature):
    by = {
        "majority": "uniform",
        "weighted": "distance" if similarity == "euclidean" else lambda d: np.exp((1 - d) / temperature),
    }
    model = KNeighborsClassifier(k, metric=similarity, weights=by[vote], algorithm="brute").fit(train, train_labels)
    votes = model.predict_proba(test)
    own = votes[np.arange(TEST), test_labels][:, None]
    lower = np.arange(CLASSES) < test_labels[:, None]
    before = ((votes > own) | ((votes == own) & lower)).sum(1)
    top1 = (model.predict(test) == test_labels).mean()
    assert top1 == (before < 1).mean()  # of equal votes scikit-learn takes the lowest class too
    return {"top1": float(top1), "top5": float(((before < 5) & (own[:, 0] > 0)).mean())}


rules = [
    {"k": k, "similarity": similarity, "vote": vote, "temperature": temperature}
    for k in (1, 5, 20, 120)
    for similarity in ("cosine", "euclidean")
    for vote in ("weighted", "majority")
    for temperature in (0.07, 0.5)
]
json.dump(
    {
        "features": FEATURES,
        "classes": CLASSES,
        "train": train.ravel().tolist(),
        "trainLabels": train_labels.tolist(),
        "test": test.ravel().tolist(),
        "testLabels": test_labels.tolist(),
        "answers": [{**rule, **accuracies(**rule)} for rule in rules],
    },
    sys.stdout,
)
