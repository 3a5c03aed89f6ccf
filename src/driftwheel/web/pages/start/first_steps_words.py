"""The first steps in words: what each is called, how it stands, which is to be done now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from markupsafe import Markup

from driftwheel.drift.rules import LEAST_SAMPLE
from driftwheel.report.numbers import count, several
from driftwheel.report.printable import printable
from driftwheel.services.browse.describe_first_steps import FirstSteps
from driftwheel.store.models.models import Model
from driftwheel.web.pages.rendering import moment

__all__ = ["Step", "steps_of"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes
    ----------
    state
        ``doing``: it goes on by itself, or was begun.
    said
        How it stands, in a sentence; may be empty.
    """

    name: Literal["model", "reference", "token", "log", "verdict"]
    title: str
    state: Literal["done", "doing", "failed", "now", "later"]
    said: str | Markup


def steps_of(steps: FirstSteps, now: datetime) -> list[Step]:
    """Return the five steps with how they stand; the first that is to be done is ``now``."""
    made = [
        _model_step(steps),
        _reference_step(steps),
        _token_step(steps),
        _log_step(steps),
        _verdict_step(steps, now),
    ]
    first = next((at for at, step in enumerate(made) if step.state in {"now", "failed"}), len(made))
    return [
        Step(step.name, step.title, "later", step.said) if step.state == "now" and at > first else step
        for at, step in enumerate(made)
    ]


def _model_step(steps: FirstSteps) -> Step:
    if steps.model is None:
        return Step("model", "Register a model", "now", "")
    said = f"{steps.model.name}: {steps.model.task}, judged every {steps.model.window}"
    if steps.model.segment_tags:
        said += f", and each {', '.join(steps.model.segment_tags)}"
    return Step("model", "Register a model", "done", printable(said + "."))


def _reference_step(steps: FirstSteps) -> Step:
    title, reference = "Set a reference", steps.reference
    if reference is None:
        return Step("reference", title, "now" if steps.verdict is None else "done", "")
    if reference.state == "failed":
        return Step("reference", title, "failed", printable(reference.reason or "It could not be measured."))
    if reference.state == "measuring":
        since = Markup("It is being measured since {}; go on meanwhile.").format(
            moment(reference.created, "ago")
        )
        return Step("reference", title, "doing", since)
    return Step("reference", title, "done", "It is measured, and in use.")


def _token_step(steps: FirstSteps) -> Step:
    if not steps.tokens and steps.verdict is not None:
        return Step("token", "Make a token", "done", "")
    if not steps.tokens:
        return Step("token", "Make a token", "now", "")
    return Step("token", "Make a token", "done", f"{several(steps.tokens, 'token')} may log to it.")


def _log_step(steps: FirstSteps) -> Step:
    if not steps.records.n:
        return Step("log", "Log images", "now", "")
    many = "at least " if not steps.records.exact else ""
    said = f"{many}{several(steps.records.n, 'record')} came"
    waiting = f", {count(steps.waiting.n)} of them wait to be measured" if steps.waiting.n else ""
    return Step(
        "log",
        "Log images",
        "done",
        Markup("{}{}; the last is of {}.").format(said, waiting, moment(steps.last)),
    )


def _verdict_step(steps: FirstSteps, now: datetime) -> Step:
    title = "The first verdict"
    if steps.verdict is not None:
        return Step("verdict", title, "done", printable(steps.verdict.headline))
    if not steps.records.n or steps.model is None or steps.window_end is None:
        return Step("verdict", title, "later", "")
    unsure = steps.unsure is not None and steps.unsure.answer != "no_reference"
    waits = steps.waiting.n or steps.window_end > now
    return Step(
        "verdict", title, "now" if unsure and not waits else "doing", _awaited(steps, steps.model, now)
    )


def _awaited(steps: FirstSteps, model: Model, now: datetime) -> str | Markup:
    """Return what the first verdict waits for."""
    if steps.waiting.n:
        return f"{several(steps.waiting.n, 'image')} are being measured before the window is judged."
    if steps.window_end is not None and steps.window_end > now:
        return Markup(
            "The {} of the last record is over {}, and is judged then. Images of a {} that is over are "
            "judged at once."
        ).format(model.window, moment(steps.window_end, "ago"), model.window)
    if steps.unsure is None:
        return "The window is over: it is judged within a minute."
    if steps.unsure.answer == "no_reference":
        return "The window is judged as soon as the reference is ready."
    return printable(f"{steps.unsure.headline} A verdict takes at least {LEAST_SAMPLE} images in a window.")
