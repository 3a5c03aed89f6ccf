"""The table of `bench/stream.py`: what the years and faults that are done amount to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import chi2

from driftwheel.drift.e_process import EProcess, advance, threshold_for
from machine import machine_lines
from stream_days import FIRST_DAY
from stream_peers import PEERS

__all__ = ["report"]

RESULTS = Path(__file__).parent / "results" / "stream.md"
YEAR = 365
THRESHOLD = threshold_for(1.0, 4 * YEAR)  # a quarter of the dial, see services/carry_evidence.py
TARGETS = {("large", 1.0): 1, ("large", 0.5): 1, ("medium", 0.5): 2, ("medium", 0.1): 7}

Row = Mapping[str, Any]


def report(null: Mapping[tuple[Any, ...], Row], faults: Mapping[tuple[Any, ...], Row]) -> None:
    """Write the table, and print it."""
    lines = ["# A year of days, and faults in them", "", *machine_lines(), "", ABOUT, ""]
    lines += _usual(null) + _delays(faults)
    RESULTS.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


ABOUT = """\
Textile images (or those of a folder), really made brighter, darker or faulty and measured once, sent by three
made-up cameras: scenes and exposure wander from day to day and from hour to hour (AR(1), 0.6 and 0.7), follow
the sun, and differ on weekends. The reference is the four weeks before, of which the server takes 2,000
records (4,000 for 1,000 a day). Judged as on the server, at one false alarm a model-year: half of it for
verdicts, a quarter for the evidence over time. Each year is another plant."""

FAULTY = """\
1,000 images on a weekday, half as many on Saturday and Sunday; from one day on a share δ of them has a fault:
blur, noise, under-exposure, compression, haze or lost contrast. Delay: days until it is told, 1 on the first
day itself. Weak, medium and large are the severities 1, 3 and 5 of five; the weak ones have no target."""

HEAD = "| fault | δ | trials | on day 1 | by 2 | by 7 | by 14 | longest | evidence | target |"


def _usual(null: Mapping[tuple[Any, ...], Row]) -> list[str]:
    by_year: defaultdict[int, dict[int, Row]] = defaultdict(dict)
    for (year, day), row in null.items():
        by_year[year][day] = row
    days = len(null)
    years = days / YEAR
    if not days:
        return ["No day without a fault is done yet.", ""]
    verdicts = _begun([[rows[day]["drift"] for day in sorted(rows)] for rows in by_year.values()])
    evidence = _begun([_evidence([rows[day] for day in sorted(rows)]) for rows in by_year.values()])
    either = _begun(
        [
            [a or b["drift"] for a, b in zip(_evidence(own), own, strict=True)]
            for own in ([rows[day] for day in sorted(rows)] for rows in by_year.values())
        ]
    )
    rare = np.array([row["replay_p"] for row in null.values()])
    lines = [
        "## Without a fault",
        "",
        f"{years:.1f} model-years done: {days:,} days of about 200 images. An alarm counts when it begins.",
        "",
        "| rule | alarms | a model-year | 95 % interval |",
        "| --- | --- | --- | --- |",
        _rate("verdict", verdicts, years),
        _rate("evidence over time", evidence, years),
        _rate("**either: what is told** (target ≤ 1)", either, years),
    ]
    seen = [row for row in null.values() if "ks" in row]
    for name, words in PEERS.items():
        alarmed = float(np.mean([row[name] for row in seen]))
        lines.append(
            f"| {words} | {alarmed:.0%} of {len(seen)} days | about {alarmed * YEAR:.0f} alarming days | – |"
        )
    lines += [
        "",
        "Rarity of a day among those of the reference, a p-value: "
        + ", ".join(f"{(rare <= u).mean():.3f} of days ≤ {u}" for u in (0.2, 0.05, 0.01))
        + ".",
        "",
        f"At most one false alarm a model-year: **{'met' if either / years <= 1 else 'not met'}**.",
        "",
    ]
    return lines


def _delays(faults: Mapping[tuple[Any, ...], Row]) -> list[str]:
    usual: defaultdict[int, dict[int, Row]] = defaultdict(dict)
    with_fault: defaultdict[tuple[Any, ...], dict[int, Row]] = defaultdict(dict)
    for of, row in faults.items():
        if len(of) == 2:
            usual[of[0]][of[1]] = row
        else:
            with_fault[of[:-1]][of[-1]] = row
    cells: defaultdict[tuple[str, float], list[tuple[int | None, int | None, bool]]] = defaultdict(list)
    for (run, _, level, share), rows in with_fault.items():
        before = [usual[run][day] for day in sorted(usual[run])]
        after = [rows[day] for day in sorted(rows)]
        by_verdict = next((day + 1 for day, row in enumerate(after) if row["drift"]), None)
        found = _evidence([*before, *after])[len(before) :]
        by_evidence = next((day + 1 for day, one in enumerate(found) if one), None)
        cells[level, share].append(
            (by_verdict, by_evidence, any(before_one["drift"] for before_one in before))
        )
    lines = [
        "## With a fault",
        "",
        FAULTY,
        "",
        HEAD,
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (level, share), found in cells.items():
        delays = [min((one for one in each[:2] if one), default=99) for each in found]
        first = sum(bool(each[1]) and (each[0] is None or each[1] < each[0]) for each in found)
        told = [f"{np.mean([one <= day for one in delays]):.0%}" for day in (1, 2, 7, 14)]
        longest = "not in 14" if max(delays) == 99 else str(max(delays))
        target = TARGETS.get((level, share))
        kept = "–" if target is None else f"≤ {target}: {'met' if max(delays) <= target else 'not met'}"
        lines.append(
            f"| {level} | {share:g} | {len(found)} | {' | '.join(told)} | {longest} | {first} | {kept} |"
        )
    return lines


def _evidence(rows: Sequence[Row]) -> list[bool]:
    """Tell for each day whether the e-process has found drift."""
    state, found = EProcess(), []
    for day, row in enumerate(rows):
        p_value = None if row["drift"] or row["replay_p"] is None else max(row["p"], row["replay_p"])
        state = advance(state, p_value, start=FIRST_DAY + timedelta(days=day), threshold=THRESHOLD)
        found.append(state.found)
    return found


def _begun(series: Sequence[Sequence[bool]]) -> int:
    """Count how often alarms begin."""
    return sum(
        one and not before for each in series for before, one in zip([False, *each], each, strict=False)
    )


def _rate(words: str, alarms: int, years: float) -> str:
    low, high = _interval(alarms, years)
    return f"| {words} | {alarms} | {alarms / years:.2f} | {low:.2f} to {high:.2f} |"


def _interval(alarms: int, years: float) -> tuple[float, float]:
    """Return the exact 95 % interval of a Poisson rate (Garwood, 1936)."""
    low = 0.0 if alarms == 0 else chi2.ppf(0.025, 2 * alarms) / 2
    return float(low) / years, float(chi2.ppf(0.975, 2 * alarms + 2)) / 2 / years
