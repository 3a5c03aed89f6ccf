"""Describe the first steps of an installation: how far it is from nothing to its first verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.services.browse.list_images import ImageQuery, count_images
from driftwheel.store.access.tokens import list_tokens
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import Model, list_models
from driftwheel.store.models.references import Reference, current_reference, list_references
from driftwheel.store.operate.audit import note
from driftwheel.store.operate.settings import get_setting, put_setting
from driftwheel.store.records.record_pages import Count
from driftwheel.store.records.records import last_record_time
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.windows.verdict_answers import WindowAnswer, newest_answer
from driftwheel.store.windows.windows import window_of

__all__ = ["FirstSteps", "describe_first_steps", "put_first_steps_aside"]

_ASIDE = "first_steps.put_aside"


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """How far it is.

    Attributes
    ----------
    model
        The one that is furthest; None where none is registered.
    reference
        The one in use, else the newest; None where none was set.
    tokens
        How many tokens in use may log to it.
    records, waiting
        How many records came, and how many of them wait to be measured, each up to 10,000.
    last
        Event time of its last record.
    window_end
        When the window of that record ends.
    verdict
        The first steps are done: drift or no drift was found in a window, of any model.
    unsure
        The newest answer of the model that is neither; None without one.
    put_aside
        Somebody said that they need no help.
    """

    model: Model | None
    reference: Reference | None
    tokens: int
    records: Count
    waiting: Count
    last: datetime | None
    window_end: datetime | None
    verdict: WindowAnswer | None
    unsure: WindowAnswer | None
    put_aside: bool

    @property
    def done(self) -> int:
        """How many of the five steps are done."""
        ready = self.reference is not None and self.reference.state == "ready"
        steps = (self.model is not None, ready, self.tokens > 0, self.records.n > 0, self.verdict is not None)
        return len(steps) if self.verdict is not None else sum(steps)

    @property
    def wanted(self) -> bool:
        """Whether a newcomer should be led on."""
        return self.verdict is None and not self.put_aside


def describe_first_steps(connection: Connection, now: datetime) -> FirstSteps:
    """Return how far the installation is; reads little, whatever its size."""
    aside = bool(get_setting(connection, _ASIDE))
    nothing = Count(0, exact=True)
    models = list_models(connection)
    verdict = newest_answer(connection, answers=("drift", "no_drift"))
    if not models:
        return FirstSteps(None, None, 0, nothing, nothing, None, None, verdict, None, aside)
    model = _furthest(connection, models, verdict)
    last = last_record_time(connection, model.key)
    references = list_references(connection, model.key)
    waiting = ImageQuery(model.name, state=RecordState.RECEIVED)
    return FirstSteps(
        model,
        current_reference(connection, model.key) or (references[0] if references else None),
        sum(
            1
            for one in list_tokens(connection)
            if one.is_good(now)
            and one.role in {"ingest", "engineer", "admin"}
            and (one.models is None or model.name in one.models)
        ),
        count_images(connection, ImageQuery(model.name)),
        nothing if last is None or verdict is not None else count_images(connection, waiting),
        last,
        None if last is None else window_of(last, model.window)[1],
        verdict,
        newest_answer(connection, model.key, answers=("insufficient", "no_reference", "error")),
        aside,
    )


def put_first_steps_aside(engine: Engine, *, by: str, now: datetime) -> None:
    """Note that nobody needs to be led."""
    with writing(engine) as connection:
        put_setting(connection, _ASIDE, True)
        note(connection, now, by, "put first steps aside", "installation")


def _furthest(connection: Connection, models: list[Model], verdict: WindowAnswer | None) -> Model:
    """Return the model with a verdict; else the one with records, then with a reference, then the newest."""
    if verdict is not None:
        judged = next((one for one in models if one.key == verdict.model), None)
        if judged is not None:
            return judged
    return max(
        models,
        key=lambda one: (
            last_record_time(connection, one.key) is not None,
            bool(list_references(connection, one.key)),
            one.key,
        ),
    )
