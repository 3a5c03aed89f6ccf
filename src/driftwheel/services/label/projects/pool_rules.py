"""The rules of a pool: what is looked at by a person, and what of annotators is looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.store.labels.tasks import ReviewWhy, TaskState

__all__ = ["RULES", "PoolRules", "is_sampled", "review_of"]

RULES: Final = "rules"
"""Who did what nobody did."""

_WHOLE: Final = 2**64
_BOUNDS: Final = {
    "fast_seconds": (0.0, 60),
    "skips_in_row": (1, 50),
    "challenge_every": (0, 100_000),
    "pause_minutes": (1, 1440),
}


@dataclass(frozen=True, slots=True)
class PoolRules:
    """What a pool's rules are; those of a new pool unless others are given.

    Attributes
    ----------
    review_share
        Share of the tasks that are done, drawn by chance, that a person looks at in any case, 0…1.
    review_below
        A person looks at those that are done with a consensus less sure than this, 0…1; 0: at none.
    golden
        Who answers golden tasks poorly is banned.
    too_fast, fast_seconds
        Who answers faster than one can look has to pause: faster than a fifth of what good annotators take,
        and at any rate than so many seconds, above 0.
    skipping, skips_in_row
        Who skips more images in a row than this, or than is no surprise in the pool, is warned, then has to
        pause.
    cannot_tell
        Likewise who says "cannot tell" far more often than the others.
    collusion
        Annotators of whom one copies the other have to pause; in projects that ask for one class.
    challenge_every
        Now and then, on average after so many tasks, digits in an image are to be typed, which no script
        does; 0: never. Not asked of the workers of a crowd elsewhere.
    pause_minutes
        How long the first pause of a rule lasts; the next ones are twice as long each, up to a day.
    """

    review_share: float = 0.02
    review_below: float = 0.7
    golden: bool = True
    too_fast: bool = True
    fast_seconds: float = 0.4
    skipping: bool = True
    skips_in_row: int = 5
    cannot_tell: bool = True
    collusion: bool = True
    challenge_every: int = 200
    pause_minutes: int = 10

    def __post_init__(self) -> None:
        for name in ("review_share", "review_below"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"The rule '{name}' is {getattr(self, name):g}; give a share from 0 to 1.")
        for name, (least, most) in _BOUNDS.items():
            if not least <= getattr(self, name) <= most:
                raise UsageError(f"The rule '{name}' is {getattr(self, name):g}; give {least:g} to {most:,}.")
        if 0 < self.challenge_every < 10:
            raise UsageError("A challenge after fewer than 10 tasks is in the way; give 0 for none, or more.")

    @staticmethod
    def from_json(plain: Mapping[str, Any] | None) -> PoolRules:
        """Return the rules that `to_json` wrote, or that somebody gives: those left out are the default.

        Raises
        ------
        UsageError
            For a rule that there is not, or one that cannot be used.

        Examples
        --------
        >>> PoolRules.from_json({"review_share": 0.5}).review_below
        0.7
        """
        known = {one.name: type(one.default) for one in fields(PoolRules)}
        for name, value in (plain or {}).items():
            if name not in known:
                raise UsageError(
                    f"There is no rule '{name}'.{did_you_mean(name, known)} There are {', '.join(known)}."
                )
            fits: tuple[type, ...] = (int, float) if known[name] is float else (known[name],)
            if not isinstance(value, fits) or (isinstance(value, bool) and known[name] is not bool):
                raise UsageError(f"The rule '{name}' is {value!r:.50}; give {_WORDS[known[name]]}.")
        return PoolRules(**(plain or {}))

    def to_json(self) -> dict[str, Any]:
        """Return the form that is kept: the rules that are not the default."""
        default = asdict(PoolRules())
        return {name: value for name, value in asdict(self).items() if value != default[name]}


_WORDS: Final[Mapping[type, str]] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


def review_of(rules: PoolRules, task: int, state: TaskState, confidence: float) -> ReviewWhy | None:
    """Return why a person is to look at a task that has just been finished; None: nobody is.

    Examples
    --------
    >>> rules = PoolRules(review_share=0.0)
    >>> [review_of(rules, 7, *one) for one in (("disputed", 0.5), ("done", 0.6), ("done", 0.9))]
    ['disputed', 'unsure', None]
    """
    if state == "open":
        return None
    if state != "done":
        return state
    if confidence < rules.review_below:
        return "unsure"
    return "sample" if is_sampled(task, rules.review_share) else None


def is_sampled(task: int, share: float) -> bool:
    """Return whether a task is of the share that is drawn: as likely for each, and always the same for one.

    So a task that is finished anew is drawn as before. No annotator can foretell it: they do not know keys.

    Examples
    --------
    >>> sum(is_sampled(task, 0.05) for task in range(20_000))
    1016
    """
    drawn = hashlib.blake2b(f"review {task}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn) < share * _WHOLE
