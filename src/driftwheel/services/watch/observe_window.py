"""Observe a window: every signal that monitors may watch, with what is usual of it.

What is usual of drift and of properties, the reference says; of all else, the windows of the same segment
before this one. Of those, the ones that were unusual themselves are left out while they are fewer than the
others: a fault does not become usual while it lasts, a new way of working does in time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import numpy as np
from sqlalchemy import Connection

from driftwheel.drift.rules import alpha_for
from driftwheel.drift.verdict import Verdict
from driftwheel.monitors.observation import CANNOT_TELL, Observation, observation_from_json
from driftwheel.monitors.signal import SIGNALS, signal_named
from driftwheel.monitors.usual import Unusual, usual_count, usual_mix, usual_number, usual_share
from driftwheel.performance.measured_performance import measure_performance
from driftwheel.profiles import Profile
from driftwheel.profiles.prediction_summary import (
    PredictionSummary,
    class_counts,
    latency_quantile,
    mean_confidence,
    predictions_from_bytes,
)
from driftwheel.profiles.window import as_window, windows_per_year
from driftwheel.services.watch.carry_evidence import CarriedEvidence, observe_evidence
from driftwheel.services.watch.estimate_window import estimate_window
from driftwheel.services.watch.judge_reconstruction import ReconstructionLook, observe_reconstruction
from driftwheel.services.watch.known_references import KnownReference
from driftwheel.services.watch.sum_performance import known_sums
from driftwheel.services.watch.window_records import WindowRecords
from driftwheel.store.models.models import Model
from driftwheel.store.records.logged_answers import LoggedAnswers
from driftwheel.store.records.record_outline import last_time_between
from driftwheel.store.windows.answers import called_wrong
from driftwheel.store.windows.verdicts import StoredVerdict, list_verdicts
from driftwheel.store.windows.window_predictions import past_predictions, predictions_of
from driftwheel.store.windows.windows import StoredWindow

__all__ = ["PAST", "Seen", "observe_window"]

PAST = {"hour": 336, "day": 56, "week": 26}
"""Windows before one that tell what is usual: two weeks of hours, eight weeks of days, half a year."""

_CALIBRATED = 12  # signals with a test against past windows; they share a quarter of the dial
_CHOSEN = "its labels are of images that were chosen for what they show."
_BLACK = 2.55  # grey levels of 255: the mean brightness of an image that is black all over is below


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was seen of a window of one segment.

    Attributes
    ----------
    profile
        The window's; empty where there is none.
    records
        Its measured records.
    said
        What the model said of these; none where there is no reference with answers to hold them against.
    reference
        None without one.
    verdict
        None where it could not be judged.
    parts
        Segments of this span of time that are judged.
    failure
        Why it could not be judged, though there is a reference; else empty.
    evidence
        Of this window and those before; None without a verdict.
    look
        What an autoencoder found in the images; None without one.
    agreement
        What the agreement of versions tells of the accuracy; None where they were not asked.
    """

    model: Model
    window: StoredWindow
    profile: Profile
    records: WindowRecords
    said: LoggedAnswers
    reference: KnownReference | None
    verdict: Verdict | None
    parts: int
    failure: str = ""
    evidence: CarriedEvidence | None = None
    look: ReconstructionLook | None = None
    agreement: Observation | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Past:
    """The windows before one: their observations and summaries of predictions, the oldest first."""

    verdicts: Sequence[StoredVerdict]
    predictions: Mapping[datetime, bytes]
    alpha: float

    def of(self, signal: str) -> list[tuple[datetime, Observation]]:
        """Return what was seen of a signal, without what was unusual while that is less than the rest."""
        found = self._all(signal)
        left_out = _unusual(found)
        return [(start, one) for start, one in found if start not in left_out]

    def unusual(self, signal: str) -> set[datetime]:
        """Return the starts of the windows that do not tell what is usual of a signal."""
        return _unusual(self._all(signal))

    def _all(self, signal: str) -> list[tuple[datetime, Observation]]:
        seen = (
            (one.start, observation_from_json(one.observations[signal]))
            for one in self.verdicts
            if signal in one.observations
        )
        return [(start, one) for start, one in seen if one.value is not None]


def _unusual(found: Sequence[tuple[datetime, Observation]]) -> set[datetime]:
    unusual = {start for start, one in found if one.judged}
    return unusual if 2 * len(unusual) < len(found) else set()


