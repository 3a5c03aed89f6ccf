"""The challenge against scripts: now and then something is asked that cannot be answered without looking.

A script that sends the page's own requests, or a model in a person's place, answers in the form that tasks
ask for. A challenge asks for another form: digits drawn into an image, to be typed. It comes at moments that
cannot be foretold, sooner where something looks amiss, and guessing is right once in thousands. The page
draws the digits as pixels; this file says when, which, and what an answer means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from driftwheel.agreement.class_answers import Key
from driftwheel.agreement.rule_event import RuleEvent
from driftwheel.errors import UsageError

__all__ = ["Challenge", "Reply", "challenge_due", "draw_challenge", "judge_challenges"]

_SOON = 5  # times as likely where another rule has asked for it
_ATTEMPTS = 3  # challenges that may be failed in a row before a ban
_SECONDS = 60.0  # enough to see, understand and type, several times over


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is asked.

    Attributes
    ----------
    digits
        To be drawn into an image and typed, for example ``"4073"``.
    seconds
        How long there is for it.
    """

    digits: str
    seconds: float = _SECONDS

    @property
    def guessed(self) -> float:
        """The chance that a guess is right."""
        return 10.0 ** -len(self.digits)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes
    ----------
    challenge
        What was asked.
    text
        What was typed; None where nothing came in time.
    seconds
        How long it took.
    """

    challenge: Challenge
    text: str | None
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether it is right and in time; spaces do not matter."""
        if self.text is None or self.seconds > self.challenge.seconds:
            return False
        return "".join(self.text.split()) == self.challenge.digits


def challenge_due(
    answers_since: int, rng: np.random.Generator, *, every: int = 100, suspicion: bool = False
) -> bool:
    """Return whether the next thing to show is a challenge.

    After each answer it is due with the same chance, 1 in `every`: nobody can tell from the last one when the
    next will come. At three times `every` it is due at the latest.

    Parameters
    ----------
    answers_since
        Answers since the last challenge, or since the first answer.
    suspicion
        Whether another rule asked for a challenge since: then it is five times as likely.

    Raises
    ------
    UsageError
        For `every` below 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> challenge_due(300, rng), round(sum(challenge_due(1, rng) for _ in range(100_000)) / 1000)
    (True, 1)
    """
    if every < 1:
        raise UsageError(f"A challenge every {every} answers; expected at least 1.")
    chance = min(1.0, (_SOON if suspicion else 1) / every)
    return bool(answers_since >= 3 * every or rng.random() < chance)


def draw_challenge(rng: np.random.Generator, *, digits: int = 4) -> Challenge:
    """Return a challenge of so many digits, each as likely; a guess is right once in 10^digits.

    Raises
    ------
    UsageError
        For fewer than 3 digits or more than 8.

    Examples
    --------
    >>> len(draw_challenge(np.random.default_rng(1)).digits)
    4
    """
    if not 3 <= digits <= 8:
        raise UsageError(f"A challenge of {digits} digits; expected 3 to 8.")
    return Challenge("".join(map(str, rng.integers(10, size=digits))))


def judge_challenges(replies: Sequence[Reply], annotator: Key = "") -> RuleEvent | None:
    """Return what an annotator's challenges amount to: None where the newest was passed.

    One failed: another challenge. Two in a row: a pause. Three: a ban. People fail one now and then; a
    person who fails one in twenty fails three in a row once in 8,000.

    Parameters
    ----------
    replies
        In the order of time.

    Examples
    --------
    >>> asked = Challenge("4073")
    >>> judge_challenges([Reply(asked, "4073", 8.0)]) is None
    True
    >>> judge_challenges([Reply(asked, "1", 0.1)] * 3).action
    'ban'
    """
    failed = next((i for i, one in enumerate(reversed(replies)) if one.passed), len(replies))
    if not failed:
        return None
    times = "once" if failed == 1 else f"{failed} times in a row"
    reason = f"What is written in an image was not read back in time, {times}."
    numbers = {"failed": failed, "n": len(replies)}
    action = ("challenge", "pause", "ban")[min(failed, _ATTEMPTS) - 1]
    return RuleEvent("challenge", (annotator,), action, reason, numbers)  # type: ignore[arg-type]
