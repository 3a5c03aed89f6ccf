"""From the alarm to the repaired model: accuracy by day, labels used, and accuracy after each repair.

A model is trained on clean photos of cats and dogs by the trainers of the product. It sees a week of other
photos; from day 4 on the camera has a fault. Each day is judged without labels, the fault is named, and the
accuracy estimated. Then the model is repaired: without labels, by training it again on the old photos given
the fault that was named, its head alone or all of it by distillation; and with 100 and 300 labels of the
week's damaged photos, going on from the champion or from what was distilled, and in full. All models are
measured on photos that none has seen, damaged and clean. Needs the photos of ``../shared/data/cats_dogs``;
what was measured is kept under bench/.cache, so that a run that was cut off goes on.

``--seeds N`` takes other photos for the week N times; ``--kind`` trains only models of one kind.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before numpy reads them

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.services.check.check_images import check_against
from driftwheel.services.check.measure_reference import Reference, measure_reference
from driftwheel.services.train.fault_to_repair import cases_near
from repair_photos import FIRST_BAD, Photo, Photos, share_out, taken_with
from repair_table import DISTILLED_FULLY, Cell, faults_left, report
from repair_trainings import Workshop

BENCH = Path(__file__).parent
SHARED = Path(os.environ.get("DRIFTWHEEL_SHARED", BENCH.parents[1] / "shared")) / "data" / "cats_dogs"
CACHE = BENCH / ".cache" / "repair"
RESULT = BENCH / "results" / "repair.md"
FAULTS = {
    "linear-head": (
        FaultCase("blur", 5, ""),
        FaultCase("motion_blur", 5, "45°"),
        FaultCase("pixelation", 4, ""),
    ),
    "fine-tuning": (
        FaultCase("pixelation", 4, ""),
        FaultCase("noise", 5, ""),
        FaultCase("blur", 5, ""),
    ),
}
"""Kind of model → faults under which it falls to about 60 % or below; under others it hardly does."""
LABELS = (100, 300)


def week_of(reference: Reference, photos: Photos, case: FaultCase, clean: list[Cell]) -> Iterator[Cell]:
    """Yield what is said of each day without labels, and what is true; `clean` keeps the good days."""
    for number, day in enumerate(photos.week, start=1):
        bad = number >= FIRST_BAD
        if not bad and number <= len(clean):
            yield clean[number - 1]
            continue
        seen = taken_with(day, case) if bad else day
        check = check_against(reference, [one.image for one in seen], seed=0)
        truth = {one.name: one.label for one in seen}
        scores, records = check.current.scores, check.current
        assert scores is not None
        right = [
            records.classes[column] == truth[name]
            for name, column in zip(records.images, scores.argmax(axis=1), strict=True)
        ]
        said, named = check.verdict.accuracy, check.verdict.diagnosis
        told = said is not None and said.told
        cell = {
            "day": number,
            "accuracy": float(np.mean(right)),
            "verdict": check.verdict.verdict,
            "fault": named[0].fault if named else "",
            "severity": named[0].severity if named else None,
            "estimate": [said.accuracy, said.low, said.high] if told else None,
            "untold": "" if said is None or told else said.reason,
            "reference": len(reference.records),
        }
        if not bad:
            clean.append(cell)
        yield cell


def repairs(  # noqa: PLR0917  who trains, on what, against what
    workshop: Workshop,
    kind: str,
    champion: bytes,
    photos: Photos,
    case: FaultCase,
    named: FaultCase,
    seed: int,
) -> Iterator[tuple[str, int, bytes]]:
    """Yield each repaired model: what was done, labels used, and its file."""
    old = photos.learnt, photos.checked
    bad = bad_photos(photos, case, seed)
    yield "champion", 0, champion
    yield "normalisations adapted", 0, workshop.adapt(champion, bad[:128])
    simulated = workshop.train(kind, old, [], (named,), seed)
    yield "the fault simulated", 0, simulated
    yield "the fault simulated, normalisations adapted", 0, workshop.adapt(simulated, bad[:128])
    for labels in LABELS:
        yield "full, fault not simulated", labels, workshop.train(kind, old, bad[:labels], (), seed)
        for name, start in (("incremental", champion), ("full", None)):
            yield name, labels, workshop.train(kind, old, bad[:labels], (named,), seed, start)
    known = [*taken_with(photos.learnt, case), *bad]
    yield "fully labelled", len(known), workshop.train(kind, old, known, (), seed)


def distilled(  # noqa: PLR0917  who trains, on what, against what
    workshop: Workshop,
    kind: str,
    champion: bytes,
    photos: Photos,
    case: FaultCase,
    named: FaultCase,
    seed: int,
) -> Iterator[tuple[str, int, bytes]]:
    """Yield the distilled model and what goes on from it: what was done, labels used, and its file."""
    old = photos.learnt, photos.checked
    near = cases_near(named)
    bad = bad_photos(photos, case, seed)
    start = workshop.train("distillation", old, [], near, seed, champion)
    yield "distilled", 0, start
    for labels in LABELS:
        yield "distilled, incremental", labels, workshop.train(kind, old, bad[:labels], near, seed, start)
    known = [*taken_with(photos.learnt, case), *bad]
    yield DISTILLED_FULLY, len(known), workshop.train(kind, old, known, (), seed, start)


def bad_photos(photos: Photos, case: FaultCase, seed: int) -> list[Photo]:
    """Return the photos of the bad days in random order, as the camera took them."""
    rng = np.random.default_rng([seed, 17])
    bad = [one for day in photos.week[FIRST_BAD - 1 :] for one in taken_with(day, case)]
    return [bad[i] for i in rng.permutation(len(bad))]


def measured(kind: str, seeds: int, before: Sequence[Cell]) -> list[Cell]:
    """Return all cells of one kind of model, those that are kept from a run before among them.

    The page is written after each fault, with what was measured `before` of other kinds.
    """
    found: list[Cell] = []
    with Workshop() as workshop:
        first = share_out(SHARED, 0)
        champion = workshop.train(kind, (first.learnt, first.checked), [], (), 0)
        mark = hashlib.sha256(champion).hexdigest()[:12]
        reference: Reference | None = None
        for seed in range(seeds):
            photos, good_days = share_out(SHARED, seed), list[Cell]()
            for case in FAULTS[kind]:
                place = f"{mark}-{kind}-{case.fault}-{case.severity}-{seed}"
                shared: Cell = {"kind": kind, "case": case.fault, "severe": case.severity, "seed": seed}
                days = read_cells(f"{place}-week")
                if days is None:
                    reference = reference or labelled_reference(champion, first)
                    days = [{**one, **shared} for one in week_of(reference, photos, case, good_days)]
                    keep_cells(f"{place}-week", days)
                found += days
                named = fault_named_first(days)
                if named is None:
                    print(f"No fault is named: {shared}", flush=True)
                    continue
                for part, make in (("repairs", repairs), ("distilled", distilled)):
                    its = read_cells(f"{place}-{part}")
                    if its is None and (part == "repairs" or kind == "linear-head"):
                        made = make(workshop, kind, champion, photos, case, named, seed)
                        its = worth(workshop, made, photos, case, shared)
                        keep_cells(f"{place}-{part}", its)
                    found += its or []
                RESULT.write_text(page_of([*before, *found]), encoding="utf-8")
    return found


def labelled_reference(champion: bytes, photos: Photos) -> Reference:
    """Return the reference, with the model's scores and the truth of each of its photos.

    It holds the validation split too: the better a model, the more photos it takes until some of its answers
    are wrong, which is what accuracy without labels is estimated from.
    """
    chosen = [*photos.reference, *photos.checked]
    images = [one.image for one in chosen]
    truth = {one.name: one.label for one in chosen}
    return measure_reference(images, embedder="efficientnet-lite0", model=champion, truth=truth, threads=1)


def fault_named_first(cells: Sequence[Cell]) -> FaultCase | None:
    """Return the fault that was named on the first bad day with one: it is what is simulated."""
    alarm = next((one for one in cells if one.get("day", 0) >= FIRST_BAD and one["fault"]), None)
    return None if alarm is None else FaultCase(alarm["fault"], alarm["severity"], "")


def worth(
    workshop: Workshop,
    made: Iterator[tuple[str, int, bytes]],
    photos: Photos,
    case: FaultCase,
    shared: Cell,
) -> list[Cell]:
    """Return what each repaired model is worth on photos that none has seen, damaged and clean."""
    damaged = taken_with(photos.held_out, case)
    found, started = [], time.monotonic()
    for repair, labels, file in made:
        cell = {**shared, "repair": repair, "labels": labels}
        cell |= {
            "damaged": workshop.accuracy(file, damaged),
            "clean": workshop.accuracy(file, photos.held_out),
        }
        print(f"{time.monotonic() - started:.0f} s: {cell}", flush=True)
        found.append(cell)
    return found


def read_cells(place: str) -> list[Cell] | None:
    """Return what a run before measured there, if anything."""
    file = CACHE / f"{place}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else None


def keep_cells(place: str, cells: Sequence[Cell]) -> None:
    """Keep what was measured there."""
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / f"{place}.json").write_text(json.dumps(cells), encoding="utf-8")


def page_of(cells: Sequence[Cell]) -> str:
    """Return the page, which says of which faults there are no numbers."""
    there = {(one["kind"], one["case"]) for one in cells}
    taught = {one["case"] for one in cells if one.get("repair") == DISTILLED_FULLY}
    wanted = [(kind, case.fault) for kind, cases in FAULTS.items() for case in cases]
    missing = [f"{fault} ({kind})" for kind, fault in wanted if (kind, fault) not in there]
    missing += [
        f"{case.fault} (by distillation)" for case in FAULTS["linear-head"] if case.fault not in taught
    ]
    return report(cells, [one.replace("_", " ") for one in missing])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="weeks of other photos")
    parser.add_argument("--kind", choices=list(FAULTS), help="only models of this kind")
    options = parser.parse_args()
    if not SHARED.is_dir():
        print(f"There is no {SHARED}: nothing measured.")
        return
    cells: list[Cell] = []
    for kind in (options.kind,) if options.kind else tuple(FAULTS):
        cells += measured(kind, options.seeds if kind == "linear-head" else 1, cells)
    RESULT.write_text(page_of(cells), encoding="utf-8")
    if left := faults_left([one for one in cells if one["kind"] == "linear-head"]):
        sys.exit(f"No repair meets all targets for {', '.join(left)}: see {RESULT}.")


if __name__ == "__main__":
    main()