def observe_window(connection: Connection, seen: Seen) -> dict[str, Observation]:
    """Return every signal of `driftwheel.monitors.signal` for one window of one segment, by name.

    A signal without data has no value and n = 0. Nothing is written.
    """
    window, model = seen.window, seen.model
    newest = PAST[model.window]
    past = _Past(
        list_verdicts(
            *(connection, model.key), until=window.start, newest=newest, tag=window.tag, value=window.value
        ),
        past_predictions(
            *(connection, model.key, window.start), newest=newest, tag=window.tag, value=window.value
        ),
        alpha_for(
            model.false_alarms_per_year,
            4 * _CALIBRATED * seen.parts * windows_per_year(as_window(model.window)),
        ),
    )
    packed = predictions_of(connection, window.key)
    said = PredictionSummary() if packed is None else predictions_from_bytes(packed)
    found = [
        *_of_verdict(seen),
        observe_evidence(seen.evidence, model.window, seen.verdict),
        observe_reconstruction(seen.look, seen.verdict),
        *_of_images(seen, past),
        *_of_predictions(model, said, past),
        _records(seen, said, past),
        _silence(connection, seen),
        *_performance(connection, seen, past),
        _estimated(connection, seen),
        *([] if seen.agreement is None else [seen.agreement]),
        _feedback(connection, seen, said, past),
    ]
    by_name = {one.signal: one for one in found}
    return {one.name: by_name.get(one.name) or Observation(one.name, None, 0) for one in SIGNALS}


def _of_verdict(seen: Seen) -> list[Observation]:
    verdict = seen.verdict
    names = [one.name for one in SIGNALS if one.name == "drift" or one.kind == "effect"]
    if verdict is None:
        note = seen.failure or "There is no reference to hold it against."
        return [Observation(name, None, 0, note=note, failed=bool(seen.failure)) for name in names]
    n = verdict.n_current + len(verdict.unreadable)
    if verdict.verdict == "insufficient":
        note = f"{verdict.images_needed:,} more images are needed."
        return [Observation(name, None, verdict.n_current, note=note) for name in names]
    drift = verdict.verdict == "drift"
    return [
        Observation("drift", float(drift), n, usual=0.0, p_value=verdict.p_value, judged=drift),
        *(
            Observation(
                f"property.{one.name}",
                float(one.effect),
                one.n_current,
                usual=0.0,
                low=0.0,
                high=float(one.threshold),
                p_value=float(one.p_value),
                judged=one.drifted,
            )
            for one in verdict.properties
        ),
    ]


def _of_images(seen: Seen, past: _Past) -> list[Observation]:
    usual: Mapping[str, tuple[int, int]] = {}
    if seen.reference is not None:
        usual = _damages(seen.reference.profile(seen.window.tag, seen.window.value)[0])
    found = []
    for name, (k, n) in _damages(seen.profile).items():
        before = usual.get(name, (0, 0))
        found.append(_share(name, k, n, past, before[0] / before[1] if before[1] else None))
    sizes = frozenset() if seen.reference is None else seen.reference.sizes
    table = seen.records.table
    if not sizes:
        why = "no reference" if seen.reference is None else "a reference with images of many sizes"
        found.append(Observation("wrong_size_share", None, 0, note=f"There is {why}."))
    elif len(table):
        pairs = np.column_stack([table.column("width"), table.column("height")])
        other = sum((int(width), int(height)) not in sizes for width, height in pairs)
        found.append(_share("wrong_size_share", other, len(table), past, 0.0))
    return found


def _damages(profile: Profile) -> dict[str, tuple[int, int]]:
    """Return of each signal of damaged images how many have it, and of how many that is known."""
    lost = sum(profile.unreadable.values())
    found = {"unreadable_share": (lost, profile.n + lost)}
    known = {one.name: one for one in profile.properties}
    if brightness := known.get("brightness"):
        dark = brightness.counts[brightness.definition.edges()[1:] <= _BLACK * 1.001]
        found["black_share"] = int(dark.sum()), brightness.count
    if near := known.get("near_duplicate"):
        found["frozen_share"] = int(near.counts[1]), near.count
    return found


def _of_predictions(model: Model, said: PredictionSummary, past: _Past) -> list[Observation]:
    found = [_share("error_share", said.errors, said.records, past)]
    if model.segment_tags:
        lacking = max(said.missing(tag) for tag in model.segment_tags)
        found.append(_share("missing_tags_share", lacking, said.records, past))
    if said.scores:
        found.append(_number("confidence", mean_confidence(said), said.scores, past))
    if said.latencies:
        found.append(_number("latency_p95", latency_quantile(said, 0.95), said.latencies, past))
    found.append(_mix(model, said, past))
    return found


