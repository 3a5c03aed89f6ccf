"""Gate runs, promotions and policies, as JSON."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from driftwheel.performance.gate import GateCheck
from driftwheel.services.release.describe_registry import NamedPromotion, NamedRun
from driftwheel.services.release.gate_numbers import GateNumbers
from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.store.release.policies import ReleasePolicy

__all__ = [
    "CheckAnswer",
    "GateAnswer",
    "GateBody",
    "LabelMoreBody",
    "PolicyAnswer",
    "PolicyBody",
    "PromoteBody",
    "PromotionAnswer",
    "ReasonBody",
    "RollbackBody",
    "ShadowBody",
    "StateBody",
    "gate_answer",
    "policy_answer",
    "promotion_answer",
]

_FORBID = ConfigDict(extra="forbid")
_Version = Annotated[str, Field(min_length=1, max_length=128)]
_Reason = Annotated[str, Field(max_length=LONGEST_REMARK)]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies before the year 1 or after 9999 in UTC") from None


_Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class GateBody(BaseModel):
    """A challenger for the gate, and the slice that it must be better on."""

    model_config = _FORBID

    version: _Version
    alert: int | None = Field(None, ge=1, lt=2**63, description="Take its slice; by default the newest.")
    since: _Moment | None = Field(None, description="Records from then on.")
    until: _Moment | None = Field(None, description="Records before.")
    tag: str = Field("", max_length=128)
    value: str = Field("", max_length=256)
    everything: bool = Field(False, description="Better on all held-out images, whatever alerts say.")


class CheckAnswer(BaseModel):
    """One thing that was asked, and what came of it."""

    asked: str
    group: str
    state: Literal["passed", "failed", "open", "skipped"]
    n: int
    champion: float | None
    challenger: float | None
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    alpha: float | None
    limit: float | None
    needed: int | None = Field(description="Labels that are likely to show it, in all.")


class GateAnswer(BaseModel):
    """A gate run."""

    key: int
    challenger: str
    champion: str
    state: Literal["waiting", "done", "failed"]
    reason: str | None = Field(description="Why it failed.")
    slice: dict[str, Any]
    policy: Literal["ask", "promote"]
    created: datetime
    by: str
    finished: datetime | None
    look: int | None = Field(description="Which look it was; all looks share the error.")
    looks_at_others: int = Field(
        description="Of these looks, those at challengers that the same turn of the wheel had sent before."
    )
    decision: Literal["promote", "refuse", "label_more"] | None
    checks: list[CheckAnswer]
    more: int = Field(description="Labels that lack.")
    notes: list[str]
    pool: int | None = Field(description="Key of the pool that was opened for more labels.")
    answer: Literal["promoted", "refused"] | None
    answered: datetime | None
    answered_by: str | None
    note: str | None


class LabelMoreBody(BaseModel):
    """How many images are to be labelled."""

    model_config = _FORBID

    count: int | None = Field(None, ge=1, le=10_000, description="By default as many as the run lacks.")


class ReasonBody(BaseModel):
    """Why."""

    model_config = _FORBID

    reason: _Reason = ""


class PromoteBody(BaseModel):
    """Which version is to be the champion, and why."""

    model_config = _FORBID

    version: _Version
    reason: _Reason = Field("", description="Needed without a gate.")
    without_gate: bool = Field(False, description="Although the gate has not let it in.")


class RollbackBody(BaseModel):
    """Why, and to which earlier champion."""

    model_config = _FORBID

    reason: _Reason = ""
    to: _Version | None = Field(None, description="By default the one that this one replaced.")


class ShadowBody(BaseModel):
    """Which version answers in the shadow."""

    model_config = _FORBID

    version: _Version | None = Field(description="null: none any more.")


class StateBody(BaseModel):
    """A version, and what becomes of it."""

    model_config = _FORBID

    version: _Version
    state: Literal["retired", "trained"] = Field(description="Put away, or taken out again.")


class PromotionAnswer(BaseModel):
    """How a version became the champion."""

    version: str
    before: str | None = Field(description="The champion until then.")
    kind: Literal["first", "promoted", "rolled_back"]
    gate: int | None = Field(description="Key of the gate run that let it in; null: none did.")
    time: datetime
    by: str
    reason: str


class PolicyBody(BaseModel):
    """What is to change of a model's policy; what is left out stays."""

    model_config = _FORBID

    policy: Literal["ask", "promote"] | None = None
    gates: bool | None = None
    rule: dict[str, float | int | None] | None = None


class PolicyAnswer(BaseModel):
    """What the gate of a model asks, and who promotes."""

    policy: Literal["ask", "promote"] = Field(description="Ask a person, or promote what was let in.")
    gates: bool = Field(description="Whether what was trained goes to the gate by itself.")
    rule: dict[str, float | int | None]


def gate_answer(named: NamedRun) -> GateAnswer:
    """Return a gate run for the API."""
    run = named.run
    numbers = GateNumbers.from_json(run.numbers or {})
    return GateAnswer(
        key=run.key,
        challenger=named.challenger,
        champion=named.champion,
        state=run.state,
        reason=run.reason,
        slice=dict(run.slice),
        policy=run.policy,
        created=run.created,
        by=run.by,
        finished=run.finished,
        look=run.look,
        looks_at_others=run.looks_at_others,
        decision=run.decision,
        checks=[_check(one) for one in numbers.checks],
        more=numbers.more if run.decision == "label_more" else 0,
        notes=list(numbers.notes),
        pool=run.pool,
        answer=run.answer,
        answered=run.answered,
        answered_by=run.answered_by,
        note=run.note,
    )


def promotion_answer(named: NamedPromotion) -> PromotionAnswer:
    """Return a promotion for the API."""
    one = named.promotion
    return PromotionAnswer(
        version=named.version,
        before=named.before,
        kind=one.kind,
        gate=one.gate,
        time=one.time,
        by=one.by,
        reason=one.reason,
    )


def policy_answer(policy: ReleasePolicy) -> PolicyAnswer:
    """Return a policy for the API."""
    return PolicyAnswer(policy=policy.policy, gates=policy.gates, rule=asdict(policy.rule))


def _check(check: GateCheck) -> CheckAnswer:
    plain: dict[str, Any] = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(check).items()
    }
    return CheckAnswer.model_validate(plain)
