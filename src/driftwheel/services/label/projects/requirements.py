"""What a pool requires of annotators: levels of skills, languages, tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from driftwheel.errors import UsageError
from driftwheel.store.labels.annotators import Annotator

__all__ = ["Requirements", "check_names", "check_skills", "missing_of"]

_MOST = 50
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Requirements:
    """All of these are required.

    Attributes
    ----------
    skills
        Name → least level, 0…1.
    languages, tags
        Names.
    """

    skills: Mapping[str, float] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @staticmethod
    def from_json(plain: Mapping[str, Any]) -> Requirements:
        """Return the requirements that `to_json` wrote."""
        return Requirements(
            dict(plain.get("skills", {})), tuple(plain.get("languages", ())), tuple(plain.get("tags", ()))
        )

    def to_json(self) -> dict[str, Any]:
        """Return the form that is kept."""
        return {"skills": dict(self.skills), "languages": list(self.languages), "tags": list(self.tags)}


def missing_of(required: Requirements, annotator: Annotator) -> str | None:
    """Return the first thing that an annotator lacks, in words; None: nothing.

    Examples
    --------
    >>> from datetime import datetime, UTC
    >>> ann = Annotator(1, 1, "ann", None, None, None, {"x-ray": 0.7}, ("de",), (), None, datetime.now(UTC))
    >>> missing_of(Requirements({"x-ray": 0.8}), ann)
    "the skill 'x-ray' of 0.8 or more"
    >>> missing_of(Requirements(languages=("de",)), ann) is None
    True
    """
    for name, least in required.skills.items():
        if annotator.skills.get(name, 0.0) < least:
            return f"the skill '{name}' of {least:g} or more"
    for what, wanted, has in (
        ("language", required.languages, annotator.languages),
        ("tag", required.tags, annotator.tags),
    ):
        for name in wanted:
            if name not in has:
                return f"the {what} '{name}'"
    return None


def check_names(names: tuple[str, ...], what: str) -> None:
    """Raise `UsageError` for names of skills, languages or tags that cannot be used."""
    if len(names) > _MOST:
        raise UsageError(f"There are {len(names)} names of {what}; at most {_MOST} are kept.")
    for name in names:
        if not 0 < len(name.strip()) <= _LONGEST or not name.isprintable():
            raise UsageError(f"'{name:.80}' is no name of {what}; give 1 to {_LONGEST} characters.")


def check_skills(skills: Mapping[str, float]) -> None:
    """Raise `UsageError` for skills whose names or levels cannot be used."""
    check_names(tuple(skills), "skills")
    for name, level in skills.items():
        if not 0 <= level <= 1:
            raise UsageError(f"The level of the skill '{name}' is {level:g}; give one from 0 to 1.")
