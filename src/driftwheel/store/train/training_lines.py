"""What training runs tell while they run: lines of their logs, and epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from driftwheel.store.schema.train_tables import training_lines

__all__ = ["MOST_LINES", "TrainingLine", "add_lines", "epochs_of", "lines_of"]

MOST_LINES = 5000
"""Of one run; what a command says beyond is not kept."""

_MOST_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class TrainingLine:
    """A line of the log, or an epoch."""

    run: int
    number: int
    time: datetime
    text: str | None
    epoch: Mapping[str, Any] | None


def add_lines(
    connection: Connection, run: int, told: Sequence[str | Mapping[str, Any]], *, now: datetime
) -> None:
    """Add lines of text, and epochs, behind those that a run has; long ones are cut.

    Epochs are always kept; of text what fits into `MOST_LINES`, with a last line that says so.
    """
    if not told:
        return
    number = connection.scalar(
        select(func.coalesce(func.max(training_lines.c.number), -1)).where(training_lines.c.run == run)
    )
    number = -1 if number is None else int(number)
    rows = []
    for one in told:
        is_text = isinstance(one, str)
        if is_text and number + 1 >= MOST_LINES:
            if number + 1 > MOST_LINES:
                continue
            one = "… further lines are not kept."  # noqa: PLW2901
        number += 1
        text = one.replace("\0", "�")[:_MOST_CHARACTERS] if isinstance(one, str) else None
        epoch = None if isinstance(one, str) else dict(one)
        rows.append({"run": run, "number": number, "time": now, "text": text, "epoch": epoch})
    if rows:
        connection.execute(insert(training_lines), rows)


def lines_of(connection: Connection, run: int, *, after: int = -1, limit: int = 1000) -> list[TrainingLine]:
    """Return lines of text of a run's log, the oldest first, after the one with that number."""
    c = training_lines.c
    query = select(training_lines).where(c.run == run, c.number > after, c.text.is_not(None))
    return [TrainingLine(**row._mapping) for row in connection.execute(query.order_by(c.number).limit(limit))]


def epochs_of(connection: Connection, runs: Sequence[int]) -> dict[int, list[Mapping[str, Any]]]:
    """Return the epochs of each run, the oldest first.

    Of one that a killed run told and the next told again, the later counts.
    """
    c = training_lines.c
    found: dict[int, dict[int, Mapping[str, Any]]] = {run: {} for run in runs}
    for begin in range(0, len(runs), 500):
        part = runs[begin : begin + 500]
        query = select(c.run, c.epoch).where(c.run.in_(part), c.epoch.is_not(None))
        for run, epoch in connection.execute(query.order_by(c.run, c.number)):
            found[run][int(epoch["number"])] = epoch
    return {run: [one for _, one in sorted(epochs.items())] for run, epochs in found.items()}
