"""Note what people are to be told of: a turn that waits for them, or has ended; a challenger that waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from driftwheel.alerts.message import Notice, notice_to_json
from driftwheel.alerts.routing import Topic
from driftwheel.errors import UsageError
from driftwheel.services.channels.make_notices import NEWS_FOR, REMINDED
from driftwheel.services.crash_points import reach
from driftwheel.services.wheel.describe_turn import describe_turn
from driftwheel.services.wheel.turn_notices import notice_of_end, notice_of_gate, notice_of_wait
from driftwheel.services.wheel.turn_now import TurnNow, turn_now
from driftwheel.store.alerts.notices import (
    StoredNotice,
    end_notices,
    known_subjects,
    put_notice,
    wanted_notices,
)
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import model_by_key
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.release.gate_runs import GateRun, runs_to_answer
from driftwheel.store.wheel.policies import policy_of
from driftwheel.store.wheel.turn_steps import steps_of
from driftwheel.store.wheel.turns import Turn, all_open_turns, turns_ended_since
from driftwheel.wheel.turn_step import WAITS_FOR_PEOPLE
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["note_notices"]


@dataclass(frozen=True, slots=True)
class _Due:
    """A notice that there is to be, with what it is about: of that there is one for ever.

    `waited_since` is when people were told of it; None: this tells them.
    """

    subject: str
    model: int
    topic: Topic
    turn: Turn | None = None
    run: GateRun | None = None
    waited_since: datetime | None = None


def note_notices(engine: Engine, *, now: datetime) -> int:
    """Note what people are to be told of, once each, and what nobody is wanted for any more.

    Of what they were told and is not done, they are reminded once, when the policy says so. Channels are told
    of it by `driftwheel.services.channels.make_notices`. It goes by what turns and gate runs say of
    themselves, so that whatever is killed, nothing stays untold.

    Returns
    -------
    int
        How many notices are new.
    """
    with reading(engine) as connection:
        wanted = [*_waiting(connection), *_unanswered(connection)]
        told = {one.subject: one for one in wanted_notices(connection)}
        due = [*wanted, *_reminders(connection, wanted, told, now), *_ended(connection, now)]
        known = known_subjects(connection, [one.subject for one in due])
        there = {one.subject for one in wanted}
        over = [one.key for subject, one in told.items() if subject.removesuffix(REMINDED) not in there]
    new = [(one, notice) for one in due if one.subject not in known for notice in _notices(engine, one)]
    if not new and not over:
        return 0
    with writing(engine) as connection:
        made = sum(
            put_notice(
                connection,
                model=one.model,
                topic=one.topic,
                subject=one.subject,
                document=notice_to_json(notice),
                wanted=notice.wanted,
                made=now,
            )
            for one, notice in new
        )
        end_notices(connection, over, now)
    reach("notices-noted")
    return made


def _waiting(connection: Connection) -> Iterator[_Due]:
    for turn in all_open_turns(connection):
        if turn.waits in WAITS_FOR_PEOPLE:
            step = steps_of(connection, turn.key)[-1]
            topic: Topic = "decisions" if turn.waits == "answer" else "labels"
            yield _Due(f"turn {turn.key} {step.number} {turn.waits}", turn.model, topic, turn)


def _reminders(
    connection: Connection, wanted: Sequence[_Due], told: Mapping[str, StoredNotice], now: datetime
) -> Iterator[_Due]:
    """Return again what people were told so long ago that they are to be reminded."""
    for one in wanted:
        first = told.get(one.subject)
        days = 0.0 if first is None else _remind_days(connection, one.model)
        if first is not None and days and now >= first.made + timedelta(days=days):
            yield replace(one, subject=f"{one.subject}{REMINDED}", waited_since=first.made)


def _remind_days(connection: Connection, model: int) -> float:
    try:
        return policy_of(connection, model).remind_days
    except UsageError:  # a later release wrote the policy
        return WheelPolicy().remind_days


def _ended(connection: Connection, now: datetime) -> Iterator[_Due]:
    for turn in turns_ended_since(connection, now - NEWS_FOR):
        yield _Due(f"turn {turn.key} ended", turn.model, "turns", turn)


def _unanswered(connection: Connection) -> Iterator[_Due]:
    """Return challengers that were let in beside the champion of today, but for those of a turn."""
    of_turns = {
        key
        for turn in all_open_turns(connection)
        for step in steps_of(connection, turn.key)
        for key in step.made.get("gate", [])
    }
    for run in runs_to_answer(connection):
        champion = find_alias(connection, run.model, "champion")
        if run.key not in of_turns and champion is not None and champion.version == run.champion:
            yield _Due(f"gate {run.key}", run.model, "decisions", run=run)


def _notices(engine: Engine, due: _Due) -> Iterator[Notice]:
    with reading(engine) as connection:
        model = model_by_key(connection, due.model)
        if model is None:
            return
        if due.run is not None:
            yield notice_of_gate(connection, due.run, model.name, due.waited_since)
            return
    if due.turn is not None:
        found = describe_turn(engine, model.name, due.turn.number)
        if found.turn.outcome is not None and due.topic == "turns":
            yield notice_of_end(found)
        elif found.turn.waits == due.turn.waits:
            current = TurnNow(found, None) if due.waited_since is None else turn_now(engine, found)
            yield notice_of_wait(current, due.waited_since)