def _mix(model: Model, said: PredictionSummary, past: _Past) -> Observation:
    now = class_counts(said, model.task)
    total = sum(now.values())
    if total == 0:
        return Observation("prediction_mix", None, 0)
    left_out = past.unusual("prediction_mix")
    before = [
        class_counts(predictions_from_bytes(packed), model.task)
        for start, packed in past.predictions.items()
        if start not in left_out
    ]
    distance, usual = usual_mix([one for one in before if one], now, past.alpha)
    return _observed("prediction_mix", distance, total, usual)


def _records(seen: Seen, said: PredictionSummary, past: _Past) -> Observation:
    """Count all that came: records of any kind, and images that are known by a profile only."""
    only_profiled = seen.window.records + seen.window.rejected - said.images
    n = said.records + max(0, only_profiled)
    before = [(start, int(one.value or 0)) for start, one in past.of("records")]
    return _observed("records", float(n), n, usual_count(before, (seen.window.start, n), past.alpha))


def _silence(connection: Connection, seen: Seen) -> Observation:
    """Return how long before the window's end the last of it came; the whole window where nothing did."""
    window = seen.window
    last = last_time_between(
        connection, window.model, window.start, window.end, tag=window.tag, value=window.value
    )
    known = [one for one in (last, seen.profile.last) if one is not None]
    since = max(known, default=window.start)
    note = "" if known else "Nothing came in the window."
    return Observation("silence", max(0.0, (window.end - since).total_seconds()), len(known), note=note)


def _performance(connection: Connection, seen: Seen, past: _Past) -> list[Observation]:
    """Return accuracy beside past windows, and the other figures with their intervals."""
    if seen.model.task != "classification":
        note = "Of boxes the accuracy is not measured window by window."
        return [Observation("accuracy", None, 0, note=note)]
    found = measure_performance(known_sums(connection, seen.model, seen.window))
    figure = found.accuracy.figure
    if figure.value is None:
        note = f"{CANNOT_TELL}{_CHOSEN}" if found.accuracy.basis == "chosen" else ""
        return [Observation("accuracy", None, found.accuracy.chosen, note=note)]
    right = _share("accuracy", round(figure.value * figure.n), figure.n, past)
    metrics = found.metrics
    others = {
        "balanced_accuracy": metrics.balanced_accuracy,
        "macro_f1": metrics.macro_f1,
        "area_under_roc": found.area_under_roc,
        "log_loss": found.log_loss,
        "calibration_error": found.calibration.error,
    }
    return [
        replace(right, value=figure.value),
        *(
            Observation(name, one.value, one.n, low=one.low, high=one.high)
            for name, one in others.items()
            if one.value is not None
        ),
    ]


def _estimated(connection: Connection, seen: Seen) -> Observation:
    if seen.reference is None:
        return estimate_window(connection, seen.model, seen.window, None, None, seen.said)
    reference = seen.reference
    return estimate_window(
        connection,
        seen.model,
        seen.window,
        reference.sample,
        reference.answers,
        seen.said,
        truths=reference.truths,
        library=reference.library,
        asked=reference.asked_version,
    )


def _feedback(connection: Connection, seen: Seen, said: PredictionSummary, past: _Past) -> Observation:
    window = seen.window
    wrong = called_wrong(
        connection, window.model, window.start, window.end, tag=window.tag, value=window.value
    )
    return _share("feedback_share", wrong, max(wrong, said.records), past)


def _share(name: str, k: int, n: int, past: _Past, reference: float | None = None) -> Observation:
    """Observe k of n; `reference` says what is usual where there are too few windows before."""
    if n == 0:
        return Observation(name, None, 0)
    before = [(round((one.value or 0.0) * one.n), one.n) for _, one in past.of(name) if one.n]
    found = _observed(name, k / n, n, usual_share(before, (k, n), past.alpha, signal_named(name).usual))
    return replace(found, usual=reference) if found.usual is None else found


def _number(name: str, value: float, n: int, past: _Past) -> Observation:
    before = [(one.value or 0.0, one.n) for _, one in past.of(name)]
    return _observed(name, value, n, usual_number(before, (value, n), past.alpha, signal_named(name).usual))


def _observed(name: str, value: float | None, n: int, usual: Unusual) -> Observation:
    return Observation(name, value, n, **asdict(usual))
