"""What a dataset version was made of, in words."""

from __future__ import annotations

from driftwheel.report.printable import shortened
from driftwheel.store.datasets.dataset_versions import DatasetVersion

__all__ = ["made_of"]


def made_of(version: DatasetVersion) -> str:
    """Return what a version was made of, in words.

    Where it was made of labels, which; where of a folder, how that is called.
    """
    given = version.made_from
    parts: list[str] = []
    if given.get("parent"):
        parts.append(f"version {given['parent']['number']}")
    if labels := given.get("labels"):
        limits = [f"{end} {labels[end][:10]}" for end in ("since", "until") if labels.get(end)]
        limits += [f"{len(labels['pools'])} pools"] if labels.get("pools") else []
        limits += labels.get("sources") or []
        parts.append("labels" + (f" ({', '.join(limits)})" if limits else " of the model's images"))
    if given.get("folder"):
        parts.append(f"the folder '{shortened(given['folder'], 60)}'")
    return " and ".join(parts)
