"""What annotators are answered of their work."""

from __future__ import annotations

from pydantic import BaseModel, Field

from driftwheel.services.label.work.describe_work import WorkState
from driftwheel.store.labels.pools import PoolState
from driftwheel.store.labels.projects import AnswerType
from driftwheel.web.api.project_bodies import LabelClassAnswer

__all__ = ["StandingAnswer", "WorkAnswer"]


class StandingAnswer(BaseModel):
    """Where an annotator stands in a pool."""

    pool: int
    name: str
    state: PoolState
    stage: str = Field(description="`training`, `exam`, `work`, or `failed`: the exam.")
    labelled: float | None = Field(
        description="Share of the images that want no more answers, rounded down; null: the pool has few."
    )
    stage_tasks: int | None = Field(description="Tasks of the training or the exam; null in other stages.")
    stage_done: int | None = Field(description="Of them, done.")
    answered: int
    skipped: int
    golden: int | None = Field(
        description="Golden tasks answered. For who may not know which those are, of the first 50, 100, 150 "
        "… answers without the last one; null before."
    )
    golden_correct: int | None = Field(description="Of them, answered right.")


class WorkAnswer(BaseModel):
    """What an annotator needs to know of a project, and how far they have come."""

    project: int
    name: str
    answer: AnswerType
    classes: list[LabelClassAnswer]
    instructions: str
    annotator: str
    state: WorkState = Field(
        description="`open`: some pool is. Else why not: all is labelled (`finished`), the `budget` is "
        "spent, somebody has `closed` it, or it is `not_open` yet."
    )
    pools: list[StandingAnswer]
