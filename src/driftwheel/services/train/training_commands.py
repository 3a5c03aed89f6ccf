"""Commands that train: configured by engineers, where the setting `training_commands` allows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.learning.trainers.command_trainer import read_command
from driftwheel.store.engine.database import writing
from driftwheel.store.operate.audit import note
from driftwheel.store.operate.settings import all_settings, delete_setting, put_setting

__all__ = ["NOT_ALLOWED", "command_named", "remove_command", "set_command", "training_commands"]

NOT_ALLOWED = (
    "Commands of one's own are switched off: they run with the rights of the worker. Set "
    "DRIFTWHEEL_TRAINING_COMMANDS=true for the server and its workers to allow them."
)

_PREFIX = "train.command."
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_MOST_TEXT = 2000


def training_commands(connection: Connection) -> Mapping[str, str]:
    """Return the commands that are configured, by name."""
    found = all_settings(connection)
    return {
        name.removeprefix(_PREFIX): str(value) for name, value in found.items() if name.startswith(_PREFIX)
    }


def command_named(connection: Connection, name: str) -> str:
    """Return the command of that name; `UsageError` where there is none."""
    known = training_commands(connection)
    if name not in known:
        there = f"Known are: {', '.join(known)}." if known else "None is configured yet."
        raise UsageError(f"There is no training command '{name}'.{did_you_mean(name, known)} {there}")
    return known[name]


def set_command(engine: Engine, name: str, text: str, *, allowed: bool, by: str, now: datetime) -> None:
    """Configure a command; noted in the audit with its text.

    Parameters
    ----------
    allowed
        What the setting `training_commands` says.

    Raises
    ------
    UsageError
        When commands are not allowed, or the name or the command cannot be used.
    """
    if not allowed:
        raise UsageError(NOT_ALLOWED)
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be a command's name; use 1 to 32 letters, digits, dots, dashes and underscores."
        )
    if len(text) > _MOST_TEXT:
        raise UsageError(f"The command has {len(text):,} characters; at most {_MOST_TEXT:,}.")
    read_command(text)
    with writing(engine) as connection:
        put_setting(connection, f"{_PREFIX}{name}", text)
        note(connection, now, by, "set training command", name, {"command": text})


def remove_command(engine: Engine, name: str, *, by: str, now: datetime) -> None:
    """Take a command away; `UsageError` where there is none."""
    with writing(engine) as connection:
        command_named(connection, name)
        delete_setting(connection, f"{_PREFIX}{name}")
        note(connection, now, by, "remove training command", name, {})
