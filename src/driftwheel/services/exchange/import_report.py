"""What came of a label file, as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.losses import Loss, Lost, Note
from driftwheel.services.exchange.import_count import Imported, NotJoined

__all__ = ["imported_of", "report_of"]


def report_of(done: Imported) -> dict[str, Any]:
    """Return the form that is kept."""
    return {
        "format": None if done.form is None else done.form.value,
        "images": done.images,
        "taken": done.taken,
        "added": done.added,
        "corrected": done.corrected,
        "brought": done.brought,
        "not_joined": [
            {"why": one.why, "count": one.count, "names": list(one.names)} for one in done.not_joined
        ],
        "unknown_classes": dict(done.unknown_classes),
        "lost": [{"kind": one.kind.value, "count": one.count, "first": one.first} for one in done.lost],
    }


def imported_of(report: Mapping[str, Any], key: int) -> Imported:
    """Return what `report_of` wrote, of the import with that key."""
    return Imported(
        None if report["format"] is None else LabelFormat(report["format"]),
        report["images"],
        report["taken"],
        report["added"],
        tuple(NotJoined(one["why"], one["count"], tuple(one["names"])) for one in report["not_joined"]),
        dict(report["unknown_classes"]),
        tuple(Lost(_kind(one["kind"]), one["count"], one["first"]) for one in report["lost"]),
        report["corrected"],
        report["brought"],
        key,
    )


def _kind(text: str) -> Loss | Note:
    return Loss(text) if text in set(Loss) else Note(text)
