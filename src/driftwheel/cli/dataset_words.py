"""What commands say of a dataset version."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import typer

if TYPE_CHECKING:
    from driftwheel.cli.listing import Cell
    from driftwheel.services.datasets.new_version import WhyLeftOut
    from driftwheel.store.datasets.dataset_versions import DatasetVersion

__all__ = ["tell_left_out", "version_row"]


def version_row(one: DatasetVersion) -> dict[str, Cell]:
    """Return a version as a row of a table."""
    counted = one.contents
    given = one.made_from.get("parent")
    return {
        "number": one.number,
        "digest": one.digest.hex()[:12],
        "images": one.images,
        "train": counted.splits["train"],
        "validation": counted.splits["validation"],
        "test": counted.splits["test"],
        "classes": len(one.classes),
        "of": None if given is None else given["number"],
        "made": one.created,
        "removed": one.removed is not None,
        "by": one.by,
        "note": one.note or None,
    }


def tell_left_out(one: DatasetVersion) -> None:
    """Print what was left out of a version, and why."""
    from driftwheel.report.printable import printable
    from driftwheel.services.datasets.new_version import WHY_LEFT_OUT

    for why, (n, names) in one.left_out.items():
        first = printable(", ".join(names[:3]))
        said = WHY_LEFT_OUT[cast("WhyLeftOut", why)]
        typer.echo(f"left out: {n:,}: {said} ({first}{', …' if n > 3 else ''})")
