"""What people are told of a turn of the wheel, or of a challenger that waits: in words, with where to go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection

from driftwheel.alerts.message import Link, Notice
from driftwheel.report.numbers import NBSP, count, minutes, several
from driftwheel.services.wheel.describe_turn import DescribedTurn
from driftwheel.services.wheel.turn_now import PoolProgress, TurnNow
from driftwheel.services.wheel.turn_pages import pages_to_do, turn_page
from driftwheel.store.models.models import version_by_key
from driftwheel.store.release.gate_runs import GateRun
from driftwheel.store.wheel.turns import Turn
from driftwheel.wheel.turn_step import OUTCOME_WORDS, Waits

__all__ = ["notice_of_end", "notice_of_gate", "notice_of_wait"]

_WANTED: Final[Mapping[Waits, str]] = {"labels": "labels are", "review": "a review is"}


def notice_of_wait(current: TurnNow, waited_since: datetime | None) -> Notice:
    """Return that a turn waits for somebody; with `waited_since`, that it does so still."""
    found, turn = current.found, current.found.turn
    wanted = _WANTED.get(turn.waits or "labels")
    if wanted is not None:
        what = f"{wanted} {'' if waited_since is None else 'still '}wanted"
    else:
        what = _asked(found.challenger or "the challenger", waited_since)
    links = [Link(page.words, page.path) for page in pages_to_do(found)]
    path = turn_page(found.model, turn.number)
    if turn.waits != "answer":
        links.append(Link("The turn", path))
    facts = [("Why the turn", turn.cause), ("So far", _cost(turn))]
    if waited_since is not None:
        facts += [("Labelled by now", _labelled(current.pool)), ("Waits since", _moment(waited_since))]
    told = turn.waits_for or "The turn goes on when it is done."
    return Notice(f"turn {turn.number}: {what}", told, _said(facts), tuple(links))


def _labelled(pool: PoolProgress | None) -> str:
    return "" if pool is None or not pool.tasks else f"{count(pool.done)} of {several(pool.tasks, 'image')}"


def notice_of_end(found: DescribedTurn) -> Notice:
    """Return how a turn has ended."""
    turn = found.turn
    outcome = OUTCOME_WORDS[turn.outcome] if turn.outcome is not None else "ended"
    facts = (("Why the turn", turn.cause), ("Cost", _cost(turn)))
    link = Link("The turn", turn_page(found.model, turn.number))
    return Notice(f"turn {turn.number}: {outcome}", turn.reason or "", _said(facts), (link,), wanted=False)


def notice_of_gate(connection: Connection, run: GateRun, model: str, waited_since: datetime | None) -> Notice:
    """Return that a challenger of no turn waits for an answer; with `waited_since`, that it does so still."""
    versions = (version_by_key(connection, key) for key in (run.challenger, run.champion))
    challenger, champion = (one.name if one is not None else "?" for one in versions)
    told = f"The gate let {challenger} in: it is better than {champion}. A person says whether it is served."
    path = f"/models/{quote(model, safe='')}/versions/gates/{run.key}"
    facts = (("Waits since", "" if waited_since is None else _moment(waited_since)),)
    return Notice(_asked(challenger, waited_since), told, _said(facts), (Link("Answer", path),))


def _asked(challenger: str, waited_since: datetime | None) -> str:
    again = "" if waited_since is None else " Nobody has answered yet"
    return f"may {challenger} be promoted?{again}"


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _cost(turn: Turn) -> str:
    parts = []
    if turn.labels:
        by = f" by {several(turn.annotators, 'annotator')}" if turn.annotators else ""
        parts.append(several(turn.labels, "label") + by)
    for words, seconds in (("of people", turn.people_seconds), ("of machines", turn.machine_seconds)):
        if seconds > 0:
            parts.append(f"{minutes(seconds)} {words}".replace(NBSP, " "))
    return ", ".join(parts)


def _said(facts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(one for one in facts if one[1])
