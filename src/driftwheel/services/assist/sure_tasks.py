"""What an assistant says of the tasks of a pool that wait for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from driftwheel.learning.set_head import SetHead
from driftwheel.services.assist.embed_tasks import vectors_of
from driftwheel.services.assist.kept_head import Head
from driftwheel.store.assist.assistants import Assistant
from driftwheel.store.assist.task_embeddings import EmbeddedTask, waiting_tasks
from driftwheel.store.labels.projects import Project

__all__ = ["SureTask", "said_of", "scored", "sure_tasks"]

_PAGE = 2000


@dataclass(frozen=True, slots=True)
class SureTask:
    """A task, what the assistant says of it, and how sure it is, 0…1."""

    task: int
    payload: Mapping[str, Any]
    confidence: float


def sure_tasks(  # noqa: PLR0917
    connection: Connection,
    project: Project,
    assistant: Assistant,
    head: Head,
    pool: int,
    last_key: int,
) -> Iterator[SureTask]:
    """Yield tasks of a pool that nobody has answered or holds, by key, up to one; page by page.

    Those whose image has no embedding are left out.
    """
    after = 0
    while True:
        rows = waiting_tasks(
            connection,
            project.key,
            project.model,
            assistant.space,
            pool,
            after_key=after,
            last_key=last_key,
            limit=_PAGE,
        )
        yield from said_of(head, rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1].key


def said_of(head: Head, tasks: list[EmbeddedTask]) -> list[SureTask]:
    """Return what a head says of tasks with an embedding, in their order."""
    there = [one for one in tasks if one.embedding is not None]
    said = scored(head, [one.embedding or b"" for one in there])
    return [SureTask(one.key, *found) for one, found in zip(there, said, strict=True)]


def scored(head: Head, embeddings: list[bytes]) -> list[tuple[dict[str, Any], float]]:
    """Return, for each packed embedding, the payload of the likeliest class or set, and how sure that is."""
    if not embeddings:
        return []
    if isinstance(head, SetHead):
        said = head.scores(vectors_of(embeddings))
        return [
            (
                {"classes": [name for name, there in zip(head.classes, row, strict=True) if there]},
                min(1.0, float(sure)),
            )
            for row, sure in zip(said.present, said.confidence, strict=True)
        ]
    scores = head.scores(vectors_of(embeddings))
    best = scores.argmax(axis=1)
    return [
        ({"class": head.classes[column]}, min(1.0, float(row[column])))
        for row, column in zip(scores, best, strict=True)
    ]
