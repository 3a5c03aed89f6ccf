"""The table of bench/repair.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from machine import machine_lines
from repair_photos import A_DAY, CHECKED, DAYS, FIRST_BAD, LEARNT

Cell = dict[str, Any]

FALL_TO, REPAIRED, BEHIND, LOST = 0.60, 0.5, 0.03, 0.01
MOST_LABELS = 300
FULLY = "fully labelled"
DISTILLED_FULLY = "distilled, fully labelled"
WAYS = {
    "the head": ("the fault simulated", "full", FULLY),
    "distillation": ("distilled", "distilled, incremental", DISTILLED_FULLY),
}
"""Way to repair → what it is called without labels, with a few, and with all."""

ABOUT = (
    f"A model is trained on {LEARNT:,} clean photos and tuned by {CHECKED} more. It sees {A_DAY} photos of "
    f"production on each of {DAYS} days, and from day {FIRST_BAD} on the camera has the fault, stored as the "
    "camera stores its files. Verdict, fault and estimated accuracy of a day are those of `check_against`, "
    "from images and scores alone: the same functions that the server judges a window by, without its store. "
    "Accuracies after a repair are of 700 photos that no model and no diagnosis has seen, damaged and "
    "clean. Means over the seeds, in brackets the smallest and the largest; a seed shares production's "
    "photos out anew, and simulates other cameras."
)

REPAIRS = (
    "*The fault simulated*: the old labelled photos are given the fault and severity that were named on "
    "the first day of alarm, and the head is fitted again to both; nobody labels anything. *Incremental*:"
    " from the champion's head, four fifths old photos; *full*: from scratch; both with old photos given "
    "that fault, unless it says otherwise. *Distilled*: the trainer `distillation`, two epochs in steps "
    "of 16 of the old photos given the fault and its neighbours in severity, by the recipe that an "
    "alert's repair has; nobody labels anything. *Distilled, incremental*: the linear head goes on from "
    "it. Labels are of photos of the bad days drawn at random, every fifth for validation. "
    "*Normalisations adapted*: to 128 photos of the bad days without labels. *Fully labelled*: the head "
    "fitted to the old photos as they are and as the faulty camera itself would have taken them, and to "
    "all of the bad days, on the pretrained network or on the distilled one. Targets are held against the"
    " better of those that are measured."
)


def report(cells: Sequence[Cell], missing: Sequence[str] = ()) -> str:
    """Return the whole page; `missing` names what was not measured."""
    lines = ["# From the alarm to the repaired model", "", *machine_lines("torch", "onnxruntime"), "", ABOUT]
    for kind in _values(cells, "kind"):
        its = [one for one in cells if one["kind"] == kind]
        lines += ["", f"## A model of the kind `{kind}`", ""]
        lines += targets(its)
        for case in _values(its, "case"):
            own = [one for one in its if one["case"] == case]
            lines += ["", f"### {case.replace('_', ' ')}, severity {own[0]['severe']}", "", *week(own), ""]
            lines += repaired(own)
    untold = [f"Not measured yet: {', '.join(missing)}.", ""] if missing else []
    return "\n".join([*lines, "", *untold, REPAIRS, ""])


def targets(cells: Sequence[Cell]) -> list[str]:
    """Say which of the targets are met, fault by fault and way by way."""
    columns = (
        "falls to ≤ 60 %",
        "≥ half of the fall repaired without labels",
        f"within 3 points of fully labelled by {MOST_LABELS} labels",
        "the same: ≤ 1 point lost on clean",
    )
    lines = [f"| fault | repaired by | {' | '.join(columns)} |", "| --- " * 6 + "|"]
    judged = list(_judged(cells))
    for case in _values(cells, "case"):
        ways = [(way, said) for one, way, said in judged if one == case]
        if not ways:
            lines.append(f"| {case.replace('_', ' ')} | | no alarm named a fault | | | |")
        for way, said in ways:
            told = " | ".join(_met(is_met, words) for is_met, words in said)
            lines.append(f"| {case.replace('_', ' ')} | {way} | {told} |")
    return lines


def faults_left(cells: Sequence[Cell]) -> list[str]:
    """Return the faults after which no way of repair meets every target."""
    done = {case for case, _, said in _judged(cells) if all(is_met for is_met, _ in said)}
    return [case for case in _values(cells, "case") if case not in done]


def _judged(cells: Sequence[Cell]) -> Iterator[tuple[str, str, list[tuple[bool, str]]]]:
    """Yield fault, way of repair, and of each target whether it is met, with the number."""
    for case in _values(cells, "case"):
        own = [one for one in cells if one["case"] == case and "repair" in one]
        known = {one["repair"] for one in own}
        fully = [_of(own, one)["damaged"] for _, _, one in WAYS.values() if one in known]
        for way, (unlabelled, labelled, _) in WAYS.items():
            if not {unlabelled, labelled} <= known or not fully:
                continue
            simulated, best = _of(own, unlabelled), _of(own, labelled, MOST_LABELS)
            seen = {one["seed"] for one in own if one["repair"] == labelled}
            champion = _of([one for one in own if one["seed"] in seen], "champion")
            fall = champion["clean"] - champion["damaged"]
            share = (simulated["damaged"] - champion["damaged"]) / fall
            behind, lost = max(fully) - best["damaged"], champion["clean"] - best["clean"]
            said = [
                (champion["damaged"] <= FALL_TO, _percent(champion["damaged"])),
                (share >= REPAIRED, f"{100 * share:.0f} %"),
                (behind <= BEHIND, _off(behind, "behind", "ahead")),
                (lost <= LOST, _off(lost, "lost", "gained")),
            ]
            yield case, way, said


def week(cells: Sequence[Cell]) -> list[str]:
    """Return the days: means over the seeds of what is true, and what is said of each."""
    days = [one for one in cells if "day" in one]
    lines = [
        "| day | camera | accuracy | estimated without labels | alarm | named |",
        "| ---: | --- | ---: | --- | --- | --- |",
    ]
    for day in range(1, DAYS + 1):
        its = [one for one in days if one["day"] == day]
        alarms = sum(one["verdict"] == "drift" for one in its)
        named = sorted({_fault(one) for one in its if one["fault"]})
        told = "; ".join(_estimate(one) for one in its)
        state = "faulty" if day >= FIRST_BAD else "good"
        accuracy = _spread([one["accuracy"] for one in its])
        lines.append(
            f"| {day} | {state} | {accuracy} | {told} | {alarms} of {len(its)} | {', '.join(named)} |"
        )
    known = sorted({one["reference"] for one in days})
    lines += [
        "",
        f"Reference: {' or '.join(map(str, known))} other photos with labels and the model's scores.",
    ]
    reasons = sorted({one["untold"] for one in days if one["untold"]})
    return [*lines, f"Cannot tell: {'; '.join(reasons)}."] if reasons else lines


def repaired(cells: Sequence[Cell]) -> list[str]:
    """Return what each repaired model is worth."""
    rows = [one for one in cells if "repair" in one]
    if not rows:
        return ["No fault was named, so nothing was repaired."]
    lines = [
        "| model | labels | seeds | damaged | of the fall repaired | clean | lost on clean |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, labels in _values_of(rows, lambda one: (one["repair"], one["labels"])):
        mean = _of(rows, name, labels)
        its = [one for one in rows if one["repair"] == name and one["labels"] == labels]
        seen = {one["seed"] for one in its}  # a row is held against the champion on the same photos
        champion = _of([one for one in rows if one["seed"] in seen], "champion")
        fall = champion["clean"] - champion["damaged"]
        gained = mean["damaged"] - champion["damaged"]
        lines.append(
            f"| {name} | {labels:,} | {len(its)} | {_spread([one['damaged'] for one in its])} | "
            f"{'' if name == 'champion' else f'{100 * gained / fall:.0f} %'} | "
            f"{_spread([one['clean'] for one in its])} | "
            f"{100 * (champion['clean'] - mean['clean']):+.1f} |"
        )
    return lines


def _of(cells: Iterable[Cell], name: str, labels: int | None = None) -> Cell:
    """Return the means of a repaired model over the seeds."""
    its = [one for one in cells if one["repair"] == name and labels in {None, one["labels"]}]
    return {**its[0], **{what: float(np.mean([one[what] for one in its])) for what in ("damaged", "clean")}}


def _values(cells: Sequence[Cell], name: str) -> list[Any]:
    return _values_of(cells, lambda one: one[name])


def _values_of(cells: Sequence[Cell], of: Callable[[Cell], Any]) -> list[Any]:
    return list(dict.fromkeys(map(of, cells)))


def _spread(values: Sequence[float]) -> str:
    mean = _percent(float(np.mean(values)))
    if len(values) == 1 or max(values) - min(values) < 5e-4:
        return mean
    return f"{mean} ({100 * min(values):.1f}–{100 * max(values):.1f})"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _estimate(day: Cell) -> str:
    if day["estimate"] is None:
        return "cannot tell"
    middle, low, high = (round(100 * one) for one in day["estimate"])
    return f"{middle} % ({low}–{high})"


def _fault(day: Cell) -> str:
    fault = str(day["fault"]).replace("_", " ")
    return fault if day["severity"] is None else f"{fault}, severity {day['severity']}"


def _off(share: float, worse: str, better: str) -> str:
    return f"{abs(100 * share):.1f} {worse if share > -5e-4 else better}"


def _met(is_met: bool, what: str) -> str:
    return f"{'met' if is_met else '**not met**'}: {what}"
