"""Raise alerts: from what monitors found to the episodes that people are told of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from driftwheel.alerts.act import inhibit
from driftwheel.alerts.compose import compose_entry
from driftwheel.alerts.episode import Episode, is_open
from driftwheel.alerts.inhibit import inhibitor
from driftwheel.alerts.life_cycle import HISTORY, WindowResult, advance, windows_needed
from driftwheel.alerts.message import entry_to_json
from driftwheel.monitors.rule import signals_of
from driftwheel.monitors.signal import signal_named
from driftwheel.services.alert.found import Found
from driftwheel.services.alert.readable_monitors import readable_monitors
from driftwheel.store.alerts.episodes import add_episode, ended_of, open_episodes, save_episode
from driftwheel.store.alerts.evaluations import (
    StoredEvaluation,
    newest_evaluated,
    newest_evaluations,
    put_evaluations,
)
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.alerts.notified_groups import make_due

__all__ = ["explain_alerts", "raise_alerts"]


def raise_alerts(connection: Connection, model: int, found: Sequence[Found], now: datetime) -> int:
    """Keep what monitors found, let it begin, change and end episodes, and return how many of them changed.

    Call it with the model locked (`driftwheel.store.models.models.lock_model`). It may be called again with
    the same: then nothing happens.

    Parameters
    ----------
    found
        Of any windows. One without an answer changes nothing, nor does one older than the newest window that
        its monitor looked at. Of what people tell later (truth, feedback), the newest counts that it had an
        answer for.
    now
        Clock time.
    """
    put_evaluations(connection, [one.as_evaluation(now) for one in found])
    open_now = {one.instance: one for one in open_episodes(connection, model)}
    changed = 0
    for one in found:
        episode = open_now.get(one.instance.digest)
        result = one.evaluation.result
        if result == "breach" or (result == "ok" and episode is not None):  # else nothing begins or ends
            changed += _advance(connection, one, episode, _carriers(one, found), now)
    changed += explain_alerts(connection, model)
    if changed:
        make_due(connection, model, now)
    return changed


def explain_alerts(connection: Connection, model: int) -> int:
    """Note which open episodes of a model are explained by which others, and return how many changed in that.

    Call it in every transaction that begins or ends one.
    """
    episodes = open_episodes(connection, model)
    if not episodes:
        return 0
    monitors = readable_monitors(list_monitors(connection, model))
    rules = {stored.key: monitor.rule for stored, monitor in monitors}
    of_segments: defaultdict[tuple[str, str], list[Episode]] = defaultdict(list)
    for one in episodes:
        of_segments[one.tag, one.value].append(one)
    whole = of_segments["", ""]
    changed = 0
    for one in episodes:  # only those of its segment and of the whole model can explain it
        by = inhibitor(one, [*whole, *of_segments[one.tag, one.value]] if one.tag else whole, rules)
        if by != one.inhibited_by:
            save_episode(connection, inhibit(one, by))
            changed += 1
    return changed


def _advance(
    connection: Connection, one: Found, episode: Episode | None, carriers: Sequence[str], now: datetime
) -> bool:
    """Move one instance on, and return whether its episode changed in a way that people may be told of."""
    newest = newest_evaluations(
        connection, one.stored.key, tag=one.tag, value=one.value, limit=windows_needed(one.monitor)
    )
    if _is_late(connection, one, newest):
        _explain_again(connection, one, episode, carriers)
        return False
    results = [
        WindowResult(each.start, each.end, each.result, each.cleared)
        for each in newest
        if each.revision == one.stored.revision  # what another rule said does not count
    ]
    step = advance(
        episode,
        results,
        one.instance,
        now,
        evaluated=one.end,
        watch_from=one.stored.watch_from,
        history=ended_of(connection, one.instance.digest, limit=HISTORY),
    )
    after = step.episode
    if after is None:
        return False
    document = None
    if one.evaluation.result == "breach" and is_open(after):
        document = _document(one, after, carriers)
    if after.key == 0:
        add_episode(connection, after, document or {})
    elif document is not None or after != episode:
        save_episode(connection, after, document)
    return bool(step.happened)


def _document(one: Found, episode: Episode, carriers: Sequence[str]) -> dict[str, Any]:
    """Return what is to be said of an episode after this window in breach."""
    entry = compose_entry(
        episode,
        one.monitor,
        one.window,
        one.evaluation,
        one.observations,
        headline=one.headline,
        verdict=one.document,
        segments=carriers,
        examples=one.exemplars,
    )
    return entry_to_json(entry)


def _explain_again(
    connection: Connection, one: Found, episode: Episode | None, carriers: Sequence[str]
) -> None:
    """Say anew what an open episode rests on, where its last window in breach was judged again.

    Its cause is known later where camera faults were simulated after it. Nobody is told because of that.
    """
    if episode is not None and one.evaluation.result == "breach" and one.end == episode.last_breach:
        save_episode(connection, episode, _document(one, episode, carriers))


def _is_late(connection: Connection, one: Found, answered: Sequence[StoredEvaluation]) -> bool:
    """Whether the window is an old one; `answered` are the newest evaluations with an answer."""
    if any(signal_named(name).told_later for name in signals_of(one.monitor.rule)):
        newest = answered[0].start if answered else None
    else:
        newest = newest_evaluated(connection, one.stored.key, tag=one.tag, value=one.value)
    return newest is not None and newest > one.start


def _carriers(one: Found, found: Sequence[Found]) -> list[str]:
    """Return the segments in breach of the same monitor in the same window, the strongest first."""
    if one.tag:
        return []
    same = [
        each
        for each in found
        if each.tag
        and each.stored.key == one.stored.key
        and each.start == one.start
        and each.evaluation.result == "breach"
    ]
    ordered = sorted(same, key=lambda each: (each.strength, each.tag, each.value))
    return [f"{each.tag}={each.value}" for each in ordered]
