"""Apply a configuration: make the models, monitors, wheels and channels what a file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from driftwheel.services.alert.change_monitor import (
    add_monitor,
    change_monitor,
    remove_monitor,
    switch_monitor,
)
from driftwheel.services.channels.add_channel import add_channel
from driftwheel.services.channels.change_channel import change_channel, remove_channel
from driftwheel.services.models.register_model import ModelChange, NewModel, change_model, register_model
from driftwheel.services.operate.configuration import FOR_EVER, Configuration, ConfiguredModel
from driftwheel.services.operate.plan_configuration import PlannedChange, plan_configuration
from driftwheel.services.wheel.set_wheel_policy import set_wheel_policy
from driftwheel.store.engine.database import reading
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["apply_configuration"]


def apply_configuration(
    engine: Engine,
    wanted: Configuration,
    *,
    by: str,
    now: datetime,
    prune: bool = False,
    dry_run: bool = False,
    allow_private: bool = False,
) -> tuple[PlannedChange, ...]:
    """Make things what a configuration says, and return what was changed.

    The whole of it is checked before anything is changed. Each thing is changed in a transaction of its own;
    applied again after a failure it goes on where it stopped.

    Parameters
    ----------
    wanted
        What should be. What it does not name stays as it is.
    by, now
        Who applies it, and the time in UTC.
    prune
        Also remove monitors of its models, and channels, that it does not name.
    dry_run
        Change nothing.
    allow_private
        Channels may lead into private networks.

    Raises
    ------
    UsageError
        When something of it cannot be.
    """
    with reading(engine) as connection:
        changes = plan_configuration(connection, wanted, prune=prune, allow_private=allow_private)
    for change in () if dry_run else changes:
        if change.what == "model":
            _apply_model(engine, change, wanted.models[change.model], by, now)
        elif change.what == "monitor":
            _apply_monitor(engine, change, wanted, by, now)
        elif change.what == "wheel":
            policy = asdict(wanted.models[change.model].wheel or WheelPolicy())
            set_wheel_policy(engine, change.model, policy, by=by, now=now)
        else:
            _apply_channel(engine, change, wanted, by, now, allow_private=allow_private)
    return changes


def _apply_model(
    engine: Engine, change: PlannedChange, model: ConfiguredModel, by: str, now: datetime
) -> None:
    settings: dict[str, Any] = dict(model.settings)
    for_ever = settings.get("retention_days") == FOR_EVER
    if for_ever:
        settings["retention_days"] = None
    if change.action == "add":
        register_model(engine, NewModel(model.name, **settings), by=by, now=now)
        return
    changed = {one.key for one in change.differences}
    wanted = ModelChange(
        keep_for_ever=for_ever, **{key: value for key, value in settings.items() if key in changed}
    )
    change_model(engine, model.name, wanted, by=by, now=now)


def _apply_monitor(
    engine: Engine, change: PlannedChange, wanted: Configuration, by: str, now: datetime
) -> None:
    who: Mapping[str, Any] = {"by": by, "now": now}
    if change.action == "remove":
        remove_monitor(engine, change.model, change.name, **who)
        return
    monitor = wanted.models[change.model].monitors[change.name]
    make = add_monitor if change.action == "add" else change_monitor
    kept = make(engine, change.model, monitor.monitor, origin="file", **who)
    if kept.enabled != monitor.enabled:
        switch_monitor(
            engine, change.model, change.name, enabled=monitor.enabled, reason="as the file says", **who
        )


def _apply_channel(
    engine: Engine,
    change: PlannedChange,
    wanted: Configuration,
    by: str,
    now: datetime,
    *,
    allow_private: bool,
) -> None:
    if change.action == "remove":
        remove_channel(engine, change.name, by=by, now=now)
        return
    channel = wanted.channels[change.name]
    if change.action == "add":
        url = channel.url or ""
        add_channel(engine, channel.name, url, channel.options, by=by, now=now, allow_private=allow_private)
        return
    changes = asdict(channel.options) | ({} if channel.url is None else {"url": channel.url})
    change_channel(engine, channel.name, changes, by=by, now=now, allow_private=allow_private)
