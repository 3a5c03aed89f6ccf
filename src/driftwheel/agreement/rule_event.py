"""What a quality rule does: an event with its reason and its numbers, to be kept, read and undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from driftwheel.agreement.class_answers import Key

__all__ = ["Action", "RuleEvent"]

Action = Literal["warn", "challenge", "pause", "ban"]
"""From a note for the lead, over a challenge and a rest, to no more tasks."""


@dataclass(frozen=True, slots=True)
class RuleEvent:
    """A rule has something to say of an annotator.

    Attributes
    ----------
    rule
        ``"golden_test"``, ``"skill_watch"``, ``"too_fast"``, ``"skipping"``, ``"cannot_tell"``,
        ``"challenge"`` or ``"collusion"``.
    annotators
        Whom it is about: one, or those who act together.
    action
        What the rule asks for.
    reason
        A sentence for people, with the numbers that decided.
    numbers
        The same numbers by name.
    """

    rule: str
    annotators: tuple[Key, ...]
    action: Action
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict)
