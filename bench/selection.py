"""Labels needed to be as good as 400 random ones, by way to choose; the head's word and truth; the cost.

A pool is labelled 20 images at a time. After each 20, the head on embeddings is fitted to the labels so far
and measured on other images. Five seeds. The pools, of the shared data: cats and dogs, the same with one
dog in 21, the same with copies as in a film, eyes (measured on other people), MNIST. Peers, in an
environment of their own under bench/.venvs, choose by the same head. In a second part a tenth of a window
drifts; a third holds what the head says of itself against what is true; a fourth takes the time. Embeddings
and finished courses are kept in bench/.cache/selection: stop it and begin again as you like.

`--quick`: two seeds, two pools, no peers, no table written. `--no-peers`: without them.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from driftwheel.drift.statistics.domain_classifier import domain_classifier
from driftwheel.learning.fit_embedding_head import fit_embedding_head
from driftwheel.selection.badge import badge
from driftwheel.selection.candidates import Candidates
from driftwheel.selection.clustered import clustered
from driftwheel.selection.drift_closeness import drift_closeness
from driftwheel.selection.holdout import Holdout
from driftwheel.selection.k_centre import k_centre
from driftwheel.selection.select import select
from driftwheel.selection.typical import typical
from machine import machine_lines
from selection_data import FAULTS, SHARED, DriftedWindow, Pool, drifted_window, pools
from selection_peers import PEERS, Peer, python_of_peers, versions_of_peers
from selection_runs import MOST, OWN, Course, follow, kept

RESULT = Path(__file__).parent / "results" / "selection.md"
SHOWN = (40, 60, 100, 140, 200, 300, 400)
POOLS = {
    "efficientnet-lite0": ("cats_dogs", "eyes", "cats, 1 in 21 a dog", "cats_dogs as film"),
    "gist": ("eyes", "cats_dogs", "MNIST"),
}
WITH_PEERS = ("eyes", "cats_dogs")
COURSES = Path(__file__).parent / ".cache" / "selection" / "courses"
NOTES = """Labels needed: from which on the mean of the seeds is at what random labels give at 400, in a
line between steps of 20 and made to rise by isotonic regression, lest a lucky step counts; all labels
count, those of the holdout too. Accuracy is the mean of the classes' recalls. ±: the standard error over
seeds. The default mix knows doubt only: no feedback, no versions, and drift in one row of the second part
alone."""
Curve = NDArray[np.float64]


HEAD = (
    f"| chosen by | labels needed | {' | '.join(f'at {count}' for count in SHOWN)} | mean from 40 on |",
    "| --- |" + " --- |" * 9,
)


def accuracies(courses: list[Course], points: tuple[int, ...]) -> Curve:
    """(seeds, points) accuracies, those between two steps in a line, those after the last like the last."""
    return np.array(
        [
            np.interp(points, *zip(*[(s.labels, s.accuracy) for s in c if not np.isnan(s.accuracy)]))  # noqa: B905
            for c in courses
        ]
    )


def needed(courses: list[Course], target: float) -> str:
    """The labels after which the mean of the courses, made to rise by pooling, is at the target."""
    points = tuple(range(20, MOST + 1))
    curve = isotonic_regression(accuracies(courses, points).mean(axis=0)).x
    above = np.flatnonzero(curve >= target - 1e-9)
    return str(points[above[0]]) if len(above) else f"> {MOST}"


def row(name: str, courses: list[Course], target: float) -> str:
    shown = accuracies(courses, SHOWN)
    whole = accuracies(courses, tuple(range(40, MOST + 1, 20)))
    error = whole.mean(axis=1).std(ddof=1) / np.sqrt(len(courses))
    cells = [f"{value:.1%}" for value in shown.mean(axis=0)]
    mean = f"{whole.mean():.1%} ± {error:.1%}"
    return f"| {name} | {needed(courses, target)} | {' | '.join(cells)} | {mean} |"


def table_of(name: str, pool: Pool, seeds: int) -> list[str]:
    courses = {
        way: [
            kept(COURSES, name, way, seed, lambda c=choose, s=seed: follow(pool, c, s))
            for seed in range(seeds)
        ]
        for way, choose in OWN.items()
    }
    target = float(accuracies(courses["random"], (MOST,)).mean())
    lines = [*HEAD, *(row(way, found, target) for way, found in courses.items())]
    learnt = [tuple(replace(step, labels=step.learnt) for step in one) for one in courses["default mix"]]
    lines.append(row("the same, its holdout not counted", learnt, target))
    few = len(pool.test_labels)
    return [*lines, "", f"{len(pool.labels):,} images to choose from, {few:,} to measure on."]


def peer_table(name: str, pool: Pool, seeds: int, python: Path) -> list[str]:
    """The peers, held against the same target, with random labels and the default mix once more."""
    lines = list(HEAD)
    target = 0.0
    for way in ("random", "default mix"):
        found = [
            kept(COURSES, name, way, seed, lambda w=way, s=seed: follow(pool, OWN[w], s))
            for seed in range(seeds)
        ]
        target = target or float(accuracies(found, (MOST,)).mean())
        lines.append(row(way, found, target))
    for way in PEERS:
        try:
            with Peer(python, way, pool) as peer:
                found = [
                    kept(COURSES, name, way, seed, lambda p=peer, s=seed: follow(pool, p, s))
                    for seed in range(seeds)
                ]
            lines.append(row(way, found, target))
        except RuntimeError as error:
            lines.append(f"| {way} | did not run: {error} |{' |' * 8}")
    return lines


def drift_rows(embedder: str, seeds: int) -> list[str]:
    shown = "accuracy on the fault: 0 | 60 | 100 | 200 | accuracy without it: 0 | 200"
    lines = [
        f"| a tenth of the window | chosen by | with the fault, of 100 chosen | {shown} |",
        "| --- |" + " --- |" * 8,
    ]
    ways = {name: OWN[name] for name in ("random", "margin", "default mix")}
    ways["default mix, drift known"] = OWN["default mix"]
    for fault, severity in FAULTS.items():
        windows = [drifted_window(embedder, fault, seed) for seed in range(seeds)]
        drifts = [closeness(window, seed) for seed, window in enumerate(windows)]
        for name, choose in ways.items():
            cells: list[list[float]] = []
            for seed, (window, drift) in enumerate(zip(windows, drifts, strict=True)):
                chosen: list[int] = []

                def watched(state, count, choose=choose, chosen=chosen):
                    rows = choose(state, count)
                    chosen.extend(rows.tolist())
                    return rows

                before = [first_accuracy(window, tests) for tests in (True, False)]
                given = drift if name.endswith("known") else None
                course = follow(
                    window.pool,
                    watched,
                    seed,
                    most=200,
                    labelled=window.known,
                    drift=given,
                    tests=window.tests_faulty,
                )
                on_fault = accuracies([course], (60, 100, 200))[0]
                share = float(window.faulty[chosen[:100]].sum())
                cells.append([share, before[0], *on_fault, before[1], course[-1].other])
            mean = np.mean(cells, axis=0)
            text = " | ".join(f"{value:.1%}" for value in mean[1:])
            lines.append(f"| {fault}, severity {severity} | {name} | {mean[0]:.0f} | {text} |")
    return lines


def closeness(window: DriftedWindow, seed: int) -> NDArray[np.float64]:
    """What the product would know: the 50 images that a domain classifier finds least like the reference."""
    new = np.arange(len(window.pool.labels)) >= len(window.known)
    table = window.pool.embeddings[new]
    rng = np.random.default_rng(seed)
    scores = domain_classifier(window.reference, table, rng=rng, permutations=20, threads=1).current_scores
    found = np.zeros(len(new))
    found[new] = drift_closeness(table, table[np.argsort(-scores)[:50]], window.reference)
    return found


def first_accuracy(window: DriftedWindow, faulty: bool) -> float:
    pool, rows = window.pool, window.tests_faulty == faulty
    names = pool.labels[window.known].astype(str).tolist()
    head = fit_embedding_head(pool.embeddings[window.known], names, seed=0).head
    named = head.scores(pool.test_embeddings[rows]).argmax(axis=1)
    truth = pool.test_labels[rows]
    return float(np.mean([(named[truth == label] == label).mean() for label in np.unique(truth)]))


def measured_rows(found: dict[str, Pool], seeds: int) -> list[str]:
    shown = "true | measured | width of the 90 % interval | it holds the truth | out of fold on all labels"
    lines = [f"| pool | labels | {shown} |", "| --- |" + " --- |" * 6]
    for name, pool in found.items():
        courses = [
            kept(COURSES, name, "default mix", seed, lambda p=pool, s=seed: follow(p, OWN["default mix"], s))
            for seed in range(seeds)
        ]
        for count in (100, 200, 400):
            cells = []
            for course in courses:
                step = min(course, key=lambda one: abs(one.labels - count))
                own = step.measured
                holds = own.low <= step.accuracy <= own.high
                cells.append((step.accuracy, own.accuracy, own.high - own.low, holds, step.out_of_fold))
            mean = np.mean(cells, axis=0)
            text = " | ".join(f"{value:.1%}" for value in mean[:3])
            lines.append(f"| {name} | {count} | {text} | {mean[3]:.0%} of {seeds} | {mean[4]:.1%} |")
    return lines


def cost_rows(n: int) -> list[str]:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(n, 128)).astype(np.float32)
    scores = rng.dirichlet(np.ones(10), n)
    doubt = 1 - scores.max(axis=1)
    labelled = np.arange(n) < 400
    candidates = Candidates(
        [f"{number:064x}" for number in range(n)],
        labelled,
        table,
        rng.integers(2**63, size=n).astype(np.uint64),
        doubt=doubt,
        drift=rng.random(n),
    )
    works: dict[str, Callable[[], object]] = {
        "k-centre": lambda: k_centre(table, 200, labelled=labelled),
        "BADGE": lambda: badge(table, scores, 200, rng=rng),
        "typical": lambda: typical(table, 200, rng=rng, labelled=labelled),
        "doubt, clustered": lambda: clustered(table, doubt, 200, rng=rng, breadth=4),
        "default mix, near-duplicates left out": lambda: select(
            candidates, 200, holdout=Holdout(bytes(16)), rng=rng
        ),
    }
    title = f"200 of {n:,} × 128, 400 labelled"
    lines = ["| what | on | processor seconds |", "| --- | --- | --- |"]
    lines += [f"| {name} | {title} | {least_seconds(work):.2f} |" for name, work in works.items()]
    for count, dimensions, classes in ((100, 128, 2), (1000, 128, 2), (1000, 512, 2), (1000, 512, 10)):
        middles = 0.35 * rng.normal(size=(classes, dimensions))
        labels = rng.integers(classes, size=count)
        places = middles[labels] + rng.normal(size=(count, dimensions))
        names = labels.astype(str).tolist()
        first = fit_embedding_head(places, names, seed=0).head
        on = f"{count:,} × {dimensions}, {classes} classes"
        for what, before in (("the head, first fit", None), ("the head, fitted again", first)):
            seconds = least_seconds(
                lambda b=before, p=places, y=names: fit_embedding_head(p, y, seed=0, before=b)
            )
            lines.append(f"| {what} | {on} | {seconds:.2f} |")
    return lines


def least_seconds(work: Callable[[], object]) -> float:
    best = np.inf
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="two seeds, two pools, no peers, no table")
    options.add_argument("--no-peers", action="store_true", help="without peers")
    given = options.parse_args()
    if not SHARED.is_dir():
        print(f"Left out: no data in {SHARED}.")
        return
    seeds = 2 if given.quick else 5
    python = peers = None
    if not (given.quick or given.no_peers):
        try:
            python = python_of_peers()
            peers = versions_of_peers(python)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"No peers: {error}")
    text = ["# Selection: which images to label", "", (__doc__ or "").split("\n\n")[1], ""]
    measured: dict[str, Pool] = {}

    def tell(title: str, lines: list[str]) -> None:
        section = [f"## {title}", "", *lines, ""]
        print("\n".join(section), flush=True)
        text.extend(section)

    for embedder, names in POOLS.items():
        found = pools(embedder)
        for name in names[:1] if given.quick else names:
            title = f"{name}, {embedder}"
            tell(title, table_of(title, found[name], seeds))
            if name in {"cats_dogs", "MNIST"}:
                measured[f"{name}, {embedder}"] = found[name]
    tell("A tenth of a window drifts", drift_rows("efficientnet-lite0", min(seeds, 3)))
    tell("What the head says of itself", measured_rows(measured, 2 if given.quick else 12))
    tell("Cost", cost_rows(5_000 if given.quick else 50_000))
    for name in WITH_PEERS if python else ():
        title = f"{name}, efficientnet-lite0"
        tell(f"Peers: {title}", peer_table(title, pools("efficientnet-lite0")[name], seeds, python))
    text += [NOTES, ""]
    text += machine_lines("scikit-learn", "onnxruntime")
    if peers:
        text.append(f"Peers: {peers}.")
    if not given.quick:
        RESULT.write_text("\n".join(text) + "\n")
        print(f"Written: {RESULT}")


if __name__ == "__main__":
    main()
