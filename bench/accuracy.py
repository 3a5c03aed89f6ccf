"""Accuracy without labels: how far off it is, whether the interval holds it, whether "cannot tell" is right.

Digits and photos with faults, see accuracy_scores.py. A fault that is tested is never among those that the
estimate was learned from: each is left out of the simulated ones with all its severities. `--data` keeps the
trained models' scores, so that a run resumes; `--quick` takes one draw a case and writes no table.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from accuracy_scores import Scored, World, digits, photos
from driftwheel.performance.accuracy_estimate import (
    LearnedAccuracy,
    estimate_accuracy,
    learn_accuracy,
    quantile_over_groups,
)
from driftwheel.performance.agreement_on_the_line import agreement_on_the_line
from driftwheel.performance.answers import answers_from_scores, known_answers_from_scores
from driftwheel.performance.average_thresholded_confidence import learn_threshold, share_above, sureness
from driftwheel.performance.fault_process import foretell
from driftwheel.performance.moved_scores import log_odds, moved_scores
from driftwheel.performance.simulated_windows import SimulatedShift
from driftwheel.predictions import AccuracyEstimate
from machine import machine_lines
from temperature import fit_temperature, with_temperature

BENCH = Path(__file__).parent
SHARED = Path(os.environ.get("DRIFTWHEEL_SHARED", BENCH.parents[1] / "shared")) / "data"
RESULT = BENCH / "results" / "accuracy.md"
SIZES = {"digits": (50, 100, 300, 1000), "photos": (50, 100, 160)}
METHODS = (
    "averaged confidence",
    "ATC, maximum confidence",
    "ATC, negative entropy",
    "agreement on the line, simple",
    "agreement on the line, detailed",
    "Driftwheel, faults simulated",
    "Driftwheel, faults on 72 images",
    "Driftwheel, no fault simulated",
)
FEW = 72  # images that `driftwheel check` simulates a fault on, at most
OFF = 0.05
OFF_TOLD = "off by > 5, told | off by > 5, not told | mean error, not told"

WRITTEN = (
    "Written by [accuracy.py](../accuracy.py). Errors in points of accuracy (0 to 100), of the share of "
    "right answers in the same window. A fault that is tested was left out of those the estimate was "
    'learned from, with all its severities. "Told": an estimate was given, not "cannot tell". The interval '
    "is meant to hold the accuracy in 90 % of the windows."
)
PUBLISHED = (
    "Published, on other shifts: ATC 2.40 (MNIST), 2.85 and 3.87 (CIFAR-10, natural and synthetic); averaged "
    "confidence 6.9, 11.9, 14.8. Agreement on the line needs the other versions, five on digits and four on "
    "photos; windows of knocked-out classes are not among its own."
)


@dataclass(frozen=True)
class Row:
    """One window of one model, and what a method said of it."""

    world: World
    case: Scored
    n: int
    method: str
    truth: float
    estimate: float
    told: bool = True
    low: float = 0.0
    high: float = 1.0
    why: str = ""

    @property
    def error(self) -> float:
        return abs(self.estimate - self.truth)

    @property
    def held(self) -> bool:
        return self.low - 1e-9 <= self.truth <= self.high + 1e-9


def rows_of(world: World, versions: Sequence[World], draws: int, experience: float) -> Iterator[Row]:
    """Yield what every method says of every window of one model.

    `experience`: half the interval where no fault is simulated, in deviations, as other data tell.
    """
    rng = np.random.default_rng(0)
    cases = [*world.production, *mixes(world.production[0])]
    learned: dict[str, tuple[LearnedAccuracy, ...]] = {}
    plain = replace(learn(world, None), deviations=experience)
    estimators = published(world)
    before = np.array([one.source.scores.argmax(axis=1) for one in versions])
    for case in cases:
        if case.fault not in learned:
            learned[case.fault] = learn(world, case.fault), learn(world, case.fault, FEW), plain
        number = [one.name for one in world.production].index(case.name) if case in world.production else None
        for n in SIZES[world.data]:
            for _ in range(draws):
                taken = rng.choice(len(case.truth), min(n, len(case.truth)), replace=False)
                scores, truth = case.scores[taken], case.truth[taken]
                true_one = float((scores.argmax(axis=1) == truth).mean())
                for method, estimate in estimators.items():
                    yield Row(world, case, n, method, true_one, estimate(scores))
                if number is not None:
                    yield from of_versions(world, versions, before, number, taken, n, true_one)
                answers = answers_from_scores(scores)
                for method, its in zip(METHODS[-3:], learned[case.fault], strict=True):
                    yield of_driftwheel(
                        world, case, n, method, true_one, estimate_accuracy(its, answers), its.usual.accuracy
                    )


def of_driftwheel(world, case, n, method, true_one, found: AccuracyEstimate, usual) -> Row:  # noqa: PLR0917
    if found.accuracy is None:
        return Row(world, case, n, method, true_one, usual, told=False, why=found.reason)
    return Row(
        world, case, n, method, true_one, found.accuracy, found.told, found.low, found.high, found.reason
    )


def misfits_of(world: World) -> list[np.ndarray]:
    """Return for each fault how far off its windows are from what no simulated fault tells, in deviations."""
    plain = learn(world, None)
    found: dict[str, list[float]] = {}
    for case in [*world.production, *mixes(world.production[0])]:
        if case.fault == "unknown":
            continue
        answers = answers_from_scores(case.scores)
        n, share = len(answers), float((case.scores.argmax(axis=1) == case.truth).mean())
        foretold = foretell(plain._process, moved_scores(plain.usual, answers))
        chance = 1 / (n * share * (1 - share) + 0.5)
        off = abs(log_odds(share, n) - foretold.mean) / np.sqrt(foretold.deviation**2 + chance)
        name = case.fault or ("no shift" if case.name == "clean" else "class mix")
        found.setdefault(name, []).append(float(off))
    return [np.array(one) for one in found.values()]


def experience_of(worlds: Sequence[World]) -> float:
    """Return half the 90 % interval in deviations, as the faults of these models tell."""
    return quantile_over_groups([off for world in worlds for off in misfits_of(world)])


def experience_table(worlds: Sequence[World]) -> list[str]:
    """Return how wide the interval must be where no fault is simulated, and how that carries over."""
    off = {(one.data, one.model): misfits_of(one) for one in worlds}
    whole = quantile_over_groups([group for groups in off.values() for group in groups])
    said = (
        f"Half the 90 % interval, in deviations of what the process foretells: **{whole:.2f}**, the quantile "
        f"over {sum(map(len, off.values()))} faults of {len(off)} models, each of the same weight. Below, "
        "the same without one model, and without one kind of data, and how much of what was left out it "
        "holds (windows that would be refused among them)."
    )
    lines = [said, "", "| left out | without it | holds of it |", "| --- | ---: | ---: |"]
    left_out = [(f"{data}: {model}", {(data, model)}) for data, model in off]
    left_out += [(f"all {data}", {one for one in off if one[0] == data}) for data, _ in off]
    for name, left in dict(left_out).items():
        rest = [group for one, groups in off.items() if one not in left for group in groups]
        if rest:
            value = quantile_over_groups(rest)
            held = np.mean([(group <= value).mean() for one in left for group in off[one]])
            lines.append(f"| {name} | {value:.2f} | {100 * held:.1f} % |")
    return lines


def learn(world: World, without: str | None, images: int | None = None) -> LearnedAccuracy:
    """Learn from the reference, and from all simulated faults but one; None: from no fault.

    `images`: how many of each simulated case.
    """
    shifts = [
        SimulatedShift(one.fault, known_answers_from_scores(one.scores[:images], one.truth[:images]))
        for one in world.simulated
        if without is not None and one.fault != without
    ]
    reference = known_answers_from_scores(world.source.scores, world.source.truth)
    return learn_accuracy(reference, shifts, rng=np.random.default_rng(0))


def published(world: World) -> dict[str, Callable]:
    """Return the published methods for one model, each from scores to accuracy; scaled as the paper does."""
    source = world.source
    correct = source.scores.argmax(axis=1) == source.truth
    temperature = fit_temperature(source.scores, source.truth).temperature
    scaled = with_temperature(source.scores, temperature)

    def confidence(scores):
        return float(with_temperature(scores, temperature).max(axis=1).mean())

    def thresholded(score):
        learned = learn_threshold(sureness(scaled, score), correct)
        return lambda scores: share_above(sureness(with_temperature(scores, temperature), score), *learned)

    return dict(
        zip(
            METHODS[:3],
            (confidence, thresholded("max_confidence"), thresholded("negative_entropy")),
            strict=True,
        )
    )


def of_versions(world, versions, before, number, taken, n, true_one) -> Iterator[Row]:  # noqa: PLR0917
    now = np.array([one.production[number].scores[taken].argmax(axis=1) for one in versions])
    found = agreement_on_the_line(before, world.source.truth, now)
    mine = [one.model for one in versions].index(world.model)
    case = world.production[number]
    for method, its in zip(METHODS[3:5], (found.simple, found.detailed), strict=True):
        yield Row(world, case, n, method, true_one, its[mine], told=found.trusted)


def mixes(clean: Scored) -> list[Scored]:
    """Knock out a class, half and whole; and one class only."""
    rng = np.random.default_rng(1)
    zero = clean.truth == 0
    half = ~zero | (rng.random(len(zero)) < 0.5)
    found = [("half of class 0 knocked out", half), ("class 0 knocked out", ~zero)]
    if clean.scores.shape[1] > 2:
        found += [("classes 1 and 7 only", np.isin(clean.truth, (1, 7)))]
    return [Scored(name, "", clean.scores[rows], clean.truth[rows]) for name, rows in found]


def family(row: Row) -> str:
    if row.case.fault == "unknown":
        return "a class that the model does not know"
    if "knocked out" in row.case.name or "only" in row.case.name:
        return "classes knocked out"
    if not row.case.fault:
        return "no shift"
    return {
        "rotation": "rotated",
        "noise": "noisy",
        "blur": "blurred",
        "motion_blur": "blurred",
        "affine": "random affine maps",
    }.get(row.case.fault, "other camera faults")


def table(rows: Sequence[Row], by: Callable[[Row], str], title: str) -> list[str]:
    """Return a Markdown table of one method by something."""
    lines = [
        f"| {title} | windows | mean error | told | error where told | interval holds | {OFF_TOLD} |",
        "| --- " + "| ---: " * 8 + "|",
    ]
    for name in dict.fromkeys(map(by, rows)):
        its = [one for one in rows if by(one) == name]
        told, untold = [one for one in its if one.told], [one for one in its if not one.told]
        cells = (
            f"{len(its):,}",
            points(its),
            share(len(told), len(its)),
            points(told),
            share(sum(one.held for one in told), len(told)),
            share(sum(one.error > OFF for one in told), len(told)),
            share(sum(one.error > OFF for one in untold), len(untold)),
            points(untold),
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def methods_table(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| method | digits | photos | of the windows that the default estimate tells: digits | photos |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    told = {(key(one)) for one in rows if one.method == METHODS[-3] and one.told}
    for method in METHODS:
        cells = []
        for only in (False, True):
            for data in ("digits", "photos"):
                its = [one for one in rows if one.method == method and one.world.data == data]
                cells.append(points([one for one in its if not only or key(one) in told]))
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return lines


def trusted_line(rows: Sequence[Row]) -> str:
    """Say how agreement on the line does where its authors trust it."""
    said = []
    for data in ("digits", "photos"):
        its = [one for one in rows if one.method == METHODS[4] and one.world.data == data]
        told = [one for one in its if one.told]
        off = share(sum(one.error > OFF for one in told), len(told))
        said.append(
            f"{data}: {share(len(told), len(its))} of the windows, error {points(told)}, off by > 5 {off}"
        )
    where = "Agreement on the line, detailed, where the pairs lie on one (r² of 0.95 at least)"
    return f"{where}: {'; '.join(said)}."


def key(row: Row) -> tuple:
    return row.world.model, row.world.data, row.case.name, row.n, row.truth


def points(rows: Sequence[Row]) -> str:
    return f"{100 * np.mean([one.error for one in rows]):.2f}" if rows else "–"


def share(k: int, n: int) -> str:
    return f"{100 * k / n:.1f} %" if n else "–"


def report(rows: Sequence[Row], experience: Sequence[str], seconds: float) -> list[str]:
    seen = [one for one in rows if one.case.fault != "unknown"]
    lines = ["# Accuracy without labels", "", *machine_lines("torch", "scikit-learn"), ""]
    lines += [
        WRITTEN,
        "",
        "## Mean absolute error of each method, all windows",
        "",
        *methods_table(seen),
        "",
        trusted_line(seen),
        "",
        PUBLISHED,
        "",
    ]
    said_of = (
        "with faults simulated",
        f"with faults simulated on {FEW} images, as in the check and in the server that has the model's file",
        "without, as in the server where scores are logged; the interval is that of the other kind of data",
    )
    for method, said in zip(METHODS[-3:], said_of, strict=True):
        its = [one for one in seen if one.method == method]
        lines += [f"## The default estimate, {said}", ""]
        lines += [*table(its, lambda one: one.world.data, "data"), ""]
        lines += [*table(its, lambda one: f"{one.world.data}: {one.world.model}", "model"), ""]
        lines += [*table(its, lambda one: f"{one.world.data}: {one.n}", "answers in the window"), ""]
        lines += [*table(its, lambda one: f"{one.world.data}: {family(one)}", "shift"), ""]
        why = [reason(one) for one in its if not one.told]
        lines += ["| why not told | windows |", "| --- | ---: |"]
        lines += [f"| {one} | {why.count(one):,} |" for one in sorted(set(why))]
        lines += [""]
    lines += ["## How wide the interval is where no fault is simulated", "", *experience, ""]
    lines += ["## What scores cannot show", "", "Letters, where every answer is wrong.", ""]
    unseen = [one for one in rows if one.case.fault == "unknown" and one.method in METHODS[-3:]]
    lines += [*table(unseen, lambda one: f"{one.method}, {one.world.model}", "model"), ""]
    return [*lines, f"{seconds:.0f} s, without training and scoring the models."]


def reason(row: Row) -> str:
    if row.why.startswith("scores like these"):
        return "the interval is wider than 20 points"
    return row.why


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=BENCH / ".cache" / "accuracy")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=("digits", "photos"))
    given = parser.parse_args()
    if not (SHARED / "mnist").is_dir():
        raise SystemExit(f"There is no {SHARED / 'mnist'}: set DRIFTWHEEL_SHARED to the shared data.")
    given.data.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    worlds: list[list[World]] = []
    if given.only != "photos":
        worlds.append(digits(given.data, SHARED))
    if given.only != "digits":
        worlds.append(photos(given.data, SHARED))
    begin = time.perf_counter()
    rows = []
    for its in worlds:
        others = [one for other in worlds if other is not its for one in other]
        experience = experience_of(others or its)
        for world in its:
            rows += rows_of(world, its, 1 if given.quick else 5, experience)
            print(world.data, world.model, f"{time.perf_counter() - begin:.0f} s", flush=True)
    wide = experience_table([one for its in worlds for one in its])
    text = "\n".join(report(rows, wide, time.perf_counter() - begin)) + "\n"
    print(text)
    if not (given.quick or given.only):
        RESULT.write_text(text)


if __name__ == "__main__":
    main()
