"""The wheel as those see it who wait for it: what it has done since they looked, and what it waits for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from driftwheel.client.api import Api
from driftwheel.demo.wait import wait_until
from driftwheel.errors import DriftwheelError

__all__ = ["WheelWatch"]

_LOOK_SECONDS = 0.5
_BEGIN_SECONDS = 60.0
_STEP_SECONDS = 1800.0
_PEOPLE = {"labels", "images", "review", "answer"}
"""What does not come by itself while one waits at the screen."""

_PATIENCE = {"labels": 30.0, "images": 8.0}
"""Seconds until a turn has seen that labels or images are there that it waits for."""


@dataclass(slots=True, eq=False)
class WheelWatch:
    """Follows the turns of a model's wheel.

    Attributes
    ----------
    told
        Steps of turns that `news` has told of, by (turn, step, what).
    """

    api: Api
    model: str
    told: set[tuple[int, int, str]]

    def __init__(self, api: Api, model: str) -> None:
        self.api, self.model, self.told = api, model, set()

    def turns(self) -> list[Mapping[str, Any]]:
        """Return all turns, the oldest first."""
        return list(reversed(self.api.get(f"/models/{self.model}/wheel/turns")["turns"]))

    def wait_for_turn(self) -> None:
        """Wait until an alert has begun a turn; do not insist: a policy may hold it back."""
        deadline = time.monotonic() + _BEGIN_SECONDS
        while not self.turns() and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)

    def settle(self, is_there: Callable[[], bool]) -> str | None:
        """Wait until the newest turn waits for people or images, and return for which; None where it is over.

        Parameters
        ----------
        is_there
            Whether there is something to be labelled: a turn that waits for what has come is about to go on.

        Raises
        ------
        DriftwheelError
            When a step takes more than half an hour.
        """
        begun, where = time.monotonic(), None
        while True:
            turns = self.turns()
            if not turns or turns[-1]["ended"] is not None:
                return None
            now = turns[-1]
            if (now["step"], now["waits"]) != where:
                begun, where = time.monotonic(), (now["step"], now["waits"])
            if now["waits"] in _PEOPLE:
                patience = _PATIENCE.get(now["waits"], 0.0)
                if time.monotonic() - begun >= patience or is_there():
                    return str(now["waits"])
            if time.monotonic() - begun > _STEP_SECONDS:
                raise DriftwheelError(
                    f"The wheel has been at the step '{now['step']}' for half an hour: {now['waits_for']}"
                )
            time.sleep(_LOOK_SECONDS)

    def answer(self, answer: Literal["promote", "refuse"], reason: str) -> None:
        """Answer what the newest turn asks, and wait until it has seen that."""
        number = self.turns()[-1]["number"]
        path = f"/models/{self.model}/wheel/turns/{number}/answer"
        self.api.post(path, {"answer": answer, "reason": reason})
        wait_until(
            lambda: self.turns()[-1]["waits"] != "answer", _BEGIN_SECONDS, "The wheel does not see the answer"
        )

    def news(self) -> list[str]:
        """Return what turns have done since this was asked last, a line each."""
        lines = []
        for turn in self.turns():
            number = turn["number"]
            if self._is_new(number, 0, "begun"):
                lines.append(f"turn {number} begins: {turn['cause']}")
            lines += [
                f"{step['name']}: {step['told']}"
                for step in turn["steps"]
                if step["ended"] and step["told"] and self._is_new(number, step["number"], "ended")
            ]
            if turn["ended"] and self._is_new(number, 0, "ended"):
                lines.append(f"turn {number} ends, {turn['outcome'].replace('_', ' ')}: {turn['reason']}")
        return lines

    def _is_new(self, *what: Any) -> bool:
        if what in self.told:
            return False
        self.told.add(what)
        return True
