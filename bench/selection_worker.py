"""A peer's way to choose, in the peer's own environment: one JSON line asks, one answers.

`selection_worker.py NAME EMBEDDINGS.npy`; asked are {"labelled": rows, "labels": their classes, "count": …,
"seed": …, "weights": …, "bias": …}, where weights and bias are those of the head after its temperature, so
that every way to choose has the same model. Answered are rows.
"""

from __future__ import annotations

import json
import sys
import warnings

import numpy as np
from scipy.special import softmax

warnings.simplefilter("ignore")


class Head:
    """The head as modAL sees it."""

    def __init__(self, asked, table):
        self.weights, self.bias = np.array(asked["weights"]), np.array(asked["bias"])
        self.X_training, self.on_transformed = table[asked["labelled"]], False

    def predict_proba(self, X):  # noqa: N803
        return softmax(X @ self.weights + self.bias, axis=1)


def scikit_activeml(name, asked, table, labels):
    from skactiveml import pool
    from skactiveml.base import SkactivemlClassifier

    class Model(SkactivemlClassifier):
        def __init__(self, classes=None, missing_label=np.nan, cost_matrix=None, random_state=None):
            super().__init__(classes, missing_label, cost_matrix, random_state)

        def fit(self, X, y, sample_weight=None):  # noqa: ARG002, N803
            return self

        def predict_proba(self, X):  # noqa: N803
            return Head(asked, table).predict_proba(X)

    seed = asked["seed"]
    options = {"batch_size": asked["count"]}
    if name in {"UncertaintySampling", "Badge"}:
        options |= {"clf": Model(classes=np.arange(len(asked["bias"]))), "fit_clf": False}
    if name == "UncertaintySampling":
        strategy = pool.UncertaintySampling(method="margin_sampling", random_state=seed)
    else:
        strategy = getattr(pool, name)(random_state=seed)
    return strategy.query(table, labels, **options)


def modal(asked, table, free):
    from modAL.batch import uncertainty_batch_sampling

    chosen = uncertainty_batch_sampling(Head(asked, table), table[free], n_instances=asked["count"])
    return free[np.asarray(chosen[0] if isinstance(chosen, tuple) else chosen)]


def main() -> None:
    name, table = sys.argv[1], np.load(sys.argv[2]).astype(np.float64)
    for line in sys.stdin:
        asked = json.loads(line)
        labels = np.full(len(table), np.nan)
        labels[asked["labelled"]] = asked["labels"]
        if name == "ranked batch":
            rows = modal(asked, table, np.flatnonzero(np.isnan(labels)))
        else:
            rows = scikit_activeml(name, asked, table, labels)
        print(json.dumps([int(row) for row in rows]), flush=True)


if __name__ == "__main__":
    main()
