"""What an assistant says of the tasks of a pool that wait for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from driftwheel.learning.embedding_head import EmbeddingHead
from driftwheel.services.assist.embed_tasks import vectors_of
from driftwheel.store.assist.assistants import Assistant
from driftwheel.store.assist.task_embeddings import EmbeddedTask, waiting_tasks
from driftwheel.store.labels.projects import Project

__all__ = ["SureTask", "said_of", "scored", "sure_tasks"]

_PAGE = 2000


@dataclass(frozen=True, slots=True)
class SureTask:
    """A task, what the assistant says of it, and how sure it is, 0…1."""

    task: int
    payload: Mapping[str, str]
    confidence: float


def sure_tasks(  # noqa: PLR0917
    connection: Connection,
    project: Project,
    assistant: Assistant,
    head: EmbeddingHead,
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


def said_of(head: EmbeddingHead, tasks: list[EmbeddedTask]) -> list[SureTask]:
    """Return what a head says of tasks with an embedding, in their order."""
    there = [one for one in tasks if one.embedding is not None]
    said = scored(head, [one.embedding or b"" for one in there])
    return [SureTask(one.key, *found) for one, found in zip(there, said, strict=True)]


def scored(head: EmbeddingHead, embeddings: list[bytes]) -> list[tuple[dict[str, str], float]]:
    """Return, for each packed embedding, the payload of the likeliest class, and its score."""
    if not embeddings:
        return []
    scores = head.scores(vectors_of(embeddings))
    best = scores.argmax(axis=1)
    return [
        ({"class": head.classes[column]}, min(1.0, float(row[column])))
        for row, column in zip(scores, best, strict=True)
    ]
