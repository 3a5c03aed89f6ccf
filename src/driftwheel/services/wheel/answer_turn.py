"""Answer a turn of the wheel that waits for it: promote the challenger, or keep the champion."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import Engine

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.services.release.answer_gate import promote_by_gate_in, refuse_by_gate_in
from driftwheel.services.wheel.describe_turn import turn_numbered
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import find_model, lock_model
from driftwheel.store.operate.audit import note
from driftwheel.store.wheel.turn_steps import made_last, steps_of
from driftwheel.store.wheel.turns import Turn, lock_turn, set_turn, turn_by_key

__all__ = ["TurnAnswer", "answer_turn"]

TurnAnswer = Literal["promote", "refuse"]


def answer_turn(
    engine: Engine,
    model: str,
    number: int,
    answer: str,
    *,
    by: str,
    now: datetime,
    reason: str = "",
) -> Turn:
    """Promote or refuse the challenger of a turn that waits for that, and return the turn.

    It is the answer to the gate run: noted with it and in the audit, and the same as one on its page.

    Parameters
    ----------
    answer
        A `TurnAnswer`.

    Raises
    ------
    UsageError
        When there is no such model, turn or answer, the turn waits for none, or the champion is another by
        now.
    """
    if answer not in get_args(TurnAnswer):
        hint = did_you_mean(answer, get_args(TurnAnswer))
        raise UsageError(f"A turn is answered 'promote' or 'refuse', not '{answer:.50}'.{hint}")
    with writing(engine) as connection:
        known = find_model(connection, model)
        lock_model(connection, known.key)
        turn = lock_turn(connection, turn_numbered(connection, known, number).key)
        if turn is None or turn.waits != "answer":
            why = "it has ended" if turn is None or not turn.is_open else f"it is at the step '{turn.step}'"
            raise UsageError(f"Turn {number} of '{model}' waits for no answer: {why}.")
        gate = made_last(steps_of(connection, turn.key), "gate")
        if gate is None:
            raise UsageError(f"Turn {number} of '{model}' has sent nothing to the gate yet.")
        if answer == "promote":
            promote_by_gate_in(connection, model, gate, by=by, now=now, reason=reason)
        else:
            refuse_by_gate_in(connection, model, gate, by=by, now=now, reason=reason)
        set_turn(connection, turn.key, due=now)
        details = {"turn": number, "answer": answer, "reason": reason.strip()}
        note(connection, now, by, "answer turn", known.name, details)
        return turn_by_key(connection, turn.key) or turn
