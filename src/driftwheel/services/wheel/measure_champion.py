"""The step `measure`: how accurate the champion is on what was labelled at random, and whether it is harm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from driftwheel.performance.measured_accuracy import measure_accuracy
from driftwheel.performance.packed_sums import merge_packed
from driftwheel.report.gains import points
from driftwheel.services.release.gate_slice import GateSlice
from driftwheel.services.wheel.slice_of_turn import slice_of_turn
from driftwheel.services.wheel.turn_moves import At, end, go_on, moving
from driftwheel.services.wheel.unbiased_labels import unbiased_labels
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import ModelVersion, version_by_key
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.windows.performance_windows import list_performance
from driftwheel.store.windows.verdicts import list_verdicts
from driftwheel.wheel.harm import Harm, judge_harm

__all__ = ["measure_champion"]

_CLAIMS_HARM = {"alert", "performance"}
_DAYS_BEFORE = 30
_LEAST_BEFORE = 30  # labels that say what is usual
_NEWEST = 20  # windows that are looked at for an estimate


def measure_champion(at: At) -> bool:
    """Measure, beside the estimate without labels; end where no harm is shown and that is the policy."""
    with reading(at.engine) as connection:
        alias = find_alias(connection, at.model.key, "champion")
        champion = None if alias is None else version_by_key(connection, alias.version)
        chosen = slice_of_turn(connection, at)
        right, n = _right(connection, at, champion, chosen)
        usual, source = _usual(connection, at, champion, chosen)
        estimate = _estimate(connection, at, chosen)
    harm = judge_harm(right, n, usual, at.policy.harm_margin)
    numbers: dict[str, Any] = {
        "n": n,
        "accuracy": harm.accuracy,
        "low": harm.low,
        "high": harm.high,
        "usual": usual,
        "usual_from": source,
        "estimated": estimate,
        "harm": harm.state,
    }
    told = _told(harm, source, estimate, None if champion is None else champion.name)
    with moving(at) as connection:
        if at.policy.end_without_harm and at.turn.trigger in _CLAIMS_HARM and harm.state == "not_shown":
            reason = f"No harm is shown. {told}"
            end(connection, at, "no_harm", reason, told=told, found=numbers)
        else:
            go_on(connection, at, "dataset", told=told, found=numbers)
    return True


def _right(
    connection: Connection, at: At, champion: ModelVersion | None, chosen: GateSlice
) -> tuple[int, int]:
    """Return how many of the labels drawn at random are what the champion said, and how many there are."""
    labels = unbiased_labels(connection, at.model.key, since=chosen.since, pool=at.last("pool"))
    answered = [one for one in labels if one.correct is not None]
    own = [one for one in answered if champion is not None and one.model_version == champion.name]
    answered = own or answered  # records need not say which version answered them
    return sum(bool(one.correct) for one in answered), len(answered)


def _usual(
    connection: Connection, at: At, champion: ModelVersion | None, chosen: GateSlice
) -> tuple[float | None, str]:
    """Return the champion's usual accuracy, and where it is known from: labels of before, or its training."""
    if chosen.since is not None:
        before = list_performance(
            connection,
            at.model.key,
            since=chosen.since - timedelta(days=_DAYS_BEFORE),
            until=chosen.since,
            tag=chosen.tag,
            value=chosen.value,
        )
        whole = [one.sums for one in before if one.labels and one.end <= chosen.since]
        measured = measure_accuracy(merge_packed(whole)) if whole else None
        if (
            measured is not None
            and measured.figure.value is not None
            and (measured.figure.n or 0) >= _LEAST_BEFORE
        ):
            return float(measured.figure.value), "labels"
    metrics = {} if champion is None else champion.metrics or {}
    trained = (metrics.get("clean") or {}).get("accuracy")
    return (float(trained), "training") if isinstance(trained, (int, float)) else (None, "")


def _estimate(connection: Connection, at: At, chosen: GateSlice) -> dict[str, Any] | None:
    """Return the newest estimate without labels, of the windows that the turn is about."""
    verdicts = list_verdicts(connection, at.model.key, since=chosen.since, tag=chosen.tag, value=chosen.value)
    for one in verdicts[-_NEWEST:][::-1]:
        plain = one.observations.get("estimated_accuracy")
        if plain is not None and plain.get("value") is not None:
            return dict(plain)
    return None


def _told(harm: Harm, source: str, estimate: dict[str, Any] | None, champion: str | None) -> str:
    if harm.accuracy is None or harm.low is None or harm.high is None:
        return "No label speaks for others, so that the champion's accuracy cannot be told."
    called = "The model" if champion is None else f"'{champion}'"
    told = (
        f"{called} is right on {points(harm.accuracy)} of {harm.n:,} images drawn at random "
        f"(90\u00a0%: {points(harm.low)} to {points(harm.high)})"
    )
    if harm.usual is not None:
        where = "by labels of before" if source == "labels" else "when it was trained"
        told += f"; usual is {points(harm.usual)}, {where}"
    if estimate is not None:
        told += f"; estimated without labels was {points(float(estimate['value']))}"
    return f"{told}."
