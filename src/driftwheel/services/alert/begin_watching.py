"""Begin to watch: what follows when a reference is put in use, or can tell causes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from driftwheel.services.alert.suggest_monitors import suggest_for_first_reference
from driftwheel.services.crash_points import reach
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import lock_model
from driftwheel.store.models.references import reference_by_key
from driftwheel.store.windows.verdicts import mark_all_due

__all__ = ["begin_watching", "look_for_causes"]


def begin_watching(engine: Engine, key: int, *, now: datetime) -> None:
    """Give a model its monitors when its first reference is ready, and let all its windows be judged again.

    Done again it changes nothing but that. `key` is the reference's; one that is gone is passed over.
    """
    with writing(engine) as connection:
        reference = reference_by_key(connection, key)
        model = None if reference is None else lock_model(connection, reference.model)
        if model is None:
            return
        suggest_for_first_reference(connection, model, now=now)
        mark_all_due(connection, model.key)
        reach("watching-written")
    reach("watching-begun")


def look_for_causes(engine: Engine, key: int) -> None:
    """Let the windows with drift be judged again: their reference now knows what camera faults look like."""
    with writing(engine) as connection:
        reference = reference_by_key(connection, key)
        if reference is not None:
            mark_all_due(connection, reference.model, answer="drift")
