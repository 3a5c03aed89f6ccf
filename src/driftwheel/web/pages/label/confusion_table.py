"""A confusion matrix as a table: what is true in rows, what was said in columns."""

from __future__ import annotations

from dataclasses import dataclass

from driftwheel.report.numbers import count, share
from driftwheel.services.label.quality.annotator_confusion import NOTHING, AnnotatorConfusion
from driftwheel.store.labels.projects import Project

__all__ = ["ConfusionCell", "ConfusionTable", "confusion_table"]

_MOST = 12  # classes
_LEVELS = (0.02, 0.1, 0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class ConfusionCell:
    """One cell: the number, how it is coloured, and what it says in full."""

    n: int
    kind: str
    said: str


@dataclass(frozen=True, slots=True)
class ConfusionTable:
    """A matrix: the headings, and a row for each true class with how many there were."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[ConfusionCell, ...]], ...]
    left_out: int


def confusion_table(project: Project, confusion: AnnotatorConfusion) -> ConfusionTable:
    """Return a matrix of at most twelve classes, those that occur most."""
    order = [one.name for one in project.classes]
    kept = confusion.classes(order, most=_MOST)
    seen = {name for pair in confusion.counts for name in pair if name != NOTHING}
    missed = "missed" if project.answer != "class" else "cannot tell"
    ends = [NOTHING] if any(said == NOTHING for _, said in confusion.counts) else []
    begins = [NOTHING] if any(true == NOTHING for true, _ in confusion.counts) else []
    columns, trues = [*kept, *ends], [*kept, *begins]
    rows = []
    for true in trues:
        of_row = {said: n for (t, said), n in confusion.counts.items() if t == true}
        total = sum(of_row.values())
        name = "nothing is there" if true == NOTHING else true
        cells = tuple(_cell(true, said, of_row.get(said, 0), total, name, missed) for said in columns)
        rows.append((name, total, cells))
    headings = tuple(missed if said == NOTHING else said for said in columns)
    return ConfusionTable(headings, tuple(rows), len(seen) - len(kept))


def _cell(true: str, said: str, n: int, total: int, name: str, missed: str) -> ConfusionCell:  # noqa: PLR0917
    if not n:
        return ConfusionCell(0, "", "")
    level = sum(n / total > one for one in _LEVELS)
    called = missed if said == NOTHING else said
    words = f"{name} was called {called}: {count(n)} of {count(total)}, {share(n / total)}"
    return ConfusionCell(n, f"{'right' if true == said else 'wrong'}-{level}", words)
