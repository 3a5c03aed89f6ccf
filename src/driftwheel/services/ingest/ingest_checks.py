"""Check a record before it is kept: what the tables could not hold, or would hold wrongly, is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from driftwheel.errors import UsageError
from driftwheel.predictions import Classification, Prediction, Record, Task

__all__ = ["AHEAD", "check_id", "check_prediction", "check_record", "check_tags", "check_text", "check_time"]

AHEAD = timedelta(hours=25)
"""How far in the future an event may lie: a clock may be wrong by its time zone, and a little."""

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_MOST_NAME = 128  # characters of ids, versions, names of tags
_MOST_VALUE = 256
_MOST_TEXT = 10_000
_MOST_TAGS = 64
_MOST_SCORES = 20_000
_MOST_BOXES = 10_000
_MOST_SIDE = 2**31 - 1


def check_record(record: Record, *, task: Task, received: datetime) -> None:
    """Raise `UsageError`, saying what is wrong, for a record that cannot be kept."""
    check_id(record.id)
    check_text("The model version", record.model_version, _MOST_NAME)
    check_time(record.time, received)
    if record.tags:
        check_tags(record.tags)
    if record.error is not None:
        check_text("The error", record.error, _MOST_TEXT)
    if record.latency is not None and not (math.isfinite(record.latency) and record.latency >= 0):
        raise UsageError(f"The latency is {record.latency:g} s; it must be a finite number, 0 or above.")
    for name, side in (("width", record.width), ("height", record.height)):
        if side is not None and not 0 < side <= _MOST_SIDE:
            raise UsageError(f"The {name} is {side} pixels; it must be above 0.")
    if record.prediction is not None:
        check_prediction(record.prediction, task, "The prediction")


def check_id(record: str) -> None:
    """Raise `UsageError` for what is no record's id."""
    if not record:
        raise UsageError("A record's id is empty; give 1 to 128 characters, unique in the model.")
    check_text("The record's id", record, _MOST_NAME)


def check_prediction(prediction: Prediction, task: Task, what: str) -> None:
    """Raise `UsageError` for classes where boxes are expected, or boxes for classes, and for far too many."""
    if isinstance(prediction, Classification):
        if task != "classification":
            raise UsageError(f"{what} is a class, but the model's task is {task}; give boxes.")
        labels, most, of = [prediction.label, *prediction.scores], _MOST_SCORES, "classes"
    else:
        if task != "detection":
            raise UsageError(f"{what} has boxes, but the model's task is {task}; give a class.")
        labels, most, of = [box.label for box in prediction.boxes], _MOST_BOXES, "boxes"
    if len(labels) > most:
        raise UsageError(f"{what} has {len(labels)} {of}; at most {most} are kept.")
    for label in labels:
        if not label:
            raise UsageError(f"{what} has a class without a name; give it one.")
        check_text("A class", label, _MOST_VALUE)


def check_tags(tags: Mapping[str, str]) -> None:
    """Raise `UsageError` for too many tags, and for names and values that cannot be kept."""
    if len(tags) > _MOST_TAGS:
        raise UsageError(f"The record has {len(tags)} tags; at most {_MOST_TAGS} are kept.")
    for name, value in tags.items():
        if not name:
            raise UsageError("A tag has an empty name; give it one, such as 'camera'.")
        check_text("The name of a tag", name, _MOST_NAME)
        check_text(f"The tag '{name}'", value, _MOST_VALUE)


def check_text(what: str, text: str, most: int = _MOST_TEXT) -> None:
    """Raise `UsageError` for a text that is too long, holds NUL, or is no Unicode (a lone surrogate)."""
    if len(text) > most:
        raise UsageError(f"{what} has {len(text)} characters; at most {most} are kept.")
    if "\0" in text:
        raise UsageError(f"{what} holds the character NUL; leave it out.")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise UsageError(f"{what} is no Unicode text; it holds half a surrogate pair.") from None


def check_time(time: datetime, received: datetime) -> None:
    """Raise `UsageError` for a moment in which no event can have been: before 1900, or too far ahead."""
    if time.tzinfo is None:
        raise UsageError(f"The time {time.isoformat()} has no time zone; give it in UTC, with Z at its end.")
    ahead = time - received
    if ahead > AHEAD:
        raise UsageError(
            f"The time {time.isoformat()} lies {ahead / timedelta(hours=1):,.1f} h in the future, more than "
            f"{AHEAD / timedelta(hours=1):g} h; set the clock of the machine that logs."
        )
    if time < _EARLIEST:
        raise UsageError(f"The time {time.isoformat()} is too early; give one of 1900 or later.")
