"""The step `watch`: the new champion against the old one on images that came after it; worse goes back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection

from driftwheel.performance.paired_difference import PairedCounts, paired_counts
from driftwheel.report.gains import points
from driftwheel.services.measure.predicted_classes import predicted_classes
from driftwheel.services.models.askers import open_version
from driftwheel.services.release.promote import make_champion
from driftwheel.services.wheel.open_watch_pool import open_watch_pool
from driftwheel.services.wheel.turn_moves import At, end, keep, moving, wait
from driftwheel.services.wheel.unbiased_labels import unbiased_labels
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import pool_by_key
from driftwheel.store.labels.record_labels import RecordLabel
from driftwheel.store.models.models import ModelVersion, version_by_key
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.release.gate_runs import gate_run_by_key
from driftwheel.store.release.promotions import list_promotions
from driftwheel.wheel.turn_step import WHEEL
from driftwheel.wheel.watch import is_to_look, judge_watch

__all__ = ["watch_champion"]

_SHARE, _SOONEST, _LATEST = 0.02, timedelta(seconds=2), timedelta(minutes=15)


def watch_champion(at: At) -> bool:
    """Compare both on the newest labelled images, as labels come, until enough are or the days are over."""
    with reading(at.engine) as connection:
        new, old = _both(connection, at)
        alias = find_alias(connection, at.model.key, "champion")
        labels = _labelled(connection, at)
        pool = next(reversed(at.step.made.get("pool", [])), None)
        is_labelled = pool is not None and _is_open(connection, pool)
    promoted = next((one.told for one in reversed(at.steps) if one.name == "promote"), "")
    if new is None or alias is None or alias.version != new.key:
        return _changed_by_hand(at, new, old)
    if old is None or old.artifact is None or new.artifact is None:
        with moving(at) as connection:
            reason = f"{promoted} It cannot be watched: a file to compare with is no longer here."
            end(connection, at, "promoted", reason)
        return True
    until = at.step.begun + timedelta(days=at.policy.watch_days)
    over = at.now >= until or len(labels) >= at.policy.watch_labels
    if is_to_look(len(labels), int(at.step.found.get("n", 0)), last=over):
        return _look(at, old, new, labels)
    if over:
        with moving(at) as connection:
            told = at.step.told or None
            end(connection, at, "promoted", _reason(at, promoted, old, len(labels)), told=told)
        return True
    if pool is None and open_watch_pool(at, _seen(at), until):
        return True
    waits_for = (
        f"{len(labels):,} of {at.policy.watch_labels:,} new images have a label; '{new.name}' is watched "
        f"until {until:%Y-%m-%d %H:%M} UTC at the latest."
    )
    with moving(at) as connection:
        look_again = min(until, at.now + _pause(at))
        wait(connection, at, "labels" if is_labelled else "images", waits_for, until=look_again)
    return False


def _look(at: At, old: ModelVersion, new: ModelVersion, labels: Sequence[RecordLabel]) -> bool:
    """Compare once more, and keep what was found; go back to the old one where the new one is worse."""
    begun = at.clock()
    counts = _compared(at, old, new, labels)
    seconds = at.clock() - begun
    look = int(at.step.found.get("look", 0)) + 1
    verdict = judge_watch(counts, margin=at.policy.watch_margin, look=look)
    numbers = {**asdict(verdict), "look": look, "n": len(labels), "compared": verdict.n}
    told = (
        f"'{new.name}' is right on {points(verdict.new)} and '{old.name}' on {points(verdict.old)} of "
        f"{verdict.n:,} new images."
        if verdict.n
        else "None of the new images with a label can be read."
    )
    with moving(at) as connection:
        if verdict.worse and at.policy.roll_back:
            reason = f"'{new.name}' is shown to be worse than '{old.name}': {told}"
            back = version_by_key(connection, old.key) or old
            make_champion(
                connection, at.model, back, "rolled_back", gate=None, reason=reason, by=WHEEL, now=at.now
            )
            made = {"back": [old.key]}
            end(connection, at, "rolled_back", reason, made=made, found=_known(numbers), seconds=seconds)
        else:
            keep(connection, at, found=_known(numbers), told=told, seconds=seconds)
    return True


def _known(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Return numbers as JSON has them: what is not one is left out."""
    return {
        name: value for name, value in numbers.items() if not isinstance(value, float) or math.isfinite(value)
    }


def _both(connection: Connection, at: At) -> tuple[ModelVersion | None, ModelVersion | None]:
    """Return the new champion and the one that it replaced."""
    key = at.last("gate")
    run = None if key is None else gate_run_by_key(connection, key)
    if run is None:
        return None, None
    return version_by_key(connection, run.challenger), version_by_key(connection, run.champion)


def _labelled(connection: Connection, at: At) -> list[RecordLabel]:
    """Return the labels of images that came after the new champion had become it."""
    labels = unbiased_labels(connection, at.model.key, after_key=_seen(at))
    return [one for one in labels if one.image is not None]


def _seen(at: At) -> int:
    """Return the key of the record that was the newest when the new champion was found to have become it."""
    return int(at.found("promote").get("seen", 0))


def _is_open(connection: Connection, key: int) -> bool:
    pool = pool_by_key(connection, key)
    return pool is not None and pool.state == "open"


def _pause(at: At) -> timedelta:
    """Return for how long nobody looks: the longer it goes on, the less a moment matters."""
    return min(max((at.now - at.step.begun) * _SHARE, _SOONEST), _LATEST)


def _compared(at: At, old: ModelVersion, new: ModelVersion, labels: Sequence[RecordLabel]) -> PairedCounts:
    """Return how often both are right: both files are asked here, whatever was served."""
    true = [(one.image, one.known.label.label) for one in labels if one.image is not None]
    said = []
    for version in (old, new):
        classifier = open_version(at.blobs.get(version.artifact or b""), at.model.classes, threads=at.threads)
        images = [image for image, _ in true]
        said.append(predicted_classes(at.blobs, images, classifier, threads=at.threads))
    seen = [(image, label) for image, label in true if all(image in answers for answers in said)]
    right = [[answers[image] == label for image, label in seen] for answers in said]
    return paired_counts(*(np.array(one, dtype=np.bool_) for one in right))


def _changed_by_hand(at: At, new: ModelVersion | None, old: ModelVersion | None) -> bool:
    """End: somebody made another version the champion, so there is nothing to watch any more."""
    called = "The new champion" if new is None else f"'{new.name}'"
    with moving(at) as connection:
        last = next(iter(list_promotions(connection, at.model.key, limit=1)), None)
        if last is not None and last.kind == "rolled_back" and old is not None and last.version == old.key:
            reason = f"{called} was rolled back by {last.by}: {last.reason}"
            end(connection, at, "rolled_back", reason, made={"back": [old.key]})
        else:
            by = "" if last is None else f" by {last.by}"
            reason = f"{called} was promoted, and another version took its place{by} while it was watched."
            end(connection, at, "promoted", reason)
    return True


def _reason(at: At, promoted: str, old: ModelVersion, n: int) -> str:
    if at.step.found.get("worse"):
        return (
            f"{promoted} It is shown to be worse than '{old.name}' and stays the champion, since the policy "
            f"rolls nothing back: {at.step.told}"
        )
    if not at.step.found.get("compared"):
        return (
            f"{promoted} In {at.policy.watch_days:g} days {n:,} new images were labelled, too few to compare."
        )
    return f"{promoted} It is not shown to be worse than '{old.name}': {at.step.told}"
