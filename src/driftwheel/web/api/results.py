"""What became of what was sent: one result for each, in the order sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from fastapi import Response
from pydantic import BaseModel, Field

from driftwheel.web.problems import problem_response

__all__ = ["BatchAnswer", "Mistaken", "ResultBody", "Told", "answer_many", "answer_one", "in_order"]

_OUTCOMES = ("accepted", "duplicate", "replaced", "conflict", "rejected")
_STATUS = {"accepted": 202, "duplicate": 202, "replaced": 202, "conflict": 409, "rejected": 422}


class ResultBody(BaseModel):
    """What became of one."""

    id: str
    outcome: Literal["accepted", "duplicate", "replaced", "conflict", "rejected"] = Field(
        description="`accepted`: kept now. `duplicate`: the same content was kept before. `replaced`: kept "
        "instead of another truth. `conflict`: other content was kept under this id, and stays. `rejected`: "
        "it cannot be kept, now or later."
    )
    reason: str | None = Field(None, description="Why, for `conflict` and `rejected`.")


class BatchAnswer(BaseModel):
    """How many became what, and a result for each in the order sent."""

    accepted: int
    duplicate: int
    replaced: int
    conflict: int
    rejected: int
    results: list[ResultBody]


class Told(Protocol):
    """A result of a service."""

    @property
    def id(self) -> str:
        """What it is called."""

    @property
    def outcome(self) -> str:
        """What became of it."""

    @property
    def reason(self) -> str | None:
        """Why."""


@dataclass(frozen=True, slots=True)
class Mistaken:
    """One that could not be read; it has the shape of a result.

    Attributes
    ----------
    reason
        Why.
    id
        Empty: it is not known.
    """

    reason: str
    id: str = ""
    outcome: str = "rejected"


def in_order(values: Sequence[object], results: Sequence[Told]) -> list[Told]:
    """Return a result for each value: what could not be read itself, for others the next of `results`."""
    rest = iter(results)
    return [one if isinstance(one, Mistaken) else next(rest) for one in values]


def answer_one(result: Told) -> Response:
    """Return 202 with the result, or the problem: 409 for a conflict, 422 for what cannot be kept."""
    status = _STATUS[result.outcome]
    if status == 202:
        return Response(
            json.dumps({"id": result.id, "outcome": result.outcome}), 202, None, "application/json"
        )
    return problem_response(status, result.reason or result.outcome, id=result.id, outcome=result.outcome)


def answer_many(results: Sequence[Told]) -> Response:
    """Return 202 with how many became what, and each result."""
    counts = Counter(one.outcome for one in results)
    told = [
        {"id": one.id, "outcome": one.outcome, "reason": one.reason}
        if one.reason
        else {"id": one.id, "outcome": one.outcome}
        for one in results
    ]
    body = {**{outcome: counts[outcome] for outcome in _OUTCOMES}, "results": told}
    return Response(json.dumps(body), 202, None, "application/json")
