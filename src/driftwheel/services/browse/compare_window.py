"""Compare a window with its reference in one property: distributions, segments, images of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from driftwheel.errors import DriftwheelError
from driftwheel.monitors.observation import Observation, observation_from_json
from driftwheel.profiles import Profile, ProfileSet, from_bytes
from driftwheel.profiles.property_summary import PropertySummary
from driftwheel.services.browse.list_images import ImageQuery, list_images
from driftwheel.services.measure.measured_reference import profile_held_against, unpack_reference
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model
from driftwheel.store.models.references import reference_by_key
from driftwheel.store.records.records import find_record
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.windows.verdict_answers import WindowAnswer, last_answers, segment_answers
from driftwheel.store.windows.verdicts import StoredVerdict, verdicts_of_window
from driftwheel.store.windows.windows import find_window

__all__ = [
    "Comparison",
    "Pictures",
    "SegmentShare",
    "carrying_segments",
    "compare_window",
    "pictures_of",
]

_LEAST_SHARE = 1e-9
_SEGMENTS = 40
_LOOKED_AT = 48
_PICTURES = 8
_BACK = 60  # windows to look back for one without drift


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One property of one window of one segment, beside the reference.

    Attributes
    ----------
    verdict
        With its document.
    numbers
        The property as the verdict's document has it; None without.
    before, after
        Its summary in the reference and in the window; None where there is none.
    whole
        Whether a segment is held against the whole reference.
    why
        Why the reference has no summary to show, though it was held against one.
    """

    verdict: StoredVerdict
    numbers: Mapping[str, Any] | None
    before: PropertySummary | None
    after: PropertySummary | None
    whole: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SegmentShare:
    """One segment of a window.

    Attributes
    ----------
    answer
        Its verdict.
    effect
        Of the property that is looked at.
    share
        Of what counts in all segments of the same tag: images × (effect − threshold) where it counts; None
        where nothing counts in any.
    accuracy
        None without truths.
    """

    answer: WindowAnswer
    effect: Observation | None
    share: float | None
    accuracy: Observation | None


@dataclass(frozen=True, slots=True)
class Pictures:
    """Images then and now.

    Attributes
    ----------
    then
        Of the last window without drift.
    since, until
        That window; None where there is none.
    now
        Those that show the change best, else some of the window.
    chosen
        Whether `now` were chosen because they show the change.
    """

    then: tuple[StoredRecord, ...]
    since: datetime | None
    until: datetime | None
    now: tuple[StoredRecord, ...]
    chosen: bool


@lru_cache(maxsize=32)
def _profiles(blobs: Blobs, artifact: bytes) -> Mapping[str, ProfileSet]:
    """Return the profiles of a measured reference; an artifact never changes, so they are kept at hand."""
    return unpack_reference(blobs.get(artifact)).profiles


def compare_window(connection: Connection, blobs: Blobs, verdict: StoredVerdict, name: str) -> Comparison:
    """Return one property of a window beside the reference that it was held against.

    `verdict` is the window's, with its document.
    """
    tag, value = verdict.tag, verdict.value
    window = find_window(connection, verdict.model, verdict.start, tag=tag, value=value)
    after = None
    if window is not None and window.profile is not None:
        after = _summary(from_bytes(window.profile).whole(), name)
    before, whole, why = _before(connection, blobs, verdict, name, tag, value)
    listed: Sequence[Mapping[str, Any]] = ()
    if verdict.document is not None:
        listed = verdict.document.get("properties", ())
    numbers = next((one for one in listed if one.get("name") == name), None)
    return Comparison(verdict, numbers, before, after, whole, why)


def carrying_segments(connection: Connection, model: Model, start: datetime, name: str) -> list[SegmentShare]:
    """Return the segments of a window with their effect in a property, by tag, the strongest first."""
    answers = segment_answers(connection, model.key, start, limit=_SEGMENTS)
    verdicts = verdicts_of_window(connection, model.key, start)
    seen = {(one.tag, one.value): one.observations for one in verdicts}
    found = []
    for one in answers:
        its = seen[one.tag, one.value]
        found.append((one, _seen(its, f"property.{name}"), _seen(its, "accuracy")))
    counts: dict[str, float] = {}
    for one, effect, _ in found:
        counts[one.tag] = counts.get(one.tag, 0.0) + _counting(effect)
    shares = [
        SegmentShare(
            one,
            effect,
            _counting(effect) / counts[one.tag] if counts[one.tag] > _LEAST_SHARE else None,
            accuracy,
        )
        for one, effect, accuracy in found
    ]
    return sorted(shares, key=lambda one: (one.answer.tag, -(one.share or 0.0), -_value(one.effect)))


def pictures_of(connection: Connection, model: Model, verdict: StoredVerdict) -> Pictures:
    """Return images of the last window without drift before this one, and of this one.

    Both are of the verdict's segment.
    """
    tag, value, start, end = verdict.tag, verdict.value, verdict.start, verdict.end
    known = [find_record(connection, model.key, one) for one in verdict.exemplars[:_PICTURES]]
    now = tuple(one for one in known if one is not None)
    back = start - _BACK * (end - start)
    past = last_answers(connection, model.key, since=back, tag=tag, value=value)
    calm = [one for one in past if one.answer == "no_drift" and one.start < start]
    then: tuple[StoredRecord, ...] = ()
    if calm:
        then = _typical(connection, model, calm[-1].start, calm[-1].end, tag, value)
    return Pictures(
        then,
        calm[-1].start if calm else None,
        calm[-1].end if calm else None,
        now or _typical(connection, model, start, end, tag, value),
        chosen=bool(now),
    )


def _typical(  # noqa: PLR0917  one window of one segment
    connection: Connection, model: Model, start: datetime, end: datetime, tag: str, value: str
) -> tuple[StoredRecord, ...]:
    """Return some images of a window: of its newest those that lie most among the reference's."""
    query = ImageQuery(
        model.name, since=start, until=end, tags={tag: value} if tag else {}, state=RecordState.MEASURED
    )
    found = list_images(connection, query, limit=_LOOKED_AT).records
    by_rank = sorted(found, key=lambda one: (-(one.outlier_p or 0.0), one.key))
    return tuple(by_rank[:_PICTURES])


def _before(  # noqa: PLR0917  one window of one segment
    connection: Connection,
    blobs: Blobs,
    verdict: StoredVerdict,
    name: str,
    tag: str,
    value: str,
) -> tuple[PropertySummary | None, bool, str]:
    reference = None if verdict.reference is None else reference_by_key(connection, verdict.reference)
    if reference is None or reference.artifact is None:
        return None, False, "It was held against no reference, or against one that is gone."
    try:
        profiles = _profiles(blobs, reference.artifact)
    except (FileNotFoundError, DriftwheelError):
        return None, False, "The measured reference is lost among the blobs. Set the reference again."
    profile, own = profile_held_against(profiles, tag, value)
    return _summary(profile, name), not own, ""


def _summary(profile: Profile, name: str) -> PropertySummary | None:
    return next((one for one in profile.properties if one.name == name), None)


def _seen(observations: Mapping[str, Any], signal: str) -> Observation | None:
    plain = observations.get(signal)
    found = None if plain is None else observation_from_json(plain)
    return None if found is None or found.value is None else found


def _counting(effect: Observation | None) -> float:
    if effect is None or effect.value is None or not effect.judged:
        return 0.0
    return effect.n * max(effect.value - (effect.high or 0.0), 0.0)


def _value(effect: Observation | None) -> float:
    return -1.0 if effect is None or effect.value is None else effect.value
