"""What there is to decide of a task: the picture, each answer, and the choices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from markupsafe import Markup

from driftwheel.services.label.consensus.answer_payload import is_correct
from driftwheel.services.label.review.describe_task import TaskDescription
from driftwheel.store.labels.projects import LabelClass
from driftwheel.store.labels.task_answers import StoredAnswer
from driftwheel.store.labels.tasks import ReviewWhy
from driftwheel.web.pages.label.quality_words import seconds_words
from driftwheel.web.pages.label.task_view import box_frame, payload_words
from driftwheel.web.pages.shots import picture_address, said_of

__all__ = ["WHY_WORDS", "AnswerRow", "DecisionView", "decision_view"]

WHY_WORDS: Mapping[ReviewWhy, str] = {
    "disputed": "disputed: annotators disagree after the most answers",
    "set_aside": "set aside: too many skipped it",
    "unsure": "unsure: less sure than the pool asks for",
    "sample": "drawn by chance, to see how good the labels are",
}
"""Why a person is to look, in words."""

_WIDEST, _HIGHEST, _LARGEST = (
    760,
    600,
    3,
)  # a picture is shown in so many pixels, at most so many times its own


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer of somebody: `plain` is what a form sends to take it, empty where it has none to take."""

    answer: StoredAnswer
    name: str
    said: str
    seconds: str
    plain: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class DecisionView:
    """All that the page of a task shows.

    Attributes
    ----------
    shown
        Width and height of the picture on the page, in pixels; None where its size is not known.
    overlay
        The boxes of the consensus and, by answer, those that everybody drew.
    said, seen
        What its consensus or truth is, in words and as a form sends it.
    open
        Whether a person may decide: it is real, and no answers are wanted any more.
    editor
        What the editor of boxes begins with, as JSON; empty where there are none to draw.
    classes
        Each with whether it is what is decided now, and as a form sends it.
    """

    picture: str
    shown: tuple[int, int] | None
    overlay: Markup | None
    said: str
    seen: str
    why: str
    open: bool
    rows: tuple[AnswerRow, ...]
    classes: tuple[tuple[LabelClass, bool, str], ...]
    model_said: str
    editor: str = ""


def decision_view(it: TaskDescription, model: str) -> DecisionView:
    """Return what the page of a task of a model with this name shows."""
    task = it.task
    known = task.consensus if task.kind == "real" else task.truth
    shown = None
    if task.width and task.height:
        scale = min(_WIDEST / task.width, _HIGHEST / task.height, _LARGEST)
        shown = max(1, round(task.width * scale)), max(1, round(task.height * scale))
    rows = tuple(
        AnswerRow(
            one,
            who.name,
            payload_words(one.payload, most=8) or ("skipped" if one.kind == "skip" else "cannot tell"),
            seconds_words(one.seconds),
            "" if one.payload is None else _plain(one.payload),
            one.payload is not None and known is not None and is_correct(it.project, one.payload, known),
        )
        for one, who in it.answers
    )
    said = payload_words(known, most=8)
    return DecisionView(
        picture_address(model, task.image, 1280),
        shown,
        _overlay(it, known),
        said or ("nobody could tell" if task.kind == "real" and task.state != "open" else ""),
        "" if known is None else _plain(known),
        "" if task.review is None else WHY_WORDS[task.review],
        task.kind == "real" and task.state != "open",
        rows,
        tuple((one, _names(known, one.name), _plain({"class": one.name})) for one in it.project.classes),
        "" if it.record is None else said_of(it.record.prediction, most=8),
        _editor(it, known, model),
    )


def _editor(it: TaskDescription, known: Mapping[str, Any] | None, model: str) -> str:
    task = it.task
    if it.project.answer != "boxes" or task.kind != "real" or task.state == "open":
        return ""
    if not task.width or not task.height:
        return ""
    begin = {
        "picture": picture_address(model, task.image, 1280),
        "width": task.width,
        "height": task.height,
        "boxes": (known or {"boxes": []})["boxes"],
        "classes": [asdict(one) for one in it.project.classes],
    }
    return json.dumps(begin, separators=(",", ":"))


def _plain(payload: Mapping[str, Any]) -> str:
    return json.dumps(dict(payload), separators=(",", ":"))


def _names(payload: Mapping[str, Any] | None, name: str) -> bool:
    if payload is None:
        return False
    return payload.get("class") == name or name in payload.get("classes", ())


def _overlay(it: TaskDescription, known: Mapping[str, Any] | None) -> Markup | None:
    if it.project.answer != "boxes" or not it.task.width or not it.task.height:
        return None
    colours = {one.name: one.colour for one in it.project.classes}
    groups = [_group("consensus", known, colours, "decided")]
    groups += [_group(f"said-{one.key}", one.payload, colours, "answered") for one, _ in it.answers]
    return Markup(
        '<svg class="boxes" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(it.task.width, it.task.height, Markup().join(groups))


def _group(name: str, payload: Mapping[str, Any] | None, colours: Mapping[str, str], kind: str) -> Markup:
    parts: list[Markup] = []
    for box in [] if payload is None else payload.get("boxes", []):
        parts += box_frame(box, colours.get(str(box["class"]), "#888888"))
    return Markup('<g id="{}" class="{}">{}</g>').format(name, kind, Markup().join(parts))
