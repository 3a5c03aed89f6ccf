"""Read labels of a file into a pool: as finished labels, golden tasks, or pre-labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import get_args

from sqlalchemy import Engine

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.labelled_image import LabelledImage
from driftwheel.formats.losses import Losses, Lost
from driftwheel.formats.single_answer import AnswerChoice, choose_answer
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.convert.read_labels import prepared_labels, read_labels
from driftwheel.services.exchange.import_count import (
    EXAMPLES,
    FoundLabel,
    ImportAs,
    ImportCount,
    NotJoined,
)
from driftwheel.services.exchange.join_names import JoinedSizes, join_names
from driftwheel.services.exchange.label_payload import labels_of, payload_of_answer
from driftwheel.services.exchange.take_labels import take_labels
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.services.progress import OnProgress
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.joined_records import JoinedRecord
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.projects import Project
from driftwheel.store.operate.audit import note

__all__ = ["Imported", "import_images", "import_labels"]

_AT_ONCE = 500
_AS: tuple[ImportAs, ...] = get_args(ImportAs)


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file.

    Attributes
    ----------
    form
        As found out.
    images
        In the file.
    taken
        Of them, those whose label was taken over.
    added
        Of these, those that are new tasks of the pool.
    not_joined
        Why the others gave nothing, the most frequent first.
    unknown_classes
        Classes that the project has not, and how many images name them.
    lost
        What was lost of labels, or is worth telling.
    """

    form: LabelFormat
    images: int
    taken: int
    added: int
    not_joined: tuple[NotJoined, ...]
    unknown_classes: Mapping[str, int]
    lost: tuple[Lost, ...]


def import_labels(
    engine: Engine,
    project: int,
    pool: int,
    source: Path,
    what: ImportAs,
    *,
    by: str,
    now: datetime,
    options: LabelOptions | None = None,
    on_progress: OnProgress | None = None,
) -> Imported:
    """Read labels of a file into a pool, 500 images at once, and say of each image what became of it.

    Images are joined to the records of the project's model, or to tasks of the pool, by their names: the
    record's id, with or without the ending of an image, with or without folders. No image is read or fetched.
    Read again, a file corrects what a file gave before, and changes nothing else. Noted in the audit and as
    an event.

    Parameters
    ----------
    source
        A label file, or a folder or zip archive with one or many.
    what
        ``consensus``: finished labels, of new tasks, or of those that nobody has begun; what people labelled
        stays. ``golden``, ``training``, ``exam``: such tasks, with the label as their truth; a record that is
        in the pool already stays what it is. ``prelabels``: what annotators are shown with tasks of the pool.
    options
        How to read; `answers` says which of several answers of an image counts (None: the only one of a
        person, or for pre-labels the only one of a model).

    Raises
    ------
    LookupError
        When there is no such pool.
    UsageError
        For a format that cannot be told, or a pool that takes no images.
    LabelFormatError
        For a damaged file, several answers where one is to count, or a loss that is not allowed. What was
        read before stays: reading the corrected file goes on from there.
    """
    if what not in _AS:
        raise UsageError(f"Labels become {', '.join(_AS)}, not '{what:.40}'.{did_you_mean(what, _AS)}")
    options = options or LabelOptions()
    if options.answers == "all":
        raise UsageError(
            "One answer of each image counts; choose only, first, latest, golden, human or model."
        )
    with reading(engine) as connection:
        found, whole = pool_of_project(connection, project, pool)
    if what != "prelabels" and whole.state == "closed" and whole.done < whole.tasks:
        raise UsageError(f"The pool '{whole.name}' is closed; open it again, or make another.")
    losses, count = Losses(options.allow), ImportCount()
    with ExitStack() as stack:
        sizes = JoinedSizes(engine, found.model, pool)
        form, labels, images = read_labels(source, options, losses, stack, known_images=sizes)
        chosen = _chosen(
            prepared_labels(labels.images, images, "all", options, losses), what, options, losses
        )
        while part := list(islice(chosen, _AT_ONCE)):
            import_images(engine, found, whole, part, what, losses, count, by=by, now=now)
            if on_progress is not None:
                on_progress("images", len(part), None)
    imported = Imported(
        form,
        count.images,
        count.taken,
        count.added,
        tuple(NotJoined(why, n, tuple(count.names[why])) for why, n in count.why.most_common()),
        dict(count.unknown.most_common(EXAMPLES)),
        losses.all,
    )
    _tell(engine, found, whole, imported, what, by, now)
    return imported


def import_images(  # noqa: PLR0917
    engine: Engine,
    project: Project,
    pool: Pool,
    images: Sequence[LabelledImage],
    what: ImportAs,
    losses: Losses,
    count: ImportCount,
    *,
    by: str,
    now: datetime,
) -> None:
    """Take the labels of some images, of one answer each, over into a pool, and count what became of each.

    Raises
    ------
    UsageError
        When the pool takes no images.
    LabelFormatError
        For a loss that is not allowed.
    """
    count.images += len(images)
    fit = _fitting(engine, project, pool.key, images, losses, count)
    take_labels(engine, project, pool, fit, what, count, by, now)


def _chosen(
    images: Iterator[LabelledImage], what: ImportAs, options: LabelOptions, losses: Losses
) -> Iterator[LabelledImage]:
    """Yield images with the one answer that counts."""
    for image in images:
        choice: AnswerChoice | None = options.answers
        if choice is None and what == "prelabels" and any(one.source == "model" for one in image.answers):
            choice = "model"
        yield choose_answer(image, choice or "only", losses)


def _fitting(  # noqa: PLR0917
    engine: Engine,
    project: Project,
    pool: int,
    images: Sequence[LabelledImage],
    losses: Losses,
    count: ImportCount,
) -> list[FoundLabel]:
    """Return the labels that the project can take; the others are counted."""
    with reading(engine) as connection:
        joined = join_names(connection, project.model, pool, [one.name for one in images])
    known = {one.name for one in project.classes}
    found: list[FoundLabel] = []
    for image in images:
        record = joined.get(image.name)
        if record is None:
            count.refuse("no_record", image.name)
            continue
        if not image.answers:
            count.refuse("unlabelled", image.name)
            continue
        if not _same_size(image, record):
            count.refuse("size", image.name)
            continue
        (answer,) = image.answers
        said = payload_of_answer(project, answer, f"'{image.name}'", losses)
        if isinstance(said, str):
            count.refuse(said, image.name)
            strange = set(labels_of(answer)) - known
            count.unknown.update(strange if said == "unknown_class" else ())
            continue
        if record.record in count.seen:
            count.refuse("twice", image.name)
            continue
        count.seen.add(record.record)
        found.append(FoundLabel(image.name, record, *said))
    return found


def _same_size(image: LabelledImage, record: JoinedRecord) -> bool:
    """Return whether a file means the image that is kept: coordinates of another do not fit it."""
    given, known = (image.width, image.height), (record.width, record.height)
    return None in given or None in known or given == known


def _tell(  # noqa: PLR0917
    engine: Engine, project: Project, pool: Pool, done: Imported, what: ImportAs, by: str, now: datetime
) -> None:
    numbers = {"as": what, "images": done.images, "taken": done.taken, "added": done.added}
    reason = f"Labels of {done.taken:,} of {done.images:,} images were read from a file as {what}."
    with writing(engine) as connection:
        add_event(
            connection,
            project.key,
            "labels_imported",
            reason,
            time=now,
            by=by,
            pool=pool.key,
            numbers=numbers,
        )
        note(connection, now, by, "import-labels", f"project {project.name}", {"pool": pool.name} | numbers)
