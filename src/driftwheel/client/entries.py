"""What a caller logged, held still, before it is made ready to send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from driftwheel.client.held_image import HeldImage
from driftwheel.client.held_prediction import HeldBoxes, HeldPrediction, HeldScores
from driftwheel.profiles import Profile, ProfileSet

__all__ = [
    "Entry",
    "LoggedFeedback",
    "LoggedProfile",
    "LoggedRecord",
    "LoggedTruth",
    "entry_bytes",
    "event_time",
]

_OVERHEAD = 1024


@dataclass(frozen=True, slots=True, eq=False)
class LoggedRecord:
    """One call of `Client.log`; as there, and `driftwheel.predictions.Record`."""

    id: str
    time: datetime
    image: HeldImage | None
    prediction: HeldPrediction | None
    tags: Mapping[str, str]
    latency: float | None
    error: str | None


@dataclass(frozen=True, slots=True, eq=False)
class LoggedTruth:
    """One call of `Client.truth`."""

    record: str
    truth: HeldPrediction


@dataclass(frozen=True, slots=True, eq=False)
class LoggedFeedback:
    """One call of `Client.feedback`."""

    record: str
    wrong: bool
    truth: HeldPrediction | None
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class LoggedProfile:
    """One call of `Client.log_profile`: a profile, the bytes of its file, or the file's path."""

    profile: ProfileSet | Profile | bytes | Path


Entry = LoggedRecord | LoggedTruth | LoggedFeedback | LoggedProfile


def entry_bytes(entry: Entry) -> int:
    """Return about how much memory an entry takes."""
    if not isinstance(entry, LoggedRecord):
        return _OVERHEAD
    size = _OVERHEAD + (0 if entry.image is None else entry.image.size)
    match entry.prediction:
        case HeldBoxes(xyxy=xyxy):
            size += 2 * xyxy.nbytes
        case HeldScores(scores=scores):
            size += scores.nbytes
    return size


def event_time(given: datetime | float | None, now: datetime) -> datetime:
    """Return when something happened, in UTC.

    Parameters
    ----------
    given
        A moment; without a time zone it is in UTC, as everywhere in Driftwheel. Or seconds since 1970.
    now
        What None means.

    Examples
    --------
    >>> event_time(0.5, datetime.max).isoformat()
    '1970-01-01T00:00:00.500000+00:00'
    """
    if given is None:
        return now
    if not isinstance(given, datetime):
        return datetime.fromtimestamp(given, UTC)
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
