"""What requests say of assistants and automatic labelling, and what they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from driftwheel.selection.sampled_accuracy import SampledAccuracy
from driftwheel.services.assist.begin_automatic import LEAST
from driftwheel.store.assist.assist_options import PrelabelSource
from driftwheel.store.assist.automatic_runs import AutomaticState

__all__ = [
    "AnchoringAnswer",
    "AssistantAnswer",
    "AssistantChangeBody",
    "AutomaticAnswer",
    "AutomaticBody",
    "CoverageAnswer",
    "PoolPrelabelsAnswer",
    "PoolPrelabelsBody",
    "ShareAnswer",
    "TrainedAnswer",
    "share_answer",
]

_FORBID = ConfigDict(extra="forbid", allow_inf_nan=False)


class ShareAnswer(BaseModel):
    """A share and how far it may be off."""

    share: float | None = Field(description="0 to 1; null: of nothing.")
    low: float
    high: float
    n: int = Field(description="Of so many.")


class TrainedAnswer(BaseModel):
    """One training of an assistant."""

    key: int
    trained: datetime
    seconds: float = Field(description="That it took.")
    labels: int = Field(description="Learnt from.")
    accuracy: ShareAnswer = Field(description="Cross-validated: of labels by heads that did not learn them.")


class CoverageAnswer(BaseModel):
    """How much of what waits could be labelled automatically; an estimate, no promise."""

    bound: float = Field(description="Of the share of wrong labels among the accepted.")
    risk: float = Field(description="Chance that the bound is broken.")
    threshold: float | None = Field(description="Least confidence; null: nothing yet.")
    share: float = Field(description="Of the waiting images that are as sure.")
    waiting: int
    reason: str


class AnchoringAnswer(BaseModel):
    """What seeing a pre-label does to answers; it is hidden at random, so only that differs."""

    shown: ShareAnswer = Field(description="Answers as the pre-label, where it was shown.")
    hidden: ShareAnswer = Field(description="Likewise, where it was not.")
    difference: float | None
    low: float
    high: float
    follows_wrong_shown: ShareAnswer = Field(
        description="Answers to golden tasks as the pre-label where that is wrong, and was shown."
    )
    follows_wrong_hidden: ShareAnswer = Field(description="Likewise, where it was not shown.")


class AssistantAnswer(BaseModel):
    """The assistant of a project."""

    ready: bool = Field(description="Whether it says something of tasks.")
    enabled: bool
    labels: int = Field(description="Of people so far.")
    next_at: int = Field(description="Labels at which it is trained next.")
    reason: str | None = Field(description="Why the last training made none.")
    level: float = Field(description="Of all intervals.")
    newest: TrainedAnswer | None
    counts: dict[str, int] = Field(description="Class and labels learnt from.")
    recalls: dict[str, ShareAnswer] = Field(description="Class and the accuracy on images of it.")
    coverage: CoverageAnswer | None
    later_blind: ShareAnswer = Field(
        description="Right of images that were labelled after it had said what it thinks, by people who did "
        "not see that."
    )
    later: ShareAnswer = Field(description="The same of all of them; who sees it is swayed by it.")
    anchoring: AnchoringAnswer
    history: list[TrainedAnswer] = Field(description="The newest first.")


class AssistantChangeBody(BaseModel):
    """Whether the assistant learns and is shown."""

    model_config = _FORBID

    enabled: bool


class PoolPrelabelsAnswer(BaseModel):
    """What pre-labels a pool shows."""

    prelabels: PrelabelSource
    hidden_share: float


class PoolPrelabelsBody(BaseModel):
    """What is to change of a pool's pre-labels; what is left out stays."""

    model_config = _FORBID

    prelabels: PrelabelSource | None = Field(
        None,
        description="`off`; `assistant`: of a file or the assistant; `model`: until there is an assistant "
        "what the model has logged.",
    )
    hidden_share: float | None = Field(
        None, ge=0, le=0.9, description="Of tasks that show none, drawn at random."
    )


class AutomaticBody(BaseModel):
    """The rest of a pool is to be labelled automatically."""

    model_config = _FORBID

    bound: float = Field(0.02, ge=LEAST, lt=0.5, description="At most so many of the accepted are wrong,")
    risk: float = Field(0.05, ge=LEAST, lt=0.5, description="with a certainty of 1 − risk.")
    sample: int | None = Field(
        None, ge=1, le=100_000, description="Images that people answer first; null: as many as it takes."
    )


class AutomaticAnswer(BaseModel):
    """A run of automatic labelling."""

    key: int
    state: AutomaticState = Field(
        description="`sampling`: people answer the sample. `accepting`, `auditing`: people answer audits. "
        "`finished`; `nothing` could be accepted; `stopping`, `stopped`: audits broke the bound; `undoing`, "
        "`undone`, `cancelled`."
    )
    reason: str = Field(description="Where it stands, a sentence.")
    bound: float
    risk: float
    assistant: int
    waiting: int = Field(description="Images when it began.")
    sample: int = Field(description="Drawn from them.")
    sample_answered: int
    sample_right: int | None = Field(description="As people found; null until all are answered.")
    threshold: float | None = Field(description="Least confidence that is accepted.")
    upper: float | None = Field(description="At most such a share is wrong above it, with that certainty.")
    accepted: int
    audits: int = Field(description="As sure as the accepted, and answered by people.")
    audited: int
    audited_wrong: int
    begun: datetime
    by: str
    ended: datetime | None


def share_answer(found: SampledAccuracy | dict[str, Any]) -> ShareAnswer:
    """Return a share as it is answered, from what measured it or from a report of it."""
    if isinstance(found, dict):
        return ShareAnswer(share=found["accuracy"], low=found["low"], high=found["high"], n=found["n"])
    return ShareAnswer(share=found.accuracy, low=found.low, high=found.high, n=found.n)
