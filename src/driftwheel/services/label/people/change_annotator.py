"""Say what an annotator can: levels of skills, languages, tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.services.label.projects.requirements import check_names, check_skills
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.annotators import Annotator, annotator_by_key, update_annotator
from driftwheel.store.labels.projects import project_by_key
from driftwheel.store.operate.audit import note

__all__ = ["change_annotator"]


def change_annotator(
    engine: Engine,
    project: int,
    annotator: int,
    *,
    by: str,
    now: datetime,
    skills: Mapping[str, float] | None = None,
    languages: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
) -> Annotator:
    """Change what is given of an annotator, and return it; noted in the audit.

    Raises
    ------
    LookupError
        When the project has no such annotator.
    UsageError
        When one of these cannot be used.
    """
    check_skills(skills or {})
    check_names(tuple(languages or ()), "languages")
    check_names(tuple(tags or ()), "tags")
    with writing(engine) as connection:
        who = annotator_by_key(connection, annotator)
        whose = project_by_key(connection, project)
        if who is None or whose is None or who.project != project:
            raise LookupError(f"The project has no annotator {annotator}.")
        update_annotator(connection, annotator, skills=skills, languages=languages, tags=tags)
        given = {"skills": skills, "languages": languages, "tags": tags}
        changed = [name for name, value in given.items() if value is not None]
        details = {"annotator": who.name, "changed": changed}
        note(connection, now, by, "change-annotator", f"project {whose.name}", details)
        return annotator_by_key(connection, annotator) or who
