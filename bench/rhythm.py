"""The suggested rhythm of retraining on simulated champions: how often its interval holds the truth.

    nice -n 15 python bench/rhythm.py [--runs 400]

Champions lose accuracy day by day, each at a speed of its own (log-normal about a mean), some along a curve
that flattens, some at once or not at all; some are replaced as soon as their measured accuracy has fallen. Of
each day some labels are drawn, and days differ by more than labels explain. The product's own
`driftwheel.wheel.rhythm` then says after how many days the mean champion has lost five points. Writes
bench/results/rhythm.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftwheel.performance.wilson import wilson_interval
from driftwheel.wheel.reign import Reign, ReignPoint
from driftwheel.wheel.rhythm import Rhythm, suggest_rhythm
from machine import machine_lines

LOSS, START, DAYS_TO_LOSS = 0.05, 0.95, 25.0
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
Curve = Callable[[NDArray[np.float64], float], NDArray[np.float64]]


@dataclass(frozen=True)
class Trial:
    """One kind of champions."""

    title: str
    promotions: int
    differ: float = 0.3  # standard deviation of the speeds over their mean
    labels: int = 50  # a day
    days: int = 30
    day_sd: float = 0.0  # of days among each other, in accuracy
    curve: str = "line"
    replaced_at: float | None = None  # when the mean of the last five days has fallen by so much


def line(days: NDArray[np.float64], speed: float) -> NDArray[np.float64]:
    return LOSS * speed * days / DAYS_TO_LOSS


def flattening(days: NDArray[np.float64], speed: float) -> NDArray[np.float64]:
    """Lost by a half-life towards 15 points; the mean champion has lost `LOSS` after `DAYS_TO_LOSS`."""
    rate = -np.log(1 - LOSS / 0.15) / DAYS_TO_LOSS
    lost: NDArray[np.float64] = 0.15 * (1 - np.exp(-rate * speed * days))
    return lost


def at_once(days: NDArray[np.float64], speed: float) -> NDArray[np.float64]:
    return np.where(days > 10 * speed, 0.15, 0.0)


def never(days: NDArray[np.float64], _: float) -> NDArray[np.float64]:
    return np.zeros_like(days)


CURVES: dict[str, Curve] = {"line": line, "flattening": flattening, "at once": at_once, "never": never}

TRIALS = (
    *(Trial("speeds as assumed", n) for n in (1, 2, 4, 8, 12)),
    *(Trial("all alike", n, differ=0.0) for n in (1, 4, 12)),
    *(Trial("very different", n, differ=1.0) for n in (1, 4, 12)),
    *(Trial("10 labels a day", n, labels=10) for n in (1, 4, 12)),
    *(Trial("500 labels a day", n, labels=500) for n in (1, 4, 12)),
    *(Trial("days differ by 3 points", n, day_sd=0.03) for n in (1, 4, 12)),
    *(Trial("seen for 10 days", n, days=10) for n in (1, 4, 12)),
    *(Trial("a curve that flattens", n, curve="flattening") for n in (1, 4, 12)),
    *(Trial("replaced after 5 points", n, days=60, replaced_at=0.05) for n in (1, 4, 12)),
    *(Trial("no decay", n, curve="never") for n in (1, 4, 12)),
    *(Trial("a fall at once", n, curve="at once") for n in (1, 4)),
)


def reign_of(trial: Trial, rng: np.random.Generator) -> Reign:
    """A champion's days."""
    width = np.sqrt(np.log(1 + trial.differ**2))
    speed = float(np.exp(rng.normal(-(width**2) / 2, width)))
    days = np.arange(trial.days) + 0.5
    truth = START - CURVES[trial.curve](days, speed) + rng.normal(0, trial.day_sd, len(days))
    right = rng.binomial(trial.labels, np.clip(truth, 0, 1))
    share = right / trial.labels
    last = trial.days
    if trial.replaced_at is not None:
        means = np.convolve(share, np.ones(5) / 5, "valid")
        fallen = np.flatnonzero(means < START - trial.replaced_at)
        last = min(last, int(fallen[0]) + 5) if len(fallen) else last
    lows, highs = wilson_interval(right, np.full(len(right), trial.labels))
    points = tuple(
        ReignPoint(float(day), float(one), float(low), float(high), trial.labels)
        for day, one, low, high in zip(days[:last], share, lows, highs, strict=False)
    )
    return Reign("v", BEGUN, None, points)


def row(trial: Trial, found: Sequence[Rhythm]) -> str:
    """A line of the table."""
    told = [one for one in found if one.kind == "every"]
    decays = trial.curve in {"line", "flattening"}
    held = [
        (one.low or 0) <= DAYS_TO_LOSS <= (one.high or np.inf) for one in found if one.kind != "cannot_tell"
    ]
    days = sorted(one.days or 0.0 for one in told)
    span = sorted((one.high or 0) / (one.low or 1) for one in told)
    cells = [
        trial.title,
        str(trial.promotions),
        f"{100 * len(told) / len(found):.0f} %",
        f"{100 * sum(one.kind == 'cannot_tell' for one in found) / len(found):.0f} %",
        f"{days[len(days) // 2]:.0f}" if decays and days else "",
        f"{100 * np.mean(held):.0f} %" if decays and held else "",
        f"{span[len(span) // 2]:.1f}" if decays and span else "",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    runs = parser.parse_args().runs
    lines = [
        "# The suggested rhythm of retraining",
        "",
        f"Simulated champions that lose 5 points in {DAYS_TO_LOSS:g} days on average; {runs} runs a line;",
        "seen for 30 days at 50 labels a day unless said. The interval is one of 90 %.",
        "",
        *machine_lines(),
        "",
        "| champions | promotions | told | cannot tell | median days | held the truth | upper/lower |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for number, trial in enumerate(TRIALS):
        rng = np.random.default_rng([7, number])
        found = [
            suggest_rhythm([reign_of(trial, rng) for _ in range(trial.promotions)], LOSS) for _ in range(runs)
        ]
        lines.append(row(trial, found))
        print(lines[-1], flush=True)
    lines += [
        "",
        "Told: how often a rhythm is suggested; of `no decay` none should be. `A fall at once` should be",
        "said to be one (cannot tell): no rhythm would have caught it. Champions that are replaced as soon",
        "as they are measured to be worse look as if they decayed faster, so the days err to the careful",
        "side there.",
        "",
    ]
    (Path(__file__).parent / "results" / "rhythm.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
