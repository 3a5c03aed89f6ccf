"""`driftwheel labels review` and `decide`: the tasks of a project that want a person, and what is decided."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import DATA, DATABASE_URL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from driftwheel.store.labels.projects import Project
    from driftwheel.store.labels.task_answers import StoredAnswer
    from driftwheel.store.labels.tasks import Task

__all__ = ["Action", "Why", "add_commands"]


class Why(StrEnum):
    """Why a task wants a person."""

    DISPUTED = "disputed"
    SET_ASIDE = "set_aside"
    UNSURE = "unsure"
    SAMPLE = "sample"


class Action(StrEnum):
    """What a person decides."""

    ACCEPT = "accept"
    EDIT = "edit"
    REJECT = "reject"


_PROJECT = typer.Argument(metavar="PROJECT", help="The project's name, or its key.")
_TASK = typer.Argument(metavar="TASK", help="The task's number, as 'labels review' shows it.")
_ACTION = typer.Argument(metavar="DECISION", help="accept the label, edit it, or reject it: label it again.")
_POOL = typer.Option("--pool", help="Only of this pool, by its name.")
_WHY = typer.Option("--why", help="Only those that wait for this reason.")
_LIMIT = typer.Option("--limit", min=1, max=1000, help="Show so many.")
_LABEL = typer.Option("--label", help="With 'edit': the right class; several times for a set of classes.")
_BOXES = typer.Option("--boxes", help="With 'edit': the right boxes, a JSON list of class, x, y, w, h.")
_REASON = typer.Option("--reason", help="Why.")
_ANEW = typer.Option("--anew", help="Decide though somebody has decided already.")


def _review(
    project: Annotated[str, _PROJECT],
    pool: Annotated[str | None, _POOL] = None,
    why: Annotated[Why | None, _WHY] = None,
    limit: Annotated[int, _LIMIT] = 20,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """List the tasks of a project that want a person, with what each annotator said."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.cli.exchange_labels import pool_named
    from driftwheel.store.engine.database import reading
    from driftwheel.store.labels.annotators import list_annotators
    from driftwheel.store.labels.projects import project_named
    from driftwheel.store.labels.review_queue import count_queued, queued_tasks
    from driftwheel.store.labels.task_answers import answers_of_task

    with (
        open_installation(load_settings(data=data, database_url=database_url)) as engine,
        reading(engine) as at,
    ):
        found = project_named(at, project)
        key = None if pool is None else pool_named(at, found, pool)
        waiting = count_queued(at, found.key, pool=key)
        tasks = queued_tasks(at, found.key, pool=key, why=None if why is None else why.value, limit=limit)
        names = {one.key: one.name for one in list_annotators(at, found.key)}
        said = {one.key: answers_of_task(at, one.key) for one in tasks}
    total = sum(waiting.values())
    parts = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in waiting.items())
    typer.echo(f"{total:,} {'task waits' if total == 1 else 'tasks wait'}" + (f": {parts}" if parts else ""))
    for one in tasks:
        _show(one, said[one.key], names)


def _decide(
    project: Annotated[str, _PROJECT],
    task: Annotated[int, _TASK],
    action: Annotated[Action, _ACTION],
    labels: Annotated[list[str] | None, _LABEL] = None,
    boxes: Annotated[str | None, _BOXES] = None,
    reason: Annotated[str, _REASON] = "",
    anew: Annotated[bool, _ANEW] = False,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Decide of a task: accept its label, edit it, or reject it, so that others label it again.

    What is accepted or edited is final: neither later answers nor bans change it, only another decision does.
    """
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.given import not_found_is_usage
    from driftwheel.services.clock import utc_now
    from driftwheel.services.label.review.review_task import Decision, review_task
    from driftwheel.store.engine.database import reading
    from driftwheel.store.labels.projects import project_named

    with open_installation(load_settings(data=data, database_url=database_url)) as engine:
        with reading(engine) as connection:
            found = project_named(connection, project)
        payload = _payload(found, action, labels or [], boxes)
        wish = Decision(action.value, payload, reason, anew=anew)
        with not_found_is_usage():
            done = review_task(engine, found.key, task, wish, by=acting_user(), now=utc_now())
    if done.payload is None:
        typer.echo(f"task {task}: goes back to be labelled by others")
    else:
        typer.echo(f"task {task}: {_words(done.payload)}, and that is final")


def _payload(
    project: Project, action: Action, labels: Sequence[str], boxes: str | None
) -> dict[str, Any] | None:
    import json

    from driftwheel.errors import UsageError

    if action is not Action.EDIT:
        if labels or boxes is not None:
            raise UsageError(f"With '{action.value}' nothing is given; say 'edit' to give another label.")
        return None
    match project.answer:
        case "boxes":
            try:
                return {"boxes": json.loads(boxes or "")}
            except ValueError:
                raise UsageError(
                    'Give the right boxes: --boxes \'[{"class": "car", "x": 1, "y": 2, "w": 30, "h": 40}]\'; '
                    "none: --boxes '[]'."
                ) from None
        case "class":
            if len(labels) != 1:
                raise UsageError("Give the right class: --label NAME.")
            return {"class": labels[0]}
        case "multi-class":
            return {"classes": list(labels)}


def _show(task: Task, answers: Sequence[StoredAnswer], names: Mapping[int, str]) -> None:
    sure = "" if task.confidence is None else f", {100 * task.confidence:.0f} % sure"
    said = _words(task.consensus) if task.consensus is not None else "no label"
    typer.echo(f"task {task.key}: {task.record}: {said}{sure} ({(task.review or '').replace('_', ' ')})")
    for one in answers:
        if one.state != "undone":
            what = one.kind.replace("_", " ") if one.payload is None else _words(one.payload)
            noted = "" if one.state == "counted" else f" ({one.state})"
            typer.echo(f"  {names.get(one.annotator, 'somebody')}: {what}{noted}")


def _words(payload: Mapping[str, Any]) -> str:
    if "class" in payload:
        return str(payload["class"])
    if "classes" in payload:
        return ", ".join(payload["classes"]) or "none of the classes"
    boxes = [f"{one['class']} at {one['x']:g}, {one['y']:g}" for one in payload["boxes"]]
    return "; ".join(boxes) or "no boxes"


def add_commands(app: typer.Typer) -> None:
    """Add the two commands to those of labels."""
    app.command("review")(_review)
    app.command("decide")(_decide)
