"""Run crowd-kit on answers read from standard input; run by labels_peers in crowd-kit's own environment."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any


def main() -> None:
    import pandas as pd
    from crowdkit import aggregation as peer
    from crowdkit.metrics.data import alpha_krippendorff

    warnings.simplefilter("ignore")
    given = json.load(sys.stdin)
    frame = pd.DataFrame(
        {"task": given["tasks"], "worker": given["annotators"], "label": given["labels"]},
    )
    golden = pd.Series({int(task): label for task, label in given["golden"].items()}, name="true_label")
    methods: dict[str, Callable[[], Any]] = {
        "MajorityVote": lambda: peer.MajorityVote().fit_predict(frame),
        "GoldMajorityVote": lambda: peer.GoldMajorityVote().fit_predict(frame, golden),
        "Wawa": lambda: peer.Wawa().fit_predict(frame),
        "DawidSkene": lambda: peer.DawidSkene(n_iter=100).fit_predict(frame),
        "OneCoinDawidSkene": lambda: peer.OneCoinDawidSkene(n_iter=100).fit_predict(frame),
        "MMSR": lambda: peer.MMSR(random_state=0).fit_predict(frame),
    }
    answer: dict[str, Any] = {"alpha": float(alpha_krippendorff(frame))} if given["alpha"] else {}
    for name in given["methods"]:
        begun = time.process_time()
        try:
            labels = methods[name]()
            found = [int(labels.get(task, -1)) for task in range(given["n"])]
            answer[name] = {"labels": found, "seconds": time.process_time() - begun}
        except Exception as error:  # told in the table
            answer[name] = {"error": f"{type(error).__name__}: {error}"[:100]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
