"""Turn the assistant of a project on and off, have it trained now, and say what its pools show."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.services.assist.due_assistance import can_assist
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.store.assist.assist_options import AssistOptions, assist_options, set_assist_options
from driftwheel.store.assist.assistants import set_assistance
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.projects import Project, project_by_key
from driftwheel.store.operate.audit import note

__all__ = ["ask_for_training", "change_pool_prelabels", "enable_assistant"]

_SOURCES = ("off", "assistant", "model")
_MOST_HIDDEN = 0.9


def enable_assistant(engine: Engine, project: int, *, enabled: bool, by: str, now: datetime) -> None:
    """Let the assistant of a project learn and say what it thinks, or not any more; noted in the audit.

    Raises
    ------
    LookupError
        When there is no such project.
    UsageError
        When the project asks for boxes.
    """
    with writing(engine) as connection:
        found = _of_classes(connection, project)
        set_assistance(connection, project, enabled=enabled)
        note(connection, now, by, "enable-assistant", f"project {found.name}", {"enabled": enabled})


def ask_for_training(engine: Engine, project: int, *, by: str, now: datetime) -> None:
    """Have a worker train the assistant of a project now, whatever has come; noted in the audit.

    Raises
    ------
    LookupError
        When there is no such project.
    UsageError
        When the project asks for boxes.
    """
    with writing(engine) as connection:
        found = _of_classes(connection, project)
        set_assistance(connection, project, enabled=True, asked=True)
        note(connection, now, by, "train-assistant", f"project {found.name}", {})


def change_pool_prelabels(
    engine: Engine,
    project: int,
    pool: int,
    *,
    prelabels: str | None = None,
    hidden_share: float | None = None,
    by: str,
    now: datetime,
) -> AssistOptions:
    """Say what a pool shows from now on, and return it; noted in the audit. What was shown once stays.

    Parameters
    ----------
    prelabels
        ``off``, ``assistant`` or ``model``, see `driftwheel.store.assist.assist_options`; None: as it is.
    hidden_share
        Share of tasks that show none, 0 to 0.9; None: as it is.

    Raises
    ------
    LookupError
        When there is no such pool.
    UsageError
        When one of these cannot be used.
    """
    if prelabels is not None and prelabels not in _SOURCES:
        hint = did_you_mean(prelabels, _SOURCES)
        raise UsageError(f"Pre-labels are {', '.join(_SOURCES)}, not '{prelabels:.40}'.{hint}")
    if hidden_share is not None and not 0 <= hidden_share <= _MOST_HIDDEN:
        raise UsageError(
            f"A share of {hidden_share:g} of the tasks without pre-label; give 0 to {_MOST_HIDDEN:g}."
        )
    with writing(engine) as connection:
        found, whole = pool_of_project(connection, project, pool)
        was = assist_options(connection, pool)
        options = AssistOptions(
            was.prelabels if prelabels is None else prelabels,  # type: ignore[arg-type]  # it is one of them
            was.hidden_share if hidden_share is None else hidden_share,
        )
        set_assist_options(connection, pool, options)
        details = {"pool": whole.name, "prelabels": options.prelabels, "hidden": options.hidden_share}
        note(connection, now, by, "change-prelabels", f"project {found.name}", details)
    return options


def _of_classes(connection: Connection, project: int) -> Project:
    found = project_by_key(connection, project)
    if found is None:
        raise LookupError(f"There is no project with the key {project}.")
    if not can_assist(found):
        raise UsageError(f"The project '{found.name}' asks for boxes; the assistant learns classes.")
    return found
