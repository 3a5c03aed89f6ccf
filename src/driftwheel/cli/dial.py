"""The one dial as the command line has it."""

from __future__ import annotations

__all__ = ["check_dial_options"]


def check_dial_options(false_alarms_per_year: float, windows_per_year: float) -> None:
    """Raise `UsageError`, in words of the options, unless 0 < false alarms < windows."""
    from driftwheel.drift.rules import check_dial

    check_dial(
        false_alarms_per_year, windows_per_year, names=("--false-alarms-per-year", "--windows-per-year")
    )
