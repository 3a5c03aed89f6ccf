"""Read labels of a file into a pool: as finished labels, golden tasks, or pre-labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import get_args

from sqlalchemy import Engine

from driftwheel.errors import DriftwheelError, UsageError, did_you_mean
from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.labelled_image import LabelledImage
from driftwheel.formats.losses import Losses
from driftwheel.formats.single_answer import AnswerChoice, choose_answer
from driftwheel.services.convert.label_files import open_label_place
from driftwheel.services.convert.label_images import LabelImages
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.convert.read_labels import prepared_labels, read_labels
from driftwheel.services.exchange.bring_images import bring_images
from driftwheel.services.exchange.brought_images import Bringing, BroughtImages
from driftwheel.services.exchange.fit_labels import fit_labels
from driftwheel.services.exchange.import_count import EXAMPLES, ImportAs, ImportCount, Imported, NotJoined
from driftwheel.services.exchange.import_report import report_of
from driftwheel.services.exchange.join_names import JoinedSizes
from driftwheel.services.exchange.take_labels import Taking, take_labels, would_take
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.services.progress import OnProgress
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.labels.label_imports import add_import, count_effects, delete_import, set_import
from driftwheel.store.operate.audit import note

__all__ = ["check_labels", "import_images", "import_labels", "read_into"]

_AT_ONCE = 500
_AS: tuple[ImportAs, ...] = get_args(ImportAs)
_LONGEST_NAME = 256


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
    bringing: Bringing | None = None,
    name: str | None = None,
    on_progress: OnProgress | None = None,
) -> Imported:
    """Read labels of a file into a pool, 500 images at once, and say of each image what became of it.

    Images are joined to the records of the project's model, or to tasks of the pool, by their names: the
    record's id, with or without the ending of an image, with or without folders. Nothing is ever fetched.
    Read again, a file corrects what a file gave before, and changes nothing else. Noted in the audit and as
    an event; `driftwheel.services.exchange.undo_import` takes it back.

    Parameters
    ----------
    source
        A label file, or a folder or zip archive with one or many.
    what
        ``consensus``: finished labels, of new tasks, or of those that nobody has begun; what people labelled
        stays. ``golden``, ``training``, ``exam``: such tasks, with the label as their truth; a record that is
        in the pool already stays what it is. ``prelabels``: what annotators are shown with tasks of the pool.
        ``images``: no label is read; the images become tasks that are to be labelled.
    options
        How to read; `answers` says which of several answers of an image counts (None: the only one of a
        person, or for pre-labels the only one of a model).
    bringing
        Images that come with the labels, and that nothing is known of yet, become tasks; None: they do not.
    name
        What the file is called; None: by its path.

    Raises
    ------
    LookupError
        When there is no such pool.
    UsageError
        For a format that cannot be told, or a pool that takes no images.
    LabelFormatError
        For a damaged file, several answers where one is to count, or a loss that is not allowed. What was
        read before stays: reading the corrected file goes on from there, and it can be undone.
    """
    options = _checked(what, options, bringing)
    with reading(engine) as connection:
        found, whole = pool_of_project(connection, project, pool)
    with writing(engine) as connection:
        key = add_import(
            connection,
            project=project,
            pool=pool,
            name=(name or source.name)[:_LONGEST_NAME],
            what=what,
            state="reading",
            file=None,
            options={},
            images=0,
            report=None,
            reason=None,
            time=now,
            by=by,
        ).key
    taking = Taking(found, whole, what, by, now, key)
    try:
        return read_into(engine, taking, source, options, bringing, on_progress=on_progress)
    except DriftwheelError as error:
        with writing(engine) as connection:
            if count_effects(connection, key):
                set_import(connection, key, state="failed", reason=str(error), ended=now)
            else:  # nothing came of it, so there is nothing to undo
                delete_import(connection, key)
        raise


def check_labels(
    engine: Engine,
    project: int,
    pool: int,
    source: Path,
    what: ImportAs,
    *,
    now: datetime,
    options: LabelOptions | None = None,
    bringing: Bringing | None = None,
    on_progress: OnProgress | None = None,
) -> Imported:
    """Return what `import_labels` would do, which is not done; it raises what that would."""
    options = _checked(what, options, bringing)
    with reading(engine) as connection:
        found, whole = pool_of_project(connection, project, pool)
    taking = Taking(found, whole, what, "", now, 0)
    return _read(engine, taking, source, options, bringing, changes=False, on_progress=on_progress)


def read_into(
    engine: Engine,
    taking: Taking,
    source: Path,
    options: LabelOptions,
    bringing: Bringing | None = None,
    *,
    on_progress: OnProgress | None = None,
) -> Imported:
    """Read a file whose import was begun, and note that it is done; once more, it goes on."""
    done = _read(engine, taking, source, options, bringing, changes=True, on_progress=on_progress)
    _tell(engine, taking, done)
    return done


def import_images(
    engine: Engine,
    taking: Taking,
    images: Sequence[LabelledImage],
    losses: Losses,
    count: ImportCount,
    *,
    changes: bool = True,
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
    fit = fit_labels(engine, taking.project, taking.pool.key, images, losses, count, taking.brought)
    (take_labels if changes else would_take)(engine, taking, fit, count)


def _checked(what: ImportAs, options: LabelOptions | None, bringing: Bringing | None) -> LabelOptions:
    if what not in _AS:
        raise UsageError(f"Labels become {', '.join(_AS)}, not '{what:.40}'.{did_you_mean(what, _AS)}")
    options = options or LabelOptions()
    if options.answers == "all":
        raise UsageError(
            "One answer of each image counts; choose only, first, latest, golden, human or model."
        )
    if what == "images" and bringing is None:
        raise UsageError("Images are to be labelled, but none are to come along; let them come along.")
    return options


def _read(
    engine: Engine,
    taking: Taking,
    source: Path,
    options: LabelOptions,
    bringing: Bringing | None,
    *,
    changes: bool,
    on_progress: OnProgress | None,
) -> Imported:
    pool, what = taking.pool, taking.what
    if what != "prelabels" and pool.state == "closed" and pool.done < pool.tasks:
        raise UsageError(f"The pool '{pool.name}' is closed; open it again, or make another.")
    losses, count = Losses(options.allow), ImportCount()
    form: LabelFormat | None = None
    with ExitStack() as stack:
        if what == "images":
            there = LabelImages(stack.enter_context(open_label_place(source)))
            if not there.names():
                raise UsageError(f"There is no image in '{source.name}'; give JPEG, PNG, WebP, BMP or TIFF.")
            taking = _with_images(taking, there, bringing, changes)
            bring_images(engine, taking, count, changes=changes, on_progress=on_progress)
            return _imported(form, count, losses, taking.key)
        sizes = JoinedSizes(engine, taking.project.model, pool.key)
        form, labels, images = read_labels(source, options, losses, stack, known_images=sizes)
        taking = _with_images(taking, images, bringing, changes)
        if what == "prelabels":
            bring_images(engine, taking, count, changes=changes)
        chosen = _chosen(
            prepared_labels(labels.images, images, "all", options, losses), what, options, losses
        )
        while part := list(islice(chosen, _AT_ONCE)):
            import_images(engine, taking, part, losses, count, changes=changes)
            if on_progress is not None:
                on_progress("images", len(part), None)
        if what == "consensus":
            bring_images(engine, taking, count, changes=changes)
    return _imported(form, count, losses, taking.key)


def _with_images(
    taking: Taking, images: LabelImages | None, bringing: Bringing | None, changes: bool
) -> Taking:
    if images is None or bringing is None:
        return taking
    return replace(taking, brought=BroughtImages(images, bringing, keeps=changes))


def _imported(form: LabelFormat | None, count: ImportCount, losses: Losses, key: int) -> Imported:
    return Imported(
        form,
        count.images,
        count.taken,
        count.added,
        tuple(NotJoined(why, n, tuple(count.names[why])) for why, n in count.why.most_common()),
        dict(count.unknown.most_common(EXAMPLES)),
        losses.all,
        count.corrected,
        count.brought,
        key,
    )


def _chosen(
    images: Iterator[LabelledImage], what: ImportAs, options: LabelOptions, losses: Losses
) -> Iterator[LabelledImage]:
    """Yield images with the one answer that counts."""
    for image in images:
        choice: AnswerChoice | None = options.answers
        if choice is None and what == "prelabels" and any(one.source == "model" for one in image.answers):
            choice = "model"
        yield choose_answer(image, choice or "only", losses)


def _tell(engine: Engine, taking: Taking, done: Imported) -> None:
    project, pool, what, now, by = taking.project, taking.pool, taking.what, taking.now, taking.by
    numbers = {"as": what, "images": done.images, "taken": done.taken, "added": done.added}
    numbers |= {"brought": done.brought, "import": taking.key}
    reason = f"Labels of {done.taken:,} of {done.images:,} images were read from a file as {what}."
    if what == "images":
        reason = f"{done.taken:,} of {done.images:,} images were added from a file."
    with writing(engine) as connection:
        set_import(
            connection,
            taking.key,
            state="done",
            images=done.images,
            report=report_of(done),
            file=None,
            ended=now,
        )
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
