"""What templates see of a turn: its sentence, its stages, its steps, what it cost, what one can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.services.wheel.describe_turn import DescribedStep, DescribedTurn, Made
from driftwheel.services.wheel.turn_now import PoolProgress, turn_now
from driftwheel.services.wheel.turn_pages import TurnPage, made_page, pages_to_do, turn_page
from driftwheel.store.wheel.turns import Turn
from driftwheel.web.pages.wheel.step_numbers import found_rows
from driftwheel.web.pages.wheel.turn_words import (
    OUTCOME_TONES,
    TRIGGER_WORDS,
    Cost,
    Stage,
    cost_of,
    lasted,
    stages_of,
    state_words,
)
from driftwheel.wheel.turn_step import OUTCOME_WORDS, STEP_WORDS, WAITS_FOR_PEOPLE

__all__ = ["StepView", "TurnView", "turn_view"]


@dataclass(frozen=True, slots=True)
class StepView:
    """A step on the time line.

    Attributes
    ----------
    state
        As of `Stage.state`.
    lasted
        From its beginning to its end, or until now.
    links
        What it made.
    found
        Numbers, each with its name.
    """

    it: DescribedStep
    words: str
    state: str
    lasted: str
    links: tuple[TurnPage, ...]
    found: tuple[tuple[str, str], ...]
    cost: Cost

    @property
    def costs(self) -> bool:
        """Whether it cost anything."""
        return bool(self.cost.labels or self.cost.people or self.cost.machine)


@dataclass(frozen=True, slots=True)
class TurnView:
    """A turn on a page.

    Attributes
    ----------
    lead, rest, say
        Where it stands, in two sentences, and the tone of the panel that says so.
    chip, tone
        The same in a few words.
    lasted
        From its beginning to its end, or until now.
    to_do
        Where one does what it waits for.
    pool
        How far the pool is that it waits for.
    """

    it: DescribedTurn
    turn: Turn
    path: str
    lead: str
    rest: str
    say: str
    chip: str
    tone: str
    trigger: str
    lasted: str
    stages: tuple[Stage, ...]
    steps: tuple[StepView, ...]
    cost: Cost
    to_do: tuple[TurnPage, ...]
    pool: PoolProgress | None


def turn_view(engine: Engine, described: DescribedTurn, now: datetime) -> TurnView:
    """Return what templates see of a turn at a moment."""
    current = turn_now(engine, described)
    found, turn = current.found, current.found.turn
    chip, tone = state_words(turn)
    lead, rest, say = _said(turn)
    return TurnView(
        found,
        turn,
        turn_page(found.model, turn.number),
        lead,
        rest,
        say,
        chip,
        tone,
        TRIGGER_WORDS[turn.trigger],
        lasted(turn.begun, turn.ended, now),
        stages_of(found),
        tuple(_steps(found, now)),
        cost_of(turn),
        pages_to_do(found),
        current.pool,
    )


def _said(turn: Turn) -> tuple[str, str, str]:
    name = f"Turn {turn.number}"
    if turn.outcome is not None:
        tone = OUTCOME_TONES[turn.outcome]
        lead = f"{name}: {OUTCOME_WORDS[turn.outcome]}."
        return lead, turn.reason or "", "note" if tone == "quiet" else tone
    if turn.waits == "answer":
        return f"{name} waits for your answer.", turn.waits_for, "bad"
    if turn.waits in WAITS_FOR_PEOPLE:
        return f"{name} waits for people.", turn.waits_for, "warn"
    if turn.waits_for:
        return f"{name}: {STEP_WORDS[turn.step]}.", turn.waits_for, "note"
    return f"{name}: {STEP_WORDS[turn.step]}.", "A worker is at it.", "note"


def _steps(found: DescribedTurn, now: datetime) -> Sequence[StepView]:
    last = len(found.steps)
    views = []
    for place, one in enumerate(found.steps, 1):
        step = one.step
        state = "done" if step.ended is not None or step.state == "done" else "now"
        if step.state == "skipped":
            state = "skipped"
        if place == last:  # only the last one can be where it stands
            state = next(each.state for each in stages_of(found) if each.name == step.name)
        views.append(
            StepView(
                one,
                STEP_WORDS[step.name].capitalize(),
                state,
                lasted(step.begun, step.ended, now),
                tuple(TurnPage(_named(made), made_page(found.model, made)) for made in one.made),
                found_rows(step.name, step.found),
                cost_of(step),
            )
        )
    return views


def _named(made: Made) -> str:
    """Return what a step made, by its kind and name; trainings and gate runs are named by their kind."""
    return made.name if made.kind in {"training", "gate"} else f"{made.kind} {made.name}"
