"""Suggestions: the monitors that appear by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from driftwheel.monitors.monitor import Monitor, Severity
from driftwheel.monitors.rule_text import parse_rule
from driftwheel.predictions import Task
from driftwheel.profiles.window import Window

__all__ = ["suggested_for_autoencoder", "suggested_monitors"]


_WHOLE = ("",)
_SILENCE = {"hour": "2 h", "day": "1 d", "week": "8 d"}
_PREDICTIONS = "Look at what the model says, and on which images; then at the images themselves."


def suggested_monitors(
    task: Task,  # noqa: ARG001  the same of both
    segment_tags: Sequence[str],
    window: Window,
) -> tuple[Monitor, ...]:
    """Return the monitors that a new model gets, so that it is watched without any configuration.

    What cameras do (drift in one window or slowly over many, unreadable, black, repeated or wrongly sized
    images, silence) is watched in the whole model and in each segment; what the model does (predictions,
    confidence, latency, errors) and what people say of it (feedback, truths) in the whole only. Estimated
    accuracy is not watched: an interval of 90 % a window keeps no count of false alarms a year. What is held
    against past windows begins to count when there are enough of them. With windows of an hour such a value
    must be unusual in two of three.

    Parameters
    ----------
    task
        The model's; both are watched alike.
    segment_tags, window
        The model's.

    Examples
    --------
    >>> [one.name for one in suggested_monitors("classification", (), "day") if one.severity == "critical"]
    ['drift', 'silence', 'black images', 'frozen camera', 'accuracy']
    """
    monitors: tuple[Monitor, ...] = (
        _monitor(
            "drift",
            "drift is found or evidence is found",
            "critical",
            None,
            "Look at the images that changed most.",
        ),
        _monitor(
            "silence",
            f"silence above {_SILENCE[window]}",
            "critical",
            None,
            "Check the cameras, their network and the programs that send the records.",
        ),
        _monitor(
            "unreadable images",
            "unreadable_share above 5 % until 2 %",
            "warning",
            None,
            "Open one of the files; see whether they arrive whole.",
        ),
        _monitor(
            "black images",
            "black_share above 5 % and black_share is unusual",
            "critical",
            None,
            "Check the camera's lens, light and signal.",
        ),
        _monitor(
            "frozen camera",
            "frozen_share above 5 % and frozen_share is unusual",
            "critical",
            None,
            "Restart the camera; see whether files are sent again.",
        ),
        _monitor(
            "image size",
            "wrong_size_share above 5 % until 1 %",
            "warning",
            None,
            "See which step changed the resolution.",
        ),
        _monitor("accuracy", "accuracy is unusual", "critical", _WHOLE, _PREDICTIONS),
        _monitor("prediction mix", "prediction_mix is unusual", "warning", _WHOLE, _PREDICTIONS),
        _monitor("confidence", "confidence is unusual", "warning", _WHOLE, _PREDICTIONS),
        _monitor("feedback", "feedback_share is unusual", "warning", _WHOLE, _PREDICTIONS),
        _monitor(
            "volume",
            "records is unusual",
            "warning",
            _WHOLE,
            "See whether all cameras send, and none twice.",
        ),
        _monitor(
            "failed inferences",
            "error_share above 5 % until 1 %",
            "warning",
            _WHOLE,
            "Read the errors of the records.",
        ),
        _monitor("latency", "latency_p95 is unusual", "info", _WHOLE, "See how busy the machine is."),
    )
    if segment_tags:
        named = ", ".join(segment_tags)
        note = f"Let every program that sends records send these tags: {named}."
        missing = _monitor(
            "missing tags", "missing_tags_share above 5 % until 1 %", "warning", _WHOLE, note[:2000]
        )
        monitors = (*monitors, missing)
    return tuple(_less_hasty(one) for one in monitors) if window == "hour" else monitors


def suggested_for_autoencoder(window: Window) -> Monitor:
    """Return the monitor that a model gets with its first autoencoder.

    It finds nothing that drift is not found by: it says what, and has no false alarms of its own.

    Examples
    --------
    >>> suggested_for_autoencoder("day").name
    'reconstruction'
    """
    monitor = _monitor(
        "reconstruction",
        "reconstruction is unusual",
        "warning",
        _WHOLE,
        "Look at the images with the largest errors beside what the autoencoder makes of them.",
    )
    return _less_hasty(monitor) if window == "hour" else monitor


def _monitor(
    name: str, when: str, severity: Severity, segments: tuple[str, ...] | None, note: str
) -> Monitor:
    return Monitor(name, parse_rule(when), severity, segments, note=note)


def _less_hasty(monitor: Monitor) -> Monitor:
    """Return a monitor of hours that waits for a second breach, where it watches what varies by itself."""
    if monitor.segments is None:
        return monitor
    return replace(monitor, breaches=2, of_windows=3)
