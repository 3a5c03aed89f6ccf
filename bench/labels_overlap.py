"""What dynamic overlap saves: answers a task at the accuracy of a fixed overlap, on simulated crowds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.confidence_calibration import calibrate_confidence, calibrated
from driftwheel.agreement.dynamic_overlap import OverlapRule, decide_overlap
from driftwheel.agreement.golden_bayes import golden_bayes
from labels_crowds import answer_all, as_answers, golden_of, make_crowd

CROWDS = {
    "good": {"good": 20},
    "good and sloppy": {"good": 14, "sloppy": 6},
    "before any ban": {"good": 10, "sloppy": 5, "random": 3, "one class": 2},
}
TASKS, HARD, SEEDS, MOST = 2000, 0.05, 5, 5
SURE = (0.6, 0.7, 0.8, 0.87, 0.92, 0.95, 0.97, 0.985, 0.995)
EQUAL = 0.002  # accuracies that far apart count as equal


def outcome(
    crowd_of: Mapping[str, int], n_classes: int, rule: OverlapRule, seed: int
) -> tuple[float, float, float]:
    """Return answers a task, accuracy and the share in dispute, over tasks that are not golden."""
    rng = np.random.default_rng(seed)
    crowd = make_crowd(rng, crowd_of, n_classes)
    truth = rng.choice(n_classes, size=TASKS, p=rng.dirichlet(np.full(n_classes, 5.0)))
    said = answer_all(rng, crowd, truth, hard=HARD)
    golden = golden_of(rng, truth, 0.1)
    who = rng.random(said.shape).argsort(axis=1)[:, :MOST]
    n: NDArray[np.intp] = np.full(TASKS, rule.least)
    real = golden < 0
    while True:
        tasks, place = np.nonzero(np.arange(MOST) < n[:, None])
        answers = as_answers(rng, tasks, who[tasks, place], said, crowd)
        found = golden_bayes(answers, golden).consensus
        sure = calibrated(found.posterior, calibrate_confidence(found.posterior, golden)).max(axis=1)
        actions = np.array(
            [decide_overlap(float(one), int(k), rule).action for one, k in zip(sure, n, strict=True)]
        )
        if not (actions == "ask").any():
            right = (found.labels == truth)[real]
            return float(n[real].mean()), float(right.mean()), float((actions == "dispute")[real].mean())
        n[actions == "ask"] += 1


def mean_of(crowd_of: Mapping[str, int], n_classes: int, rule: OverlapRule) -> tuple[float, float, float]:
    runs = np.array([outcome(crowd_of, n_classes, rule, seed) for seed in range(SEEDS)])
    answers, accuracy, disputed = runs.mean(axis=0)
    return float(answers), float(accuracy), float(disputed)


def answers_for(curve: list[tuple[float, float]], accuracy: float) -> float | None:
    """Answers a task at which the curve reaches this accuracy, between its points on a line."""
    wanted = accuracy - EQUAL
    for (before, low), (after, high) in zip([(0.0, 0.0), *curve], curve, strict=False):
        if high >= wanted:
            if before == 0.0 or low >= wanted:
                return after
            return before + (after - before) * (wanted - low) / (high - low)
    return None


def overlap_lines() -> tuple[list[str], list[str]]:
    rows, missed = [], []
    for name, crowd_of in CROWDS.items():
        for n_classes in (2, 4, 10):
            fixed = {k: mean_of(crowd_of, n_classes, OverlapRule(k, k)) for k in (3, 5)}
            swept = {one: mean_of(crowd_of, n_classes, OverlapRule(2, MOST, one)) for one in SURE}
            curve = sorted((answers, accuracy) for answers, accuracy, _ in swept.values())
            saved = []
            for k, (_, accuracy, _) in fixed.items():
                needed = answers_for(curve, accuracy)
                saved.append("not reached" if needed is None else f"{1 - needed / k:.0%}")
                missed += [f"{name}, {n_classes} classes: saves nothing"] if (needed or k) >= k else []
            default = swept[0.95]
            rows.append(
                f"| {name} | {n_classes} | {fixed[3][1]:.1%} | {fixed[5][1]:.1%} | {default[1]:.1%} | "
                f"{default[0]:.2f} | {default[2]:.1%} | {saved[0]} | {saved[1]} |"
            )
            print(rows[-1], flush=True)
    return [
        "## What dynamic overlap saves",
        "",
        f"{TASKS:,} tasks, {HARD:.0%} of them hard (people err on them together), {SEEDS} crowds a row; a",
        "tenth golden. All by golden-weighted Bayes with calibrated confidence; disputed tasks count with",
        f"their consensus, as if nobody reviewed them. Equal: at most {100 * EQUAL:.1f} points less.",
        "",
        (
            "| crowd | classes | right at 3 | right at 5 | 2 to 5 until 95 % sure | answers a task | in "
            "dispute | saved at the accuracy of 3 | saved at that of 5 |"
        ),
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
    ], missed
