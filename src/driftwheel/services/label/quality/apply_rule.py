"""Do what a quality rule asks for: warn, challenge, have somebody pause; every effect is an event.

Only golden tasks and challenges ban: of all else a good annotator may have a reason. Pauses grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from driftwheel.agreement.rule_event import Action, RuleEvent
from driftwheel.errors import UsageError
from driftwheel.services.label.projects.pool_rules import RULES, PoolRules
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.annotators import Annotator, annotator_by_key, set_paused
from driftwheel.store.labels.label_events import LabelEvent, add_event, event_by_key, list_events, set_undone
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.projects import project_by_key
from driftwheel.store.operate.audit import note

__all__ = ["RuleHistory", "apply_rule", "end_pause", "events_about", "history_of", "undone_of"]

_LONGEST_PAUSE = timedelta(days=1)
_REMEMBERED: Final = timedelta(days=30)  # pauses, by which the next one is longer
_WARNED: Final = timedelta(days=1)  # for so long the same is not said again
_STRENGTH: Final[dict[Action, int]] = {"warn": 0, "challenge": 1, "pause": 2, "ban": 3}
_KINDS: Final[dict[Action, str]] = {"warn": "warning", "challenge": "challenge", "pause": "pause"}
_EVENTS = 100  # newest ones of an annotator


@dataclass(frozen=True, slots=True)
class RuleHistory:
    """What a rule has done about an annotator.

    Attributes
    ----------
    since
        What was before is not held against them: they have paused for it, or it was undone; None: nothing.
    said
        The strongest that was said since, not long ago; None: nothing.
    pauses
        How many there were, without those that were undone.
    """

    since: datetime | None
    said: Action | None
    pauses: int


def history_of(events: Sequence[LabelEvent], rule: str, now: datetime) -> RuleHistory:
    """Return what a rule has done, of the newest events of an annotator, the newest first."""
    own = [one for one in events if one.numbers.get("rule") == rule]
    settled = [
        one.undone or one.time for one in own if one.undone is not None or one.kind in {"pause", "ban"}
    ]
    since = max(settled, default=None)
    said = [
        action
        for one in own
        for action, kind in _KINDS.items()
        if one.kind == kind and one.undone is None and now - one.time < _WARNED
        if since is None or one.time > since
    ]
    pauses = sum(one.kind == "pause" and one.undone is None and now - one.time < _REMEMBERED for one in own)
    return RuleHistory(since, _strongest(said), pauses)


def undone_of(events: Sequence[LabelEvent], rule: str) -> datetime | None:
    """Return when an event of a rule was undone the last time; None: never."""
    return max((one.undone for one in events if one.numbers.get("rule") == rule and one.undone), default=None)


def events_about(connection: Connection, project: int, annotator: int) -> list[LabelEvent]:
    """Return the newest events about an annotator, the newest first."""
    return list_events(connection, project, annotator=annotator, limit=_EVENTS)


def apply_rule(
    engine: Engine, pool: Pool, annotator: int, found: RuleEvent, *, now: datetime
) -> LabelEvent | None:
    """Do what a rule asks for of one annotator, and return the event; None: it was done already.

    A warning or a challenge is said once in a day, until they have paused. A pause is `pause_minutes` of the
    pool long at first, and twice as long each time within a month, up to a day; who pauses keeps their tasks
    and may answer them, and gets no new ones.
    """
    if found.action == "ban":
        raise UsageError("A ban is made by driftwheel.services.label.quality.ban_annotator.")
    with writing(engine) as connection:
        who = annotator_by_key(connection, annotator, held=True)
        if who is None or who.banned is not None or who.rests(now):
            return None
        before = history_of(events_about(connection, pool.project, annotator), found.rule, now)
        if before.said is not None and _STRENGTH[before.said] >= _STRENGTH[found.action]:
            return None
        numbers = {"rule": found.rule, **found.numbers}
        until = None
        if found.action == "pause":
            minutes = PoolRules.from_json(pool.rules).pause_minutes
            lasts = min(timedelta(minutes=minutes) * 2 ** min(before.pauses, 12), _LONGEST_PAUSE)
            until = now + lasts
            numbers["minutes"] = lasts.total_seconds() / 60
        event = add_event(
            connection,
            pool.project,
            _KINDS[found.action],
            found.reason,
            time=now,
            by=RULES,
            pool=pool.key,
            annotator=annotator,
            numbers=numbers,
        )
        if until is not None:
            set_paused(connection, annotator, event.key, until)
    return event


def end_pause(engine: Engine, project: int, event: int, *, by: str, now: datetime) -> LabelEvent:
    """Undo a pause, a warning or a challenge, and return its event; noted in the audit.

    What it rested on is not held against the annotator again.

    Raises
    ------
    LookupError
        When the project has no such event.
    UsageError
        When it is none of these, or was undone.
    """
    with writing(engine) as connection:
        found, whose = event_by_key(connection, event), project_by_key(connection, project)
        if found is None or whose is None or found.project != project:
            raise LookupError(f"The project has no event {event}.")
        if found.kind not in set(_KINDS.values()) or found.annotator is None:
            raise UsageError(f"The event {event} is '{found.kind}'; there is nothing to undo.")
        who: Annotator | None = annotator_by_key(connection, found.annotator, held=True)
        if not set_undone(connection, event, now, by):
            raise UsageError(f"The {found.kind} {event} was undone already.")
        if who is not None and who.paused == event:
            set_paused(connection, who.key, None, None)
        details = {"annotator": "" if who is None else who.name, "event": event}
        note(connection, now, by, f"undo-{found.kind}", f"project {whose.name}", details)
        return event_by_key(connection, event) or found


def _strongest(said: Sequence[Action]) -> Action | None:
    if not said:
        return None
    found: Action = max(said, key=_STRENGTH.__getitem__)
    return found
