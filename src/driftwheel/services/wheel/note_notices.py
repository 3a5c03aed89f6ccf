"""Note what people are to be told of: a turn that waits for them, or has ended; a challenger that waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine

from driftwheel.alerts.message import Link, Notice, notice_to_json
from driftwheel.alerts.routing import Topic
from driftwheel.report.numbers import NBSP, minutes, several
from driftwheel.services.channels.make_notices import NEWS_FOR
from driftwheel.services.crash_points import reach
from driftwheel.services.wheel.describe_turn import DescribedTurn, describe_turn
from driftwheel.services.wheel.turn_pages import pages_to_do, turn_page
from driftwheel.store.alerts.notices import end_notices, known_subjects, put_notice, wanted_notices
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import model_by_key, version_by_key
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.release.gate_runs import GateRun, runs_to_answer
from driftwheel.store.wheel.turn_steps import steps_of
from driftwheel.store.wheel.turns import Turn, all_open_turns, turns_ended_since
from driftwheel.wheel.turn_step import OUTCOME_WORDS, WAITS_FOR_PEOPLE, Waits

__all__ = ["note_notices"]

_HEADINGS: Final[Mapping[Waits, str]] = {"labels": "labels are wanted", "review": "a review is wanted"}


@dataclass(frozen=True, slots=True)
class _Due:
    """A notice that there is to be, with what it is about: of that there is one for ever."""

    subject: str
    model: int
    topic: Topic
    turn: Turn | None = None
    run: GateRun | None = None


def note_notices(engine: Engine, *, now: datetime) -> int:
    """Note what people are to be told of, once each, and what nobody is wanted for any more.

    Channels are told of it by `driftwheel.services.channels.make_notices`. It goes by what turns and gate
    runs say of themselves, so that whatever is killed, nothing stays untold.

    Returns
    -------
    int
        How many notices are new.
    """
    with reading(engine) as connection:
        wanted = [*_waiting(connection), *_unanswered(connection)]
        due = [*wanted, *_ended(connection, now)]
        known = known_subjects(connection, [one.subject for one in due])
        there = {one.subject for one in wanted}
        over = [one.key for one in wanted_notices(connection) if one.subject not in there]
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
            yield _of_run(connection, due.run, model.name)
            return
    if due.turn is not None:
        found = describe_turn(engine, model.name, due.turn.number)
        if found.turn.outcome is not None and due.topic == "turns":
            yield _of_end(found)
        elif found.turn.waits == due.turn.waits:
            yield _of_wait(found)


def _of_wait(found: DescribedTurn) -> Notice:
    turn = found.turn
    what = _HEADINGS.get(turn.waits or "labels", f"may {found.challenger or 'the challenger'} be promoted?")
    links = [Link(page.words, page.path) for page in pages_to_do(found)]
    path = turn_page(found.model, turn.number)
    if turn.waits != "answer":
        links.append(Link("The turn", path))
    facts = (("Turn", f"{turn.number} of the wheel, because {turn.cause}"), ("So far", _cost(turn)))
    told = turn.waits_for or "The turn goes on when it is done."
    return Notice(f"turn {turn.number}: {what}", told, _said(facts), tuple(links))


def _of_end(found: DescribedTurn) -> Notice:
    turn = found.turn
    outcome = OUTCOME_WORDS[turn.outcome] if turn.outcome is not None else "ended"
    facts = (("Began", f"because {turn.cause}"), ("Cost", _cost(turn)))
    link = Link("The turn", turn_page(found.model, turn.number))
    return Notice(f"turn {turn.number}: {outcome}", turn.reason or "", _said(facts), (link,), wanted=False)


def _of_run(connection: Connection, run: GateRun, model: str) -> Notice:
    versions = (version_by_key(connection, key) for key in (run.challenger, run.champion))
    challenger, champion = (one.name if one is not None else "?" for one in versions)
    told = f"The gate let {challenger} in: it is better than {champion}. A person says whether it is served."
    path = f"/models/{quote(model, safe='')}/versions/gates/{run.key}"
    return Notice(f"may {challenger} be promoted?", told, links=(Link("Answer", path),))


def _cost(turn: Turn) -> str:
    parts = []
    if turn.labels:
        by = f" by {several(turn.annotators, 'annotator')}" if turn.annotators else ""
        parts.append(several(turn.labels, "label") + by)
    for words, seconds in (("of people", turn.people_seconds), ("of machines", turn.machine_seconds)):
        if seconds > 0:
            parts.append(f"{minutes(seconds)} {words}".replace(NBSP, " "))
    return ", ".join(parts)


def _said(facts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(one for one in facts if one[1])
