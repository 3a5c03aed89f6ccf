"""What a monitor was: each revision, with what it changed in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from driftwheel.store.alerts.monitors import MonitorRevision

__all__ = ["RevisionRow", "revision_rows"]

_KEYS = {
    "when": "rule",
    "severity": "severity",
    "segments": "segments",
    "breaches": "windows in breach",
    "of_windows": "windows looked at",
    "keep_firing_for": "windows until it is resolved",
    "least_n": "least sample",
    "note": "note",
}


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """What a monitor was: the revision, and what changed in words."""

    row: MonitorRevision
    changes: tuple[str, ...]
    current: bool


def revision_rows(rows: Sequence[MonitorRevision], current: int) -> list[RevisionRow]:
    """Return what a monitor was, the newest first, with what changed."""
    before = [*rows[1:], None]
    return [
        RevisionRow(
            row,
            ("made so at first",) if last is None else _changes(last.definition, row.definition),
            row.revision == current,
        )
        for row, last in zip(rows, before, strict=True)
    ]


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{words}: {_said(before.get(key))} → {_said(after.get(key))}"
        for key, words in _KEYS.items()
        if before.get(key) != after.get(key)
    ) or ("as before",)


def _said(value: Any) -> str:
    if value is None:
        return "all"
    if isinstance(value, list):
        return ", ".join(str(one) or "whole model" for one in value)
    return str(value) or "none"
