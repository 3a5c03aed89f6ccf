"""One line of what the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "State"]

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found in one place.

    Attributes
    ----------
    subject
        What was looked at, in a word or two.
    state
        ``ok``; ``warn``: it works, but not as it should; ``fail``: the service cannot work.
    message
        What was found, with numbers.
    advice
        What to do; empty when all is well.
    """

    subject: str
    state: State
    message: str
    advice: str = ""
