"""Suggest monitors: those that appear by themselves, so that a new model is watched without configuration.

They appear when the first reference of a model is ready, or when its first window is judged, whichever comes
first: a model without a reference is watched for silence, volume, damaged images and errors, and for drift
from the day it gets one. One more comes with its first autoencoder. Who deletes them later is not given them
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from driftwheel.monitors.monitor import Monitor, definition_of
from driftwheel.monitors.suggest import suggested_for_autoencoder, suggested_monitors
from driftwheel.profiles.window import Window
from driftwheel.store.alerts.monitors import StoredMonitor, create_monitor, list_monitors
from driftwheel.store.models.autoencoders import list_autoencoders
from driftwheel.store.models.models import Model
from driftwheel.store.models.references import list_references
from driftwheel.store.operate.audit import note
from driftwheel.store.windows.verdicts import newest_start
from driftwheel.store.windows.windows import newest_over

__all__ = ["suggest_for_autoencoder", "suggest_for_first_reference", "suggest_for_first_window"]

_BY = "driftwheel"


def suggest_for_first_reference(
    connection: Connection, model: Model, *, now: datetime
) -> list[StoredMonitor]:
    """Give a model its monitors when its first reference is ready, and return them.

    Call it in the transaction that makes the reference ready, with the model locked. Windows that are over by
    then never page.
    """
    ready = [one for one in list_references(connection, model.key) if one.state == "ready"]
    if len(ready) != 1 or newest_start(connection, model.key) is not None:
        return []
    return _suggest(connection, model, now)


def suggest_for_first_window(connection: Connection, model: Model, *, now: datetime) -> list[StoredMonitor]:
    """Give a model its monitors when its first window is judged, and return them.

    Call it in the transaction that keeps the verdict, before that, with the model locked.
    """
    if newest_start(connection, model.key) is not None:
        return []
    return _suggest(connection, model, now)


def suggest_for_autoencoder(connection: Connection, model: Model, *, now: datetime) -> list[StoredMonitor]:
    """Give a model the monitor of its first autoencoder, and return it.

    Call it in the transaction that makes the autoencoder ready, after that, with the model locked. A model
    that has no monitor yet gets this one with the others.
    """
    wanted = suggested_for_autoencoder(cast("Window", model.window))
    known = [one.name for one in list_monitors(connection, model.key)]
    if not known or wanted.name in known or _trained(connection, model) != 1:
        return []
    return _add(connection, model, [wanted], now)


def _suggest(connection: Connection, model: Model, now: datetime) -> list[StoredMonitor]:
    if list_monitors(connection, model.key):
        return []
    window = cast("Window", model.window)
    wanted = suggested_monitors(model.task, model.segment_tags, window)
    if _trained(connection, model):
        wanted = (*wanted, suggested_for_autoencoder(window))
    return _add(connection, model, wanted, now)


def _trained(connection: Connection, model: Model) -> int:
    """Return how many autoencoders a model has had."""
    return sum(one.artifact is not None for one in list_autoencoders(connection, model.key))


def _add(
    connection: Connection, model: Model, wanted: Sequence[Monitor], now: datetime
) -> list[StoredMonitor]:
    watch_from = newest_over(connection, model.key, now)
    made = [
        create_monitor(
            connection,
            model.key,
            one.name,
            definition=definition_of(one),
            origin="suggested",
            watch_from=watch_from,
            changed=now,
            by=_BY,
        )
        for one in wanted
    ]
    note(connection, now, _BY, "suggest monitors", model.name, {"monitors": [one.name for one in made]})
    return made
