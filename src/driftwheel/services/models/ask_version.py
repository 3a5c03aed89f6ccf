"""Ask a new version about the reference in use: a wish of the registry, which the workers fulfil."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import Connection

from driftwheel.store.models.models import ModelVersion, list_versions
from driftwheel.store.models.references import current_reference, reference_by_key, set_reference_ready
from driftwheel.store.operate.settings import all_settings, delete_setting, get_setting, put_setting

__all__ = ["WantedVersion", "begin_asking", "put_asking_back", "want_version_asked", "wanted_versions"]

_PREFIX = "ask."
_MOST_ATTEMPTS = 3

_log = logging.getLogger("driftwheel.worker")


@dataclass(frozen=True, slots=True)
class WantedVersion:
    """A version that is to be asked: the name of the wish, and the key of its model's reference."""

    name: str
    reference: int


def want_version_asked(connection: Connection, version: ModelVersion) -> bool:
    """Note that a version's file is to be asked about the reference in use, and return whether there is need.

    There is none without a file or a reference, nor for one that is taken anew every day.
    """
    reference = current_reference(connection, version.model)
    if version.artifact is None or reference is None or reference.kind == "trailing":
        return False
    put_setting(connection, f"{_PREFIX}{version.key}", {"reference": reference.key})
    return True


def wanted_versions(connection: Connection) -> list[WantedVersion]:
    """Return the versions that are still to be asked."""
    known = all_settings(connection)
    return [
        WantedVersion(name, int(value["reference"]))
        for name, value in sorted(known.items())
        if name.startswith(_PREFIX)
    ]


def begin_asking(connection: Connection, name: str) -> bool:
    """Count an attempt at a wish, and return whether it is to be made.

    It is not made when the workers were ended three times in the midst of it, as by a file that takes all
    memory: then the wish is forgotten, and the notes of the reference say so.
    """
    wish = get_setting(connection, name)
    if wish is None:
        return False
    attempts = int(wish.get("attempts", 0))
    if attempts < _MOST_ATTEMPTS:
        put_setting(connection, name, wish | {"attempts": attempts + 1})
        return True
    delete_setting(connection, name)
    reference = reference_by_key(connection, int(wish["reference"]))
    if reference is not None and reference.state == "ready":
        versions = list_versions(connection, reference.model)
        called = next((f" '{one.name}'" for one in versions if f"{_PREFIX}{one.key}" == name), "")
        told = (
            f"Version{called} was not asked about the reference: the worker was ended {_MOST_ATTEMPTS} times "
            "in the midst of it, most likely for want of memory. Add a version with a smaller file."
        )
        _log.warning("%s", told)
        notes = told if reference.reason is None else f"{reference.reason} {told}"
        set_reference_ready(connection, reference.key, reference.artifact, notes)
    return False


def put_asking_back(connection: Connection, name: str) -> None:
    """Take back that an attempt was begun: it failed for a reason that has nothing to do with the wish."""
    wish = get_setting(connection, name)
    if wish is not None:
        put_setting(connection, name, wish | {"attempts": max(0, int(wish.get("attempts", 0)) - 1)})
