"""How accurate a version was measured to be over some windows, from their sums."""

from __future__ import annotations

from collections.abc import Sequence

from driftwheel.performance.figure import NOTHING, Figure
from driftwheel.performance.measured_accuracy import measure_accuracy
from driftwheel.performance.packed_sums import merge_packed
from driftwheel.store.windows.performance_windows import PerformanceWindow

__all__ = ["version_accuracy"]


def version_accuracy(windows: Sequence[PerformanceWindow], version: str) -> Figure:
    """Return the accuracy of a version in some windows of one segment; no value where no label tells it.

    Where no prediction says of which version it is, all are taken to be of this one. Windows without a label
    are left out.
    """
    labelled = [one.sums for one in windows if one.labels]
    if not labelled:
        return NOTHING
    merged = merge_packed(labelled)
    return measure_accuracy(merged if merged.versions == ("",) else merged.of_version(version)).figure
