"""Begin the turns that are due: what each trigger sees is weighed against the policy of each model."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.errors import UnavailableError, UsageError
from driftwheel.services.wheel.begin_turn import begin_turn_in
from driftwheel.services.wheel.gather_facts import gather_facts
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, lock_model, model_by_key
from driftwheel.store.wheel.policies import models_with_policy, policy_of
from driftwheel.store.wheel.sightings import add_sightings
from driftwheel.store.wheel.turns import Turn
from driftwheel.wheel.trigger import decide
from driftwheel.wheel.turn_step import WHEEL

__all__ = ["begin_due_turns"]

_log = logging.getLogger("driftwheel.worker")


def begin_due_turns(engine: Engine, *, now: datetime) -> list[Turn]:
    """Begin a turn of every model whose triggers and policy say so, and return them.

    What the triggers saw is kept with the turn. Called by several workers at once, one begins it. A model of
    which that fails keeps no other from its turn.

    Raises
    ------
    UnavailableError
        When the database cannot be used now; call it again.
    """
    with reading(engine) as connection:
        found = (model_by_key(connection, key) for key in models_with_policy(connection))
        models = [one for one in found if one is not None]
    begun: list[Turn] = []
    for model in models:
        try:
            turn = _begin(engine, model, now) if _is_due(engine, model, now) else None
        except UnavailableError:
            raise
        except UsageError as error:  # somebody changed it meanwhile, or a later release wrote its policy
            _log.info("No turn of '%s' began: %s", model.name, error)
            continue
        except Exception:
            _log.exception("Whether a turn of '%s' is due cannot be told now.", model.name)
            continue
        if turn is not None:
            begun.append(turn)
    return begun


def _is_due(engine: Engine, model: Model, now: datetime) -> bool:
    with reading(engine) as connection:
        policy = policy_of(connection, model.key)
        return (
            policy.enabled
            and decide(policy, gather_facts(connection, model, policy, now=now, only_asked=True)).begins
        )


def _begin(engine: Engine, model: Model, now: datetime) -> Turn | None:
    """Look again with the model locked, and begin the turn that is due then."""
    with writing(engine) as connection:
        locked = lock_model(connection, model.key)
        if locked is None:
            return None
        policy = policy_of(connection, locked.key)
        decision = decide(policy, gather_facts(connection, locked, policy, now=now))
        cause = decision.because
        if not decision.begins or cause is None:
            return None
        turn = begin_turn_in(
            connection,
            locked,
            policy=policy,
            trigger=cause.name,
            cause=f"{cause.told[:1].upper()}{cause.told[1:]}",
            alert=cause.alert,
            by=WHEEL,
            now=now,
        )
        add_sightings(connection, turn.key, decision.triggers)
    return turn
