"""Suggestions: the monitors that appear by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from driftwheel.monitors.monitor import Monitor
from driftwheel.predictions import Task
from driftwheel.profiles.window import Window

__all__ = ["suggested_monitors"]


def suggested_monitors(task: Task, segment_tags: Sequence[str], window: Window) -> tuple[Monitor, ...]:
    """Return the monitors that a new model gets, so that it is watched without any configuration."""
    raise NotImplementedError
