"""Years of autocorrelated days: how often drift is found that is not there, and how soon a fault is.

    nice -n 15 python bench/stream.py [--years 20] [--runs 3] [--images DIR] [--report]

Days are drawn from real images (`stream_pool`) as three cameras with hours and a weekly rhythm would send
them (`stream_days`), and judged as the server judges windows of a model: the product's own judge, at one
false alarm a model-year, and its e-process from day to day; usual days only as far as they could be anything
else (`stream_rarity`). What is done is kept in bench/.cache/stream, a line a day, and not done again: stop it
and go on whenever you like. With --report only the table is written, of what there is. Writes
bench/results/stream.md.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before numpy reads them

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from driftwheel.drift.judge import judge
from driftwheel.records import Records
from stream_days import Fault, Plant
from stream_peers import peers
from stream_pool import FAULTS, measured_pool
from stream_rarity import Rarity

CACHE = Path(__file__).parent / ".cache" / "stream"
YEAR = 365
A_DAY, A_DAY_WITH_FAULTS = 200, 1000
USUAL_DAYS = 20  # before a fault sets in
RARE = 0.02  # days rarer than this among those of the reference are judged in full
PEERS_EVERY = 5  # days
LONGEST = 14  # days that a fault is waited for
DIAL = 1.0  # false alarms a model-year
JUDGEMENTS = 2 * YEAR  # half of the dial goes to verdicts, see services/judge_window.py
TRIALS = (
    ("large", 1.0),
    ("large", 0.5),
    ("medium", 0.5),
    ("medium", 0.1),
    ("weak", 0.1),
    ("weak", 0.05),
)


def judged(reference: Records, current: Records, seed: list[int]) -> dict[str, object]:
    """What is kept of a day."""
    verdict = judge(
        reference,
        current,
        rng=np.random.default_rng(seed),
        false_alarms_per_year=DIAL,
        windows_per_year=JUDGEMENTS,
    )
    return {
        "n": len(current),
        "p": verdict.p_value,
        "replay_p": verdict.replay_p_value,
        "drift": verdict.verdict == "drift",
        "properties": [one.name for one in verdict.properties if one.drifted],
        "embedding": verdict.embedding is not None and verdict.embedding.drifted,
    }


def looked_at(reference: Records, current: Records, rarity: Rarity, seed: list[int]) -> dict[str, object]:
    """What is kept of a usual day: judged in full where it is rare; else its p-value counts as 0."""
    rare = rarity.of(current)
    if rare <= RARE:
        return judged(reference, current, seed)
    return {"n": len(current), "p": 0.0, "replay_p": rare, "drift": False}


def most_of(images_a_day: int) -> int:
    """Return how many records of the reference the server takes for a window of that size."""
    return min(5000, max(2000, 4 * images_a_day))


class Kept:
    """Lines of a file, one a day, by what they are of."""

    def __init__(self, file: Path) -> None:
        self._file = file
        lines = file.read_text().splitlines() if file.exists() else []
        self.rows = {tuple(row["of"]): row for row in map(json.loads, lines)}

    def add(self, of: tuple[object, ...], row: dict[str, object]) -> None:
        row = {"of": list(of)} | row
        self.rows[of] = row
        with self._file.open("a") as file:
            file.write(json.dumps(row) + "\n")


def null_years(pool, years: int) -> None:
    kept = Kept(CACHE / "null.jsonl")
    for year in range(years):
        todo = [day for day in range(YEAR) if (year, day) not in kept.rows]
        if not todo:
            continue
        plant = Plant(pool, year, YEAR, A_DAY)
        reference = plant.reference(most_of(A_DAY))
        rarity = Rarity(reference, plant.day(0), np.random.default_rng([year, 3]))
        for day in todo:
            current = plant.day(day)
            found = looked_at(reference, current, rarity, [year, day])
            if day % PEERS_EVERY == 0:
                found |= peers(reference, current)
            kept.add((year, day), found)
            if day % 20 == 0:
                print(f"year {year}, day {day}", flush=True)


def faults(pool, runs: int) -> None:
    """Judge usual days, and then each fault from one day on, until the verdict finds it."""
    kept = Kept(CACHE / "faults.jsonl")
    for run in range(runs):
        plant = Plant(pool, 1000 + run, USUAL_DAYS + LONGEST, A_DAY_WITH_FAULTS)
        reference = plant.reference(most_of(A_DAY_WITH_FAULTS))
        rarity = Rarity(reference, plant.day(0), np.random.default_rng([1000 + run, 3]))
        for day in range(USUAL_DAYS):
            if (run, day) not in kept.rows:
                found = looked_at(reference, plant.day(day), rarity, [1000 + run, day])
                kept.add((run, day), found)
        print(f"run {run}: usual days done", flush=True)
        for fault in trials():
            for day in range(LONGEST):
                of = (run, fault.name, fault.level, fault.share, day)
                if of not in kept.rows:
                    current = plant.day(USUAL_DAYS + day, fault)
                    found = judged(reference, current, [1000 + run, day])
                    kept.add(of, found | (peers(reference, current) if day == 0 else {}))
                if kept.rows[of]["drift"]:
                    break
            print(f"run {run}: {fault}", flush=True)


def trials() -> Iterator[Fault]:
    for level, share in TRIALS:
        for name in FAULTS:
            yield Fault(name, level, share)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--images", type=Path, help="a folder of images in place of the textile images")
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    if not options.report:
        pool = measured_pool(CACHE, options.images)
        faults(pool, options.runs)
        null_years(pool, options.years)
    from stream_report import report

    report(Kept(CACHE / "null.jsonl").rows, Kept(CACHE / "faults.jsonl").rows)


if __name__ == "__main__":
    main()
