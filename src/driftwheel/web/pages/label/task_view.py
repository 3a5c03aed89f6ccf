"""A task as one picture of a grid: what it shows, what came of it, and how sure that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from driftwheel.report.charts.svg import element
from driftwheel.report.printable import shortened
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.tasks import Task
from driftwheel.web.pages.shots import picture_address

__all__ = ["TaskView", "box_frame", "boxes_drawing", "payload_words", "task_views"]

_MOST = 60  # boxes over a small picture


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task.

    Attributes
    ----------
    said
        What it is labelled, or what its right answer is; empty while nothing is known.
    sure
        The chance that it is right; None where that is not known.
    overlay
        Its boxes, to lie over the picture; None without any.
    """

    task: Task
    thumbnail: str
    said: str
    sure: float | None
    overlay: Markup | None


def task_views(project: Project, model: str, tasks: Sequence[Task]) -> list[TaskView]:
    """Return what a grid shows of tasks of a project about the images of a model with that name."""
    return [_view(project, model, one) for one in tasks]


def payload_words(payload: Mapping[str, Any] | None, *, most: int = 3) -> str:
    """Return what an answer says in a few words.

    Examples
    --------
    >>> payload_words({"classes": ["cat", "dog"]}), payload_words({"classes": []}), payload_words(None)
    ('cat, dog', 'none of them', '')
    >>> payload_words({"boxes": [{"class": "car"}, {"class": "car"}, {"class": "bus"}]})
    '2 car, 1 bus'
    """
    if payload is None:
        return ""
    if "class" in payload:
        return shortened(str(payload["class"]), 40)
    if "classes" in payload:
        names = [shortened(str(one), 24) for one in payload["classes"]]
        return ", ".join(names[:most] + (["…"] if len(names) > most else [])) or "none of them"
    counts = Counter(str(one["class"]) for one in payload["boxes"]).most_common()
    words = [f"{n} {shortened(name, 24)}" for name, n in counts[:most]]
    return ", ".join(words + (["…"] if len(counts) > most else [])) or "no boxes"


def boxes_drawing(
    project: Project, width: int | None, height: int | None, payload: Mapping[str, Any] | None
) -> Markup | None:
    """Return the boxes of a payload over a square thumbnail, in their classes' colours; None without any.

    Parameters
    ----------
    width, height
        Of the upright image in pixels; None: not known, and nothing is drawn.
    """
    if not payload or not payload.get("boxes") or not width or not height:
        return None
    colours = {one.name: one.colour for one in project.classes}
    parts = [
        part
        for box in payload["boxes"][:_MOST]
        for part in box_frame(box, colours.get(str(box["class"]), "#888888"))
    ]
    return Markup(
        '<svg class="boxes" viewBox="0 0 {} {}" preserveAspectRatio="xMidYMid slice" '
        'aria-hidden="true">{}</svg>'
    ).format(width, height, Markup().join(parts))


def box_frame(box: Mapping[str, Any], colour: str) -> list[Markup]:
    """Return one box of a payload over its picture: a line in a colour, and a dark one under it."""
    x, y, w, h = (float(box[side]) for side in ("x", "y", "w", "h"))
    turn = f"rotate({float(box.get('rotation', 0.0)):g} {x + w / 2:g} {y + h / 2:g})"
    place = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{w:g}", "height": f"{h:g}", "transform": turn}
    under = element("rect", "", **place, class_="box under")
    return [under, element("rect", "", **place, class_="box", stroke=colour)]


def _view(project: Project, model: str, task: Task) -> TaskView:
    known = task.consensus if task.kind == "real" else task.truth
    said = payload_words(known)
    if not said and task.kind == "real":
        said = "nobody could tell" if task.state != "open" else ""
    return TaskView(
        task,
        picture_address(model, task.image, 320),
        said,
        task.confidence if task.kind == "real" and task.state != "open" else None,
        boxes_drawing(project, task.width, task.height, known),
    )
