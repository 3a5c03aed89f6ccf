"""Replay a monitor, even one that is not saved, over past windows: how often it would have fired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.alerts.episode import Episode, has_fired, is_open
from driftwheel.alerts.instance import Instance
from driftwheel.alerts.life_cycle import HISTORY, WindowResult, advance, windows_needed
from driftwheel.monitors.evaluate import Evaluation, Result, evaluate
from driftwheel.monitors.monitor import Monitor, watched_tags
from driftwheel.monitors.observation import observations_from_json
from driftwheel.monitors.rule import signals_of
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model, find_model
from driftwheel.store.windows.verdicts import StoredVerdict, list_verdicts

__all__ = ["MOST_REPLAYED", "Replay", "ReplayedWindow", "SegmentReplay", "replay_monitor", "replay_monitors"]

MOST_REPLAYED = 20_000
"""Windows of one replay, of all that is watched: a year of hours with one segment, or of days with fifty."""


@dataclass(frozen=True, slots=True)
class ReplayedWindow:
    """What a monitor would have said of one window, and whether it would have been firing then.

    `alpha` is the p-value below which the verdict of then was drift.
    """

    start: datetime
    end: datetime
    evaluation: Evaluation
    firing: bool
    alpha: float | None = None

    @property
    def result(self) -> Result:
        """Of the rule."""
        return self.evaluation.result


@dataclass(frozen=True, slots=True)
class SegmentReplay:
    """One segment (both empty: the whole model): its windows by time, and what would have fired."""

    tag: str
    value: str
    windows: tuple[ReplayedWindow, ...]
    episodes: tuple[Episode, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """What a monitor would have done.

    Attributes
    ----------
    segments
        By tag and value, the whole model first.
    windows
        How many spans of time were gone through.
    since
        Start of the first of them; None where there was none.
    """

    segments: tuple[SegmentReplay, ...]
    windows: int
    since: datetime | None = None

    @property
    def fired(self) -> int:
        """How often it would have fired, over all segments."""
        return sum(len(one.episodes) for one in self.segments)


def replay_monitor(
    engine: Engine,
    model: str,
    monitor: Monitor,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Replay:
    """Go through the windows that overlap since…until, and return what a monitor would have done.

    It goes by what was observed then, which is kept with each verdict. Each window counts as judged at its
    end. Of more than `MOST_REPLAYED` windows of what it watches, the newest are gone through. Nothing is
    written.

    Raises
    ------
    UsageError
        When there is no such model.
    """
    (found,) = replay_monitors(engine, model, [monitor], since=since, until=until)
    return found


def replay_monitors(
    engine: Engine,
    model: str,
    monitors: Sequence[Monitor],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Replay]:
    """Return what each of these would have done, as `replay_monitor` does.

    History is read once for all that watch the same tags.
    """
    with reading(engine) as connection:
        found = find_model(connection, model)
        watched = [watched_tags(monitor, found.segment_tags) for monitor in monitors]
        verdicts = {
            tags: list_verdicts(
                connection, found.key, since=since, until=until, tags=tags, newest=MOST_REPLAYED
            )
            for tags in set(watched)
        }
    return [_over(found, monitor, verdicts[tags]) for monitor, tags in zip(monitors, watched, strict=True)]


def _over(model: Model, monitor: Monitor, verdicts: Sequence[StoredVerdict]) -> Replay:
    by_segment: defaultdict[tuple[str, str], list[StoredVerdict]] = defaultdict(list)
    for one in verdicts:
        by_segment[one.tag, one.value].append(one)
    segments = tuple(
        _replay(Instance(model.key, 0, 0, monitor, *segment), its)
        for segment, its in sorted(by_segment.items())
    )
    since = verdicts[0].start if verdicts else None
    return Replay(segments, len({one.start for one in verdicts}), since)


def _replay(instance: Instance, verdicts: Sequence[StoredVerdict]) -> SegmentReplay:
    """Go through the windows of one segment, by time."""
    windows: list[ReplayedWindow] = []
    results: list[WindowResult] = []
    ended: list[Episode] = []
    episode: Episode | None = None
    needed = windows_needed(instance.monitor)
    signals = signals_of(instance.monitor.rule)
    for verdict in verdicts:
        seen = {name: verdict.observations[name] for name in signals if name in verdict.observations}
        evaluation = evaluate(instance.monitor, observations_from_json(seen))
        if evaluation.result in {"ok", "breach"}:
            result = WindowResult(verdict.start, verdict.end, evaluation.result, evaluation.cleared)
            results = [result, *results[: needed - 1]]
            step = advance(
                episode, results, instance, verdict.end, evaluated=verdict.end, history=ended[:HISTORY]
            )
            episode = step.episode
            if episode is not None and episode.key == 0:
                episode = replace(episode, key=len(ended) + 1)
        firing = episode is not None and is_open(episode) and has_fired(episode)
        windows.append(ReplayedWindow(verdict.start, verdict.end, evaluation, firing, verdict.alpha))
        if episode is not None and not is_open(episode):
            ended.insert(0, episode)
            episode = None
    every = [*reversed(ended), *([] if episode is None else [episode])]
    fired = tuple(one for one in every if has_fired(one))
    return SegmentReplay(instance.tag, instance.value, tuple(windows), fired)
