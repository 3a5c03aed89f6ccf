"""What a label file did, or would do, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from driftwheel.formats.losses import LOSS_WORDS, NOTE_WORDS, Loss
from driftwheel.report.numbers import count, several
from driftwheel.services.exchange.import_count import WHY_WORDS, ImportAs, Imported, NotJoined
from driftwheel.services.exchange.import_report import imported_of
from driftwheel.store.labels.label_imports import LabelImport
from driftwheel.web.pages.label.progress_bar import progress_bar

__all__ = ["AS", "ImportView", "import_view"]

AS: Mapping[ImportAs, str] = {
    "consensus": "finished labels",
    "golden": "golden tasks",
    "training": "training tasks",
    "exam": "exam tasks",
    "prelabels": "pre-labels to accept or change",
    "images": "only images, to be labelled",
}
"""What labels of a file become."""

_STATES = {
    "checked": ("not read yet", "note"),
    "waiting": ("waits", "note"),
    "reading": ("being read", "note"),
    "done": ("read", "ok"),
    "failed": ("failed", "bad"),
    "undoing": ("being taken back", "warn"),
    "undone": ("taken back", "quiet"),
}


@dataclass(frozen=True, slots=True)
class ImportView:
    """A label file.

    Attributes
    ----------
    word, tone
        Its state.
    sentence
        What came of it, or would.
    parts
        The same in numbers: what, and how many.
    left_out
        Why images gave nothing: how many, why, and names of some.
    unknown
        Classes that the project has not, and of how many images.
    lost
        What labels lost, in words, how often, and where first.
    moves
        Whether a worker is at it, so that the page looks again.
    bar
        How far it is; None where nothing moves.
    can_undo, waits
        Whether it can be undone, and whether a person is to decide of it.
    """

    it: LabelImport
    word: str
    tone: str
    called: str
    sentence: str
    parts: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str, str], ...]
    unknown: tuple[tuple[str, str], ...]
    lost: tuple[tuple[str, str, str], ...]
    moves: bool
    bar: Markup | None
    can_undo: bool
    waits: bool


def import_view(it: LabelImport) -> ImportView:
    """Return what a page shows of a label file."""
    word, tone = _STATES[it.state]
    found = None if it.report is None else imported_of(it.report, it.key)
    cut_off = it.state == "reading" and it.file is None
    moves = it.state in {"waiting", "reading", "undoing"} and not cut_off
    return ImportView(
        it,
        "cut off" if cut_off else word,
        "bad" if cut_off else tone,
        AS.get(it.what, it.what),  # type: ignore[call-overload]
        _sentence(it, found),
        () if found is None else _parts(it, found),
        () if found is None else tuple(_left(one) for one in found.not_joined),
        () if found is None else tuple((name, count(n)) for name, n in found.unknown_classes.items()),
        () if found is None else tuple((_words(one.kind), count(one.count), one.first) for one in found.lost),
        moves,
        _bar(it, found) if moves else None,
        it.state in {"done", "failed"} or cut_off,
        it.state == "checked",
    )


def _sentence(it: LabelImport, found: Imported | None) -> str:
    if found is None or it.state == "failed":
        return it.reason or "It was cut off; what was read before stays until it is taken back."
    if it.state == "undone":
        return it.reason or ""
    n, of = (found.brought if it.what == "images" else found.taken), several(found.images, "image")
    if it.state == "checked":
        if not n and not found.brought:
            return f"Nothing would be taken of {of}."
        return f"{count(n)} of {of} would be taken."
    return f"{count(n)} of {of} were taken."


def _parts(it: LabelImport, found: Imported) -> tuple[tuple[str, str], ...]:
    parts = [("in the file", count(found.images))]
    if it.what == "images":
        return (*parts, ("new images to be labelled", count(found.brought)))
    known = found.taken - found.added - found.corrected
    what = {"prelabels": "tasks that get a pre-label"}.get(it.what, "waiting tasks that get their label")
    if found.added:
        parts.append(("new tasks with their label", count(found.added)))
    if known or it.what in {"consensus", "prelabels"}:
        parts.append((what, count(known)))
    if found.corrected:
        parts.append(("labels of an earlier file, corrected", count(found.corrected)))
    if found.brought:
        parts.append(("new images to be labelled", count(found.brought)))
    left = sum(one.count for one in found.not_joined)
    return (*parts, ("left out", count(left)))


def _left(one: NotJoined) -> tuple[str, str, str]:
    names = ", ".join(one.names[:5])
    return count(one.count), WHY_WORDS[one.why], names + (", …" if one.count > 5 else "")


def _words(kind: object) -> str:
    return LOSS_WORDS[kind] if isinstance(kind, Loss) else NOTE_WORDS[kind]  # type: ignore[index]


def _bar(it: LabelImport, found: Imported | None) -> Markup:
    total = max(it.images, found.images if found is not None else 0)
    what = "effects taken back" if it.state == "undoing" else "images looked at"
    return progress_bar(it.images, total, what=what)
