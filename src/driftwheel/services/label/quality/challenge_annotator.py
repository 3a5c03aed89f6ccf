"""Ask annotators now and then for what no script can do, and take the reply."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import Connection, Engine

from driftwheel.agreement.challenge import Challenge, Reply, draw_challenge, judge_challenges
from driftwheel.errors import UsageError
from driftwheel.services.label.projects.pool_rules import RULES, PoolRules
from driftwheel.services.label.quality.apply_rule import apply_rule, events_about, undone_of
from driftwheel.services.label.quality.ban_annotator import ban_annotator
from driftwheel.services.label.quality.draw_digits import draw_digits
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.annotators import Annotator, annotator_by_key
from driftwheel.store.labels.challenges import (
    StoredChallenge,
    add_challenge,
    last_challenges,
    open_challenge,
    set_reply,
    set_shown,
)
from driftwheel.store.labels.pools import Pool, pool_by_key

__all__ = ["Replied", "ask_challenge", "is_challenged", "reply_challenge", "show_challenge"]

_LONGEST: Final = 100  # characters of a reply


@dataclass(frozen=True, slots=True)
class Replied:
    """What a reply amounts to.

    Attributes
    ----------
    passed
        What was typed is what is written, and came in time.
    """

    passed: bool


def is_challenged(rules: PoolRules, who: Annotator) -> bool:
    """Return whether an annotator is asked: not one of a crowd elsewhere, who sees no page of ours."""
    return rules.challenge_every > 0 and (who.user is not None or who.token is not None)


def ask_challenge(connection: Connection, pool: Pool, annotator: int, now: datetime) -> StoredChallenge:
    """Return the challenge that waits for an annotator, a new one where none does."""
    waiting = open_challenge(connection, annotator)
    if waiting is not None:
        return waiting
    asked = draw_challenge(np.random.default_rng(secrets.randbits(128)))
    return add_challenge(connection, pool.key, annotator, asked.digits, now)


def show_challenge(engine: Engine, annotator: int, key: int, *, now: datetime) -> bytes:
    """Return the image of the challenge that waits for an annotator, a PNG; its time begins now.

    It is the same however often it is looked at: nothing is averaged out of it.

    Raises
    ------
    LookupError
        When no such challenge waits.
    """
    with writing(engine) as connection:
        waiting = _waiting(connection, annotator, key)
        set_shown(connection, key, now)
    return draw_digits(waiting.digits, np.random.default_rng([key, int(waiting.digits)]))


def reply_challenge(engine: Engine, annotator: int, key: int, text: str, *, now: datetime) -> Replied:
    """Take the reply to a challenge, and say whether it is right.

    After a wrong one, or one that was late, another challenge waits; after two in a row they have to pause,
    after three they are banned, and what they said counts no longer.

    Raises
    ------
    LookupError
        When no such challenge waits.
    UsageError
        When the reply is too long.
    """
    if len(text) > _LONGEST:
        raise UsageError(f"The reply has {len(text):,} characters; type the digits of the image.")
    with writing(engine) as connection:
        who = annotator_by_key(connection, annotator, held=True)
        waiting = _waiting(connection, annotator, key)
        pool = pool_by_key(connection, waiting.pool)
        passed = _reply(waiting, text, now).passed
        set_reply(connection, key, now, passed=passed)
        if passed or pool is None or who is None:
            return Replied(passed)
        ask_challenge(connection, pool, annotator, now)
    with reading(engine) as connection:
        undone = undone_of(events_about(connection, pool.project, annotator), "challenge")
        replies = [
            Reply(Challenge(one.digits), one.digits if one.passed else None, 0.0)
            for one in reversed(last_challenges(connection, annotator, limit=10))
            if one.replied is not None and _holds(one, undone)
        ]
    found = judge_challenges(replies, annotator)
    if found is None:
        return Replied(passed)
    if found.action == "ban":
        numbers = {"rule": found.rule, **found.numbers}
        try:
            ban_annotator(
                *(engine, pool.project, annotator, found.reason),
                exclude=True,
                by=RULES,
                now=now,
                numbers=numbers,
            )
        except UsageError:  # somebody else was faster
            return Replied(passed)
    else:
        apply_rule(engine, pool, annotator, found, now=now)
    return Replied(passed)


def _holds(one: StoredChallenge, undone: datetime | None) -> bool:
    """Return whether a reply is held against an annotator: those of before an undone event are not."""
    return undone is None or (one.replied is not None and one.replied > undone)


def _reply(waiting: StoredChallenge, text: str, now: datetime) -> Reply:
    taken = now - (waiting.shown or waiting.asked)
    return Reply(Challenge(waiting.digits), text, taken.total_seconds())


def _waiting(connection: Connection, annotator: int, key: int) -> StoredChallenge:
    found = open_challenge(connection, annotator)
    if found is None or found.key != key:
        raise LookupError(f"There is no challenge {key} that waits for this annotator.")
    return found
