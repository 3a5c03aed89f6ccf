"""What the form of a pool says."""

from __future__ import annotations

from pydantic import BaseModel

from driftwheel.errors import UsageError
from driftwheel.services.label.pools.create_pool import NewPool
from driftwheel.services.label.projects.requirements import Requirements
from driftwheel.web.pages.models.model_fields import names_with_commas

__all__ = ["PoolFields", "read_pool", "read_skills"]


class PoolFields(BaseModel):
    """The fields of a new pool, as they were typed; they stand like this at first."""

    name: str = ""
    overlap: str = "2"
    most_overlap: str = "5"
    confidence: str = "95"
    golden_share: str = "10"
    exam_pass: str = "80"  # noqa: S105  a share in per cent
    lease: str = "20"
    price: str = ""
    budget: str = ""
    skills: str = ""
    languages: str = ""
    tags: str = ""


def read_pool(fields: PoolFields) -> NewPool:
    """Return the pool of a form.

    Raises
    ------
    UsageError
        For a number that is none. Numbers that cannot be used are for `create_pool` to refuse.
    """
    overlap = _whole("answers an image", fields.overlap)
    most = _whole("the most answers", fields.most_overlap) if fields.most_overlap.strip() else overlap
    return NewPool(
        fields.name.strip(),
        overlap=overlap,
        most_overlap=max(most, overlap),
        confidence=_number("how sure the consensus must be", fields.confidence) / 100,
        golden_share=_number("the share of golden tasks", fields.golden_share) / 100,
        exam_pass=_number("the share to pass the exam", fields.exam_pass) / 100,
        lease_seconds=round(60 * _number("the lease", fields.lease)),
        price=_number("the price", fields.price) if fields.price.strip() else 0.0,
        budget=_number("the budget", fields.budget) if fields.budget.strip() else None,
        requires=Requirements(
            read_skills(fields.skills),
            names_with_commas(fields.languages),
            names_with_commas(fields.tags),
        ),
    )


def read_skills(text: str) -> dict[str, float]:
    """Return levels of skills from a list with commas.

    Raises
    ------
    UsageError
        For a part without a level, or a level that is no number.

    Examples
    --------
    >>> read_skills("x-ray = 0.8, weaving=0.5")
    {'x-ray': 0.8, 'weaving': 0.5}
    """
    found = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, equals, level = part.rpartition("=")
        if not equals or not name.strip():
            raise UsageError(f"'{part:.40}' is no skill; write its name and level, such as x-ray=0.8.")
        found[name.strip()] = _number(f"the level of '{name.strip():.40}'", level)
    return found


def _number(what: str, text: str) -> float:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e15:
        raise UsageError(f"'{text:.20}' is no number for {what}; give one, such as 2 or 0.5.")
    return value


def _whole(what: str, text: str) -> int:
    value = _number(what, text)
    if value != int(value):
        raise UsageError(f"'{text:.20}' is no whole number for {what}; give one, such as 3.")
    return int(value)
