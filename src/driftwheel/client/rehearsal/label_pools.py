"""Let a crowd label what is open, one answer after the other, in the order in which people would answer."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from driftwheel.agreement.simulated_annotator import simulate_answer
from driftwheel.client.annotator import GivenTask
from driftwheel.client.rehearsal.crowd import Member
from driftwheel.errors import UsageError

__all__ = ["Labelled", "label_pools"]

_DONE: Final = "no_tasks"
_AHEAD: Final = 3  # tasks that are asked for at once, as the page for annotators does


@dataclass(slots=True)
class Labelled:
    """What one of the crowd has done; grows while they label.

    Attributes
    ----------
    answered, skipped
        How many tasks, golden ones among them.
    seconds
        Spent at images, if they were people.
    why
        Why they got no further task, as `driftwheel.client.annotator.Tasks` says.
    images
        SHA-256 of those they saw, in hexadecimal.
    """

    answered: int = 0
    skipped: int = 0
    seconds: float = 0.0
    why: str = ""
    images: set[str] = field(default_factory=set)


def label_pools(
    members: Sequence[Member],
    truths: Mapping[str, int | None],
    classes: Sequence[str],
    *,
    seed: int = 0,
    pace: float = 0.0,
    pool: int | None = None,
    on_answer: Callable[[], None] | None = None,
) -> tuple[Labelled, ...]:
    """Let everybody label until nobody gets a task any more; return what each has done, in their order.

    Who takes less time gets more images, as in life. What somebody says of an image is decided by `seed`,
    their place and the image alone; which images they get is the server's choice.

    Parameters
    ----------
    truths
        SHA-256 of images → number of the class; None, or none there, is skipped: nobody knows it.
    pace
        Seconds that pass for each second that people would need: 0 for at once, 1 for as long as people.
    pool
        Label in this one only.
    on_answer
        Called after each answer.

    Raises
    ------
    UsageError
        When the pace is below 0.
    DriftwheelError
        When the server refuses an answer or does not answer.
    """
    if not (np.isfinite(pace) and pace >= 0):
        raise UsageError(f"The pace is {pace:g}; give 0 for at once, or 1 for as long as people take.")
    done = tuple(Labelled() for _ in members)
    ahead: tuple[deque[GivenTask], ...] = tuple(deque() for _ in members)
    begun = time.monotonic()
    waiting = list(range(len(members)))
    progressed = True
    while progressed:  # who had nothing to do may have, once another one's answers count no longer
        progressed = False
        clocks = [(done[one].seconds, one) for one in waiting]
        heapq.heapify(clocks)
        waiting = []
        while clocks:
            clock, who = heapq.heappop(clocks)
            time.sleep(max(0.0, begun + clock * pace - time.monotonic()))
            member, its = members[who], done[who]
            if not ahead[who]:
                tasks = member.annotator.next_tasks(_AHEAD, pool)
                its.why = tasks.why
                ahead[who].extend(tasks.given)
            if not ahead[who]:
                if its.why == _DONE:
                    waiting.append(who)
                continue
            task = ahead[who].popleft()
            rng = np.random.default_rng([seed, who, int(task.image[:15], 16)])
            said = simulate_answer(member.simulated, truths.get(task.image), rng)
            time.sleep(max(0.0, begun + (clock + said.seconds) * pace - time.monotonic()))
            if said.label is None:
                taken = member.annotator.answer(task.number, None, kind="skip", seconds=said.seconds)
            else:
                payload = {"class": classes[said.label]}
                taken = member.annotator.answer(task.number, payload, seconds=said.seconds)
            if not taken:  # banned meanwhile: the next question tells
                ahead[who].clear()
            its.skipped += taken and said.label is None
            its.answered += taken and said.label is not None
            its.images.add(task.image)
            its.seconds += said.seconds
            progressed = True
            if on_answer is not None:
                on_answer()
            heapq.heappush(clocks, (its.seconds, who))
    return done
